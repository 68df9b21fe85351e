"""The data types every other module shares. No behaviour beyond derived properties."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from migrate.extras import Expression, Retired, Script

Safety = Literal["safe", "review", "manual", "left", "info"]
Kind = Literal[
    "python", "cuda-source", "notebook", "shell", "make", "yaml", "json", "toml", "ini", "env", "docker",
    "requirements", "docs", "prose",
]  # fmt: skip
SUPPRESSION = "accel:"  # begins the comments that keep a reference as it is
RowKind = Literal["api", "env", "package", "cli", "resource"]
Status = Literal["same", "renamed", "differs", "harmless", "missing", "unknown", "native"]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words by which one device family is written in PyTorch code."""

    name: str
    module: str  # torch.cuda
    device: str  # "cuda:0"
    backend: str  # init_process_group("nccl")
    method: str  # x.cuda(); of a target also with arguments: to("{device}", ...)
    predicate: str  # x.is_cuda; of a target also a comparison: device.type == "{device}"


@dataclass(frozen=True, slots=True)
class Target:
    """One vendor: its vocabulary, its package, and how its plug-in is loaded, if torch needs one."""

    words: Vocabulary
    title: str
    package: str
    versions: tuple[str, ...]
    import_line: str
    import_until: str | None  # first version whose torch loads the plug-in by itself
    needs_import: bool
    distribution: str | None = None  # its name on the registry, if it is there
    install: str = ""  # how it is installed, for a person
    published: tuple[str, ...] = ()  # torch versions that the registry has one for
    import_review: str = ""  # what a person has to see to where the plug-in is loaded
    import_beside: str = ""  # only files with this text call for that
    expression: Expression | None = None  # in the place of a literal device
    backend_since: str | None = None  # the first version that has the backend
    backend_problem: str = ""  # why it cannot be written: the result has to run on an older one
    refused: tuple[str, ...] = ()  # types of tensors that the device does not have: "float64"
    narrowed: Mapping[str, str] = field(default_factory=dict)  # those that it keeps in fewer bits: "int64" -> "int32"


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of a table: what a CUDA name becomes, or why it cannot."""

    kind: RowKind
    key: str
    status: Status
    evidence: str
    to: str | None = None
    message: str | None = None
    review: str | None = None
    since: str | None = None
    until: str | None = None
    keywords: Mapping[str, str] = field(default_factory=dict)
    together: str | None = None  # the row applies only in files that also use this name
    positional: int = 0  # a template of the same name applies to calls with at most so many, or just so many if it
    # puts the device first
    parameters: tuple[str, ...] = ()  # names that the positional arguments get, as their order differs there
    drop: str = ""  # of a retired call: "statement" if that goes, "argument" if its first argument takes its place
    decorates: bool = False  # a template may be called without arguments of its own where it is a decorator
    first: str | None = None  # the first version of a package that knows the target by itself

    @property
    def id(self) -> str:
        return f"{self.kind}:{self.key}"

    @property
    def is_template(self) -> bool:
        """Whether `to` spells a call with arguments, not just a name."""
        return self.to is not None and self.to.endswith(")")


@dataclass(frozen=True, slots=True)
class Outside:
    """Where CUDA shows in files that are no Python."""

    words: tuple[str, ...]  # besides those of Python; every occurrence is accounted for
    triggers: tuple[str, ...]  # only make us look
    distributions: tuple[tuple[str, str], ...]  # pattern of names on the registry -> key of the package rows
    resources: tuple[tuple[str, str], ...]  # pattern of images, resources, system packages -> key of the rows
    platforms: tuple[str, ...] = ()  # what scripts tell CUDA apart from besides the devices of other families
    listed: tuple[str, ...] = ()  # makes us look where packages are listed: something goes beside it


@dataclass(frozen=True, slots=True)
class Sites:
    """Where CUDA shows in Python source, for every vendor alike (`rules/sites.toml`)."""

    words: tuple[str, ...]  # every occurrence is accounted for
    triggers: tuple[str, ...]  # only make us look
    packages: Mapping[str, str]  # import name -> key of the package rows
    modules: frozenset[str]  # dotted names under torch that are modules
    assume: Mapping[str, str]  # name nobody binds -> what it means in a snippet
    device_calls: Mapping[str, frozenset[str]]
    device_methods: Mapping[str, frozenset[str]]
    device_names: frozenset[str]
    integers: frozenset[str]  # words of names that hold the number of a device
    backend_calls: Mapping[str, frozenset[str]]
    backend_names: frozenset[str]
    field_calls: frozenset[str]
    option_calls: frozenset[str]
    message_calls: frozenset[str]
    message_keywords: frozenset[str]
    env_names: frozenset[str]
    env_words: tuple[str, ...]
    env_prefixes: tuple[str, ...]
    attributes: Mapping[str, str]
    accelerators: frozenset[str]
    foreign: frozenset[str]  # packages whose devices are not torch's
    foreign_methods: frozenset[str]
    outside: Outside
    flags: frozenset[str] = frozenset()  # accelerators that the project's own names name as well: `no_cuda`
    bounded: bool = False  # whether a word counts only where no other letters adjoin it: "npu" is not in "input"


@dataclass(frozen=True, slots=True)
class Table:
    """Everything the codemods need to know about one target."""

    source: Vocabulary
    target: Target
    rules: Mapping[str, Rule]
    sites: Sites
    digest: str
    missing_arguments: Mapping[str, frozenset[str]] = field(default_factory=dict)  # of functions that exist there
    together: tuple[Rule, ...] = ()  # the rows that count only beside another name
    sources: Mapping[str, str] = field(default_factory=dict)  # word of an evidence -> address with {path}
    support: Mapping[str, str] = field(default_factory=dict)  # name of torch -> why it does not work there
    watched: frozenset[str] = frozenset()  # names whose uses matter although none of their words may say so
    retired: Retired | None = None  # the way from an API that is gone: nothing else is looked at
    script: Script | None = None
    plugin_line: str = ""  # loads the source's plug-in, where that is a vendor's
    add_dependency: bool = False  # whether the vendor's package is to be listed beside torch
    verify_idempotent: bool = False  # whether what a file becomes is looked at again: nothing in it may change
    modules: Mapping[str, str] = field(default_factory=dict)  # those that new names are in -> what is imported for them

    def rule(self, kind: str, key: str) -> Rule | None:
        return self.rules.get(f"{kind}:{key}")

    def link(self, rule: Rule) -> str:
        """The address at which the claim of a row can be looked up."""
        word, _, path = rule.evidence.partition(":")
        return self.sources.get(word, "{path}").replace("{path}", path)

    def rule_for(self, kind: str, key: str) -> Rule | None:
        """The row of a key, or the one whose pattern ("TORCH_NCCL_*", "NCCL_*") it begins with."""
        exact = self.rule(kind, key)
        if exact or "_" not in key:
            return exact
        first, second, *_ = key.split("_", 2)
        return self.rule(kind, f"{first}_{second}_*") or self.rule(kind, f"{first}_*")


@dataclass(frozen=True, slots=True)
class Repository:
    """What is known of the repository around a file."""

    modules: frozenset[str] = frozenset()  # its own, where they are called like a package we know
    overriding: frozenset[str] = frozenset()  # classes with a cuda() of their own, or an inherited one
    exported: frozenset[str] = frozenset()  # names that its files import from one another
    apart: str = ""  # why the file, one accelerator's of several, is not ours to edit
    served: bool = False  # by a file of the target's own beside it
    circular: bool = False  # whether the import of the project's expression for a device runs this file


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the characters `[start, end)` of the decoded text (byte-order mark not counted)."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Draft:
    """A finding as a codemod sees it: by offset, before line, column and source text are known."""

    rule_id: str
    start: int
    end: int
    safety: Safety
    message: str
    edits: tuple[Edit, ...] = ()
    needs_import: bool = False
    group: int = 0  # those of one group change together or not at all
    suppressed: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """A place in a notebook as its reader sees it: the cell's number, and line and column in it, all from 1."""

    number: int
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Finding:
    """One CUDA reference and what became of it; its edits apply together or not at all.

    `line` and `column` count from 1, columns in characters; `found` is the source text, empty for an
    inserted line, which is no reference.
    """

    rule_id: str
    start: int
    end: int
    line: int
    column: int
    found: str
    message: str
    safety: Safety
    edits: tuple[Edit, ...] = ()
    suppressed: bool = False
    cell: Cell | None = None

    @property
    def is_reference(self) -> bool:
        return bool(self.found)


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a file could not be handled; `line` counts from 1, None where the file as a whole is meant."""

    message: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class FileResult:
    """What one file holds. `path` is relative to the root of the run, with forward slashes.

    `digest` is that of the bytes looked at, empty where nothing in them was worth a look; `outcome` is that of what
    the edits make of them, for which all promises hold, empty without edits.
    """

    path: str
    kind: Kind
    digest: str
    findings: tuple[Finding, ...] = ()
    error: Problem | None = None
    outcome: str = ""

    @property
    def edits(self) -> tuple[Edit, ...]:
        return tuple(edit for finding in self.findings for edit in finding.edits)

    def count(self, *safeties: Safety) -> int:
        return sum(1 for finding in self.findings if finding.is_reference and finding.safety in safeties)


@dataclass(frozen=True, slots=True)
class RepoReport:
    """The outcome of one run; files in path order, `seconds` of wall time."""

    target: str
    version: str
    files: tuple[FileResult, ...]
    seconds: float
    written: bool = False  # whether the edits are made, or only shown

    def count(self, *safeties: Safety) -> int:
        return sum(result.count(*safeties) for result in self.files)

    @property
    def errors(self) -> tuple[FileResult, ...]:
        return tuple(result for result in self.files if result.error)

    @property
    def changed(self) -> tuple[FileResult, ...]:
        return tuple(result for result in self.files if result.edits)

    def findings(self) -> Iterator[tuple[FileResult, Finding]]:
        for result in self.files:
            for finding in result.findings:
                yield result, finding
