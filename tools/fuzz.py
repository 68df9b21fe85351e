"""Look for programs with which something goes wrong: python tools/fuzz.py [--programs N] [--first N] [--seconds N]

Program N is the same on every machine with one version of Python. Each is made by tests/planted.py and judged by
tests/soundness.py, for one of the targets. For every kind of failure the first program is made smaller and written to
`--output`; the exit code is 1 if there was any.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing import Pool
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from kit import EVERY_TARGET
from planted import program
from pysource_minimize import minimize
from soundness import REFUSED, broken_promise

_BATCH = 50
_NEWS = 5000  # programs between two lines of progress
Failure = tuple[int, str, str]  # number of the program, what is wrong, its text


def main(arguments: Sequence[str] | None = None) -> int:
    """Judge programs until there are enough, or time is up, and print how many failed in which way."""
    options = _parser().parse_args(arguments)
    started = time.monotonic()
    kinds: Counter[str] = Counter()
    done = refused = 0
    stop = options.first + options.programs
    batches = [range(first, min(first + _BATCH, stop)) for first in range(options.first, stop, _BATCH)]
    with Pool(options.jobs) as pool:
        for failures, not_read in pool.imap_unordered(judged, batches):
            done, refused = done + _BATCH, refused + not_read
            for number, why, text in failures:
                kinds[_kind(why)] += 1
                if kinds[_kind(why)] == 1:
                    print(f"program {number}, {_target(number)}: {why}", flush=True)
                    print(f"    {_reported(number, why, text, options.output)}", flush=True)
            if done % _NEWS == 0:
                print(f"{done} programs, {kinds.total()} failures", file=sys.stderr, flush=True)
            if time.monotonic() - started > options.seconds:
                pool.terminate()
                break
    done, seconds = min(done, options.programs), time.monotonic() - started
    print(f"{done} programs in {seconds:.0f} s, {refused} that libcst does not read, {kinds.total()} failures")
    for kind, count in kinds.most_common():
        print(f"{count:6} {kind}")
    return 1 if kinds else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--programs", type=int, default=100_000, help="how many (%(default)s)")
    parser.add_argument("--first", type=int, default=0, help="number of the first, the seed (%(default)s)")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after so many")
    parser.add_argument("--jobs", type=int, default=1, help="processes (%(default)s)")
    parser.add_argument("--output", type=Path, default=Path("fuzz"), help="where programs that fail go (%(default)s)")
    return parser


def judged(numbers: range) -> tuple[list[Failure], int]:
    """The failures among some programs, and how many of them libcst does not read."""
    texts = {number: program(number) for number in numbers}
    found = [(number, verdict(text, _target(number)), text) for number, text in texts.items()]
    failures = [failure for failure in found if failure[1] not in ("", REFUSED)]
    return failures, sum(why == REFUSED for _, why, _ in found)


def verdict(text: str, target: str) -> str:
    """What is wrong with a program, an exception of the tool included, "" or that libcst refuses it."""
    try:
        return broken_promise(text, target)
    except Exception as error:  # whatever comes out is a failure
        return f"exception: {error!r}"


def _target(number: int) -> str:
    return EVERY_TARGET[number % len(EVERY_TARGET)]


def _kind(why: str) -> str:
    return why[:60] if why.startswith(("exception", "error")) else why.partition(":")[0]


def _reported(number: int, why: str, text: str, output: Path) -> Path:
    """The file with a program that fails in the same way and is as small as we can make it."""
    target = _target(number)

    def fails(text: str) -> bool:
        return _kind(verdict(text, target)) == _kind(why)

    text = smaller(text, fails)
    with suppress(Exception):  # it writes the program anew, and a failure may be one of spacing
        other = minimize(text, fails)
        text = other if fails(other) else text
    output.mkdir(parents=True, exist_ok=True)
    path = output / f"{number}.{target}.py"
    path.write_bytes(text.encode())
    return path


def smaller(text: str, fails: Callable[[str], bool]) -> str:
    """A text that fails after lines of it are taken away, in ever smaller runs."""
    lines = text.splitlines(keepends=True)
    size = len(lines) // 2
    while size:
        for start in reversed(range(0, len(lines), size)):
            rest = [*lines[:start], *lines[start + size :]]
            if fails("".join(rest)):
                lines = rest
        size //= 2
    return "".join(lines)


if __name__ == "__main__":
    sys.exit(main())
