"""The bytes of one file → `FileResult`. Pure: no file, no clock, no output.

libcst, the scan and the codemods are imported only for a file that mentions CUDA, so that a run over
other files costs neither their import nor a parse.
"""

from __future__ import annotations

import ast
import codecs
import io
import sys
import warnings
from contextlib import suppress
from dataclasses import replace
from hashlib import blake2b
from typing import TYPE_CHECKING

from migrate.edits import apply_edits
from migrate.finder import Finder, may_mention
from migrate.model import Draft, FileResult, Finding, Kind, Problem, Repository, Table
from migrate.nesting import TooDeepError, depth_of

if TYPE_CHECKING:
    from migrate.source import Scan


NOTHING_KNOWN = Repository()
_FRAMES = 6000  # what `nesting.LIMIT` needs in libcst's code generator and our walk
_CRASHING = 50_000  # characters: the parser of Python 3.10 goes down with the process for 65,000 operators


class DecodeError(Exception):
    """A file whose bytes are not text in the encoding it declares."""


def migrate_bytes(
    path: str, kind: Kind, data: bytes, table: Table, repository: Repository = NOTHING_KNOWN
) -> FileResult:
    """Find the CUDA references of one file and the edits that migrate it; nothing is written.

    `path` is only named in the result. Bad input is a `Problem` in it, never an exception. The recursion limit
    of the interpreter is raised to follow code that nests.
    """
    if not concerns(data, kind, table):
        return FileResult(path, kind, "")
    return examine(path, kind, data, table, repository)


def concerns(data: bytes, kind: Kind, table: Table) -> bool:
    """Whether a file has to be looked at: it may mention CUDA, or use what the vendor does not support."""
    return may_mention(data, table.sites, kind) or (
        kind in ("python", "notebook") and bool(table.support) and b"torch" in data
    )


def examine(path: str, kind: Kind, data: bytes, table: Table, repository: Repository) -> FileResult:
    """Like `migrate_bytes`, for a file that is known to mention CUDA."""
    digest = digest_of(data)
    if table.target.expression:
        from migrate.expression import localized

        table = localized(table, path, kind, circular=repository.circular)
    if kind == "cuda-source":  # nobody's business on the way from another device
        return FileResult(
            path, kind, digest, (_cuda_source(path, table),) if kind.startswith(table.source.name) else ()
        )
    from migrate.promises import PromiseError, reproducer

    sys.setrecursionlimit(max(sys.getrecursionlimit(), _FRAMES))  # not lowered again: there may be other threads
    try:
        text = decode(data, kind)[0]
        if kind == "python":
            findings = migrate_python(text, table, repository)
        else:
            from migrate.kinds import find

            findings = find(path, kind, text, table, repository)
        outcome = _promised(FileResult(path, kind, digest, findings), data, text, table, repository)
    except DecodeError as error:
        problem = Problem(str(error))
    except SyntaxError as error:
        problem = Problem(f"does not parse: {error.msg}", error.lineno)
    except TooDeepError as error:
        problem = Problem(str(error), error.line)
    except RecursionError:
        problem = Problem(str(TooDeepError(None)), depth_of(text)[1])
    except PromiseError as error:
        problem = Problem(reproducer(error, path, table.target.words.name), error.line)
    else:
        return FileResult(path, kind, digest, findings, outcome=outcome)
    return FileResult(path, kind, digest, error=problem)


def _promised(result: FileResult, data: bytes, text: str, table: Table, repository: Repository) -> str:
    """The digest of what a file becomes, empty without edits. Raises `PromiseError` if that is not as promised."""
    if not result.edits:
        return ""
    from migrate.promises import check_bytes, check_settled

    after = rewritten(data, result)
    again, encoding = decode(after, result.kind)
    if encoding == "utf-8":
        check_bytes(data, after, text, result.edits)
    else:
        check_bytes(text.encode(), again.encode(), text, result.edits)
    if table.verify_idempotent:
        once = replace(table, verify_idempotent=False)
        check_settled(examine(result.path, result.kind, after, once, repository))
    return digest_of(after)


def digest_of(data: bytes) -> str:
    """What tells two contents of a file apart."""
    return blake2b(data, digest_size=16).hexdigest()


def decode(data: bytes, kind: Kind = "python") -> tuple[str, str]:
    """The text of a file, without a byte-order mark, and its encoding: UTF-8 unless Python says otherwise.

    Raises `DecodeError` if the bytes are not text in it, or would not come back the same.
    """
    from tokenize import detect_encoding  # only for files that mention CUDA

    body = data.removeprefix(codecs.BOM_UTF8)
    try:
        encoding = "utf-8"
        if kind == "python":
            encoding = detect_encoding(io.BytesIO(data).readline)[0].replace("utf-8-sig", "utf-8")
        text = body.decode(encoding)
        again = text.encode(encoding)
    except (SyntaxError, LookupError, ValueError) as error:  # of no encoding, of one that is not for text, of the bytes
        raise DecodeError(f"cannot be decoded: {error}") from None
    if again != body:
        raise DecodeError(f"does not survive decoding as {encoding} and encoding again")
    return text, encoding


