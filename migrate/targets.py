"""The [target] of a table: its words, its package, and how that is loaded and installed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from migrate.expression import ExpressionError, read_expression
from migrate.extras import Expression
from migrate.model import Target, Vocabulary
from migrate.reader import DTYPES, IMPORT, INSTALL, TARGET, WORDS, TableReader, is_version, version_key

_DTYPE = r"bfloat16|bool|(?:u?int|float|complex)(?:8|16|32|64|128)"
_WORD = r"[A-Za-z_]\w*"
_SHAPES = {  # of words that become code
    "name": r"[A-Za-z][\w-]*", "device": _WORD, "backend": _WORD,
    "module": rf"{_WORD}(?:\.{_WORD})*", "package": rf"{_WORD}(?:\.{_WORD})*",
}  # fmt: skip


def read_target(reader: TableReader) -> Target:
    """The target that a table is for: that of its base where it has no [target]. Sets the reader's versions."""
    if reader.base and "target" not in reader.raw:
        return reader.base.target
    row, base = reader.section(reader.raw, "target", "target"), reader.base.target if reader.base else None
    reader.known(row, TARGET, "target")
    words = {**{key: getattr(base.words, key) for key in WORDS}, "title": base.title} if base else {}
    given = {"package": base.package, "versions": list(base.versions)} if base else {}
    row = {**words, **given, **row}
    texts = {key: _word(reader, row, key) for key in (*WORDS, "title", "package")}
    reader.package = texts["package"]
    reader.versions = reader.version_list(row.get("versions") or None, "target")
    line, until, review, beside = _loading(reader, row, base)
    version = reader.oldest.version
    needed = not (until and version and version_key(version) >= version_key(until))
    vocabulary = Vocabulary(**{key: texts[key] for key in WORDS})
    expression = _expression(reader, row, base)
    return Target(
        vocabulary, texts["title"], reader.package, reader.versions, line, until, bool(line) and needed,
        *_install(reader, row, base), review, beside, expression, *_backend(reader, row, base),
        *_dtypes(reader, row, base),
    )  # fmt: skip


def _word(reader: TableReader, row: Mapping[str, Any], key: str) -> str:
    """A field of [target]; names have to be names, as they become code."""
    word = reader.text(row, key, "target") or ""
    if word and key in _SHAPES and not re.fullmatch(_SHAPES[key], word):
        reader.fail("target", f"{key} = {word!r} is no {'name' if key in ('module', 'package') else 'word'}")
    return word


def _backend(reader: TableReader, row: Mapping[str, Any], base: Target | None) -> tuple[str | None, str]:
    """Since when there is the backend, and why it cannot be written."""
    since = reader.version(row, "backend_since", "target")
    if base and since is None and row["backend"] == base.words.backend:
        since = base.backend_since
    problem = reader.too_new(since)
    return since, problem and f"{row['backend']} {problem}"


def _expression(reader: TableReader, row: Mapping[str, Any], base: Target | None) -> Expression | None:
    """What is written in the place of a literal device."""
    if "expression" not in row and "expression_import" not in row:
        return base.expression if base else None
    text, line = (reader.text(row, key, "target") for key in ("expression", "expression_import"))
    try:
        return read_expression(text, line) if text and line else None
    except ExpressionError as error:
        reader.fail("target", f"expression: {error}")
        return None


def _loading(reader: TableReader, row: Mapping[str, Any], base: Target | None) -> tuple[str, str | None, str, str]:
    """The import that loads the plug-in, until when, and what to see to; none where torch has it built in."""
    where = "target.import"
    loading = reader.section(row, "import", where)
    if not loading:
        if base is None:
            return "", None, "", ""
        if reader.package != base.package:
            reader.fail(where, f"'line' is missing: {reader.package} is not loaded by `{base.import_line}`")
        return base.import_line, base.import_until, base.import_review, base.import_beside
    reader.known(loading, IMPORT, where)
    line = reader.text(loading, "line", where) or ""
    if line and not re.fullmatch(r"(?:import|from) [^\r\n]+", line):
        reader.fail(where, f"line = {line!r} is no line that imports")
    until = reader.text(loading, "until", where, required=False)
    if until is not None and not is_version(until):
        reader.fail(where, f"until = {until!r} is not a version number")
        until = None
    reader.evidence(loading, where)
    review, beside = (reader.text(loading, key, where, required=False) or "" for key in ("review", "beside"))
    return line, until, review, beside


def _install(
    reader: TableReader, row: Mapping[str, Any], base: Target | None
) -> tuple[str | None, str, tuple[str, ...]]:
    """The name of the package on the registry, if it is there, how it is installed, and for which versions of torch."""
    install = reader.section(row, "install", "target.install")
    if not install:
        kept = base if base and base.package == reader.package else None
        return (kept.distribution, kept.install, kept.published) if kept else (None, "", ())
    reader.known(install, INSTALL, "target.install")
    reader.evidence(install, "target.install")
    distribution = reader.text(install, "distribution", "target.install", required=False)
    versions = reader.version_list(install.get("versions", []), "target.install")
    return distribution, reader.text(install, "how", "target.install") or "", versions


def _dtypes(
    reader: TableReader, row: Mapping[str, Any], base: Target | None
) -> tuple[tuple[str, ...], Mapping[str, str]]:
    """The types of tensors that the device does not have, and those that it keeps in fewer bits."""
    where = "target.dtypes"
    dtypes = reader.section(row, "dtypes", where)
    if not dtypes:
        return (base.refused, base.narrowed) if base else ((), {})
    reader.known(dtypes, DTYPES, where)
    reader.evidence(dtypes, where)
    refused, narrowed = dtypes.get("refused", []), dtypes.get("narrowed", {})
    if not isinstance(refused, list) or not all(map(_is_dtype, refused)):
        reader.fail(where, 'refused must be a list of types, such as ["float64"]')
        refused = []
    if not isinstance(narrowed, Mapping) or not all(map(_is_dtype, [*narrowed, *narrowed.values()])):
        reader.fail(where, 'narrowed must map types to types, such as { int64 = "int32" }')
        narrowed = {}
    return tuple(refused), dict(narrowed)


def _is_dtype(name: object) -> bool:
    return isinstance(name, str) and re.fullmatch(_DTYPE, name) is not None