def rewritten(data: bytes, result: FileResult) -> bytes:
    """The bytes of a file after the edits of its result."""
    text, encoding = decode(data, result.kind)
    mark = codecs.BOM_UTF8 if data.startswith(codecs.BOM_UTF8) else b""
    return mark + apply_edits(text, result.edits).encode(encoding)


def migrate_python(text: str, table: Table, repository: Repository) -> tuple[Finding, ...]:
    """Findings for the text of a Python file, in order. Raises `SyntaxError` if it cannot be read."""
    from migrate.heads import head_of
    from migrate.promises import check_python

    finder = Finder(text, table.sites)
    if head := head_of(text, finder, table):
        with suppress(SyntaxError, TooDeepError):
            tree = parse(head)
            scanned, again = _scanned(tree, table, finder)
            findings = _found(scanned, finder, table, repository)
            if again is finder and not any(finding.edits for finding in findings):
                return findings
    tree = parse(text)
    findings = _found(*_scanned(tree, table, finder), table, repository)
    check_python(text, tree, findings, parse)
    return findings


def _found(scanned: Scan, finder: Finder, table: Table, repository: Repository) -> tuple[Finding, ...]:
    """The findings of a scan."""
    from migrate.author import kept
    from migrate.codemods import find_all, view_of
    from migrate.codemods.choices import chosen
    from migrate.codemods.gates import gated
    from migrate.codemods.members import find_members
    from migrate.codemods.pairs import paired
    from migrate.codemods.project import expressed, with_import
    from migrate.codemods.vendor import vendor_imports
    from migrate.found import place_of
    from migrate.index import build_index
    from migrate.settle import accounted, settled

    scanned.doubt, scanned.served = repository.apart or scanned.doubt, repository.served
    view = view_of(scanned, build_index(scanned, table, finder), table, repository)
    found = settled(find_all(view))
    drafts = gated(view, expressed(view, [*found, *find_members(view, found)]))
    drafts, complaints = kept(view, chosen(view, paired(view, drafts)))
    drafts = with_import(view, [*drafts, *vendor_imports(view, drafts)])
    drafts += _unsupported(scanned, table)
    return tuple(sorted((*accounted(view, drafts), *complaints), key=place_of))


def _unsupported(scanned: Scan, table: Table) -> list[Draft]:
    if not table.support:
        return []
    from migrate.support import unsupported

    return list(unsupported(scanned, table.support))


def parse(text: str) -> ast.Module:
    """The syntax tree of a file, as far as the running Python can tell it.

    Raises `SyntaxError`, and `TooDeepError` where the parser gives up on code that may be right.
    """
    try:
        return _parsed(text)
    except SyntaxError as error:
        from migrate.newer import masked  # syntax that libcst knows and this Python does not

        return _parsed(masked(text, error))


def _parsed(text: str) -> ast.Module:
    """`ast.parse` without warnings about the code, and with its exceptions sorted."""
    if sys.version_info < (3, 11) and len(text) > _CRASHING and (deepest := depth_of(text))[0] > _CRASHING:
        raise TooDeepError(deepest[1])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(text)
        except ValueError as error:  # NUL bytes
            raise SyntaxError(str(error)) from None
        except (RecursionError, MemoryError):
            raise TooDeepError(depth_of(text)[1]) from None


def _scanned(tree: ast.Module, table: Table, finder: Finder) -> tuple[Scan, Finder]:
    """The scan of a file, made again if the first one found names that stand for CUDA without saying so."""
    from migrate.scan import scan

    first = scan(tree, table, finder)
    aliases = {name for name in (*first.aliases, *_companions(finder.text, table)) if not finder.touches(name)}
    if not aliases:
        return first, finder
    finder = Finder(finder.text, table.sites, aliases)
    return scan(tree, table, finder), finder


def _companions(text: str, table: Table) -> set[str]:
    """Names to look at because the file uses another one that they go together with."""
    return {rule.key.rpartition(".")[2] for rule in table.together if (rule.together or "").split(".")[-2] in text}


def _cuda_source(path: str, table: Table) -> Finding:
    target = table.target
    why = f"CUDA kernels have to be rewritten for {target.title}, or replaced by operators of {target.package}"
    return Finding("file:cuda-source", 0, 0, 1, 1, path.rpartition("/")[2], why, "manual")
