"""Random programs for the property tests: idioms of CUDA code put together, with odd spacing and comments."""

from __future__ import annotations

import ast
import io
import re
import tokenize
import warnings
from collections.abc import Iterator

from hypothesis import assume
from hypothesis import strategies as st

IMPORTS = [
    "import torch", "import torch as th", "from torch import cuda", "import torch.cuda as tc", "import torch.cuda",
    "import os, torch", "from torch import nn, cuda as c", "import torch; import os", "import torch.nn as nn",
    "from torch.cuda import amp", "from torch.cuda.amp import autocast, GradScaler", "from torch.cuda import nvtx as n",
    "from torch.cuda.amp import (\n    autocast,  # of cuda\n    GradScaler as GS,\n)", "from torch.cuda import *",
    "from torch.cuda import is_available, \\\n    device_count as count", "import torch.distributed as dist",
    "from torch.backends import cudnn", "import apex", "from apex import amp as half", "import pynvml",
    "from .ops import fused_cuda", "import numba.cuda", "from torch import *", "import my_cuda_ops as ops",
    "try:\n    import torch\nexcept ImportError:\n    torch = None", "from torch.cuda.amp import GradScaler as S",
    "try:\n    from torch.amp import GradScaler\nexcept ImportError:\n    from torch.cuda.amp import GradScaler",
    "if TYPE_CHECKING:\n    from torch.cuda import Stream", "import torch_npu", "import torch_mlu", "from a import b",
    "try: import torch.cuda\nexcept ImportError: pass", "def lazy():\n    import torch\n    return torch.cuda",
]  # fmt: skip
LEAVES = [
    "x", "1", "None", '"cpu"', '"cuda"', "'cuda:0'", '"cuda" ":1"', 'f"cuda:{rank}"', 'b"cuda"', 'r"cuda\\d"',
    '"nccl"', '"gloo"', "torch.cuda", "torch.cuda.is_available()", "th.cuda.device_count()", "tc.current_device()",
    "cuda.is_available()", "c.synchronize()", "torch.cuda.Stream(device=0)", "torch.cuda.FloatTensor(2)", "args.cuda",
    "torch.cuda.amp.autocast()", "autocast(enabled=True)", "GradScaler()", "GS(init_scale=2.0)", "use_cuda", "rank",
    "torch.cuda.nothing_known", "torch.cuda.get_device_capability()[0]", "torch.version.cuda", "torch.ones(2).cuda()",
    "x.cuda(non_blocking=True)", "model.cuda", "x.is_cuda", "self.net.cuda(0)", 'x.to("cuda")', 'x.to(device="cuda:0")',
    'torch.device("cuda")', 'torch.device("cuda", 0)', 'torch.zeros(2, device="cuda")', 'torch.device(f"cuda:{rank}")',
    'torch.autocast("cuda")', 'torch.load(p, map_location="cuda")', "torch.load(p, map_location=lambda s, l: s.cuda())",
    'device.type == "cuda"', '"cuda" in str(device)', 'os.environ["CUDA_VISIBLE_DEVICES"]', 'getattr(torch, "cuda")',
    'os.environ.get("NCCL_DEBUG", "INFO")', 'dist.init_process_group("nccl")',
    'dist.init_process_group(backend="nccl")',
    'torch.backends.cudnn.version()', "torch.backends.cuda.matmul.allow_tf32", "torch.cuda.memory_allocated() / 2**20",
    "n.range_push('x')", "amp.GradScaler", 'isinstance(x, torch.cuda.FloatTensor)', '"torch.cuda.FloatTensor"',
    "torch.npu.is_available()", '"npu"', "torch.mlu.device_count()", 'hasattr(torch, "npu")',
    "torch.nn.DataParallel(m)",
    "pynvml.nvmlInit()", "half.initialize(m)", "fused_cuda(x)", "ops.cuda_forward(x)", "S()", "nothing.cuda.nothing",
    "torch.cuda.get_device_properties(0).total_memory", "torch.cuda.max_memory_allocated", "torch.cuda.device(1)",
    'f"{torch.cuda.device_count()} of cuda"', "f'{x!r:>{torch.cuda.device_count()}}'", 'f"{x.cuda()=}"',
    "x.cuda()[0].cuda()",
]  # fmt: skip
WRAPPERS = [
    "({})", "[{}, {}]", "({}, {})", "{{{}: {}}}", "f({})", "f(x, *{})", "f(key={}, **{})", "{} if {} else {}",
    "not {}", "({} and {})", "({} or {})", "[{} for x in {}]", "{{x: {} for x in {} if {}}}", "(lambda x: {})",
    "(lambda x={}: {})", "(lambda torch: {})", "[{} for torch in {}]", "({} == {})", "'{{}}'.format({})",
    "'%s cuda' % ({})",
    "(\n    {},\n    {},  # cuda\n)", "({}).to({})", "f({}, device={})", "({}).to(device={})", "f({})[{}]", "(y := {})",
    'print("cuda is", {})', 'logger.info("no cuda: %s", {})', "str({})", "torch.device({})", "dict(device={})",
]  # fmt: skip
SIMPLE = [
    "x = {}", "device = {}", "x, y = {}, {}", "x: str = {}", "x += {}", "self.device = {}", "{}", "return_ = {}",
    "assert {}, {}", "del x", "x = y = {}", "print({})", 'x["cuda"] = {}', "x = {}; y = {}", "x = \\\n    {}",
    'parser.add_argument("--device", default={})', 'parser.add_argument("--cuda", action="store_true")', "torch = {}",
    '"""Text about cuda."""', "x = {}  # on cuda", "# only cuda", "with_cuda = {} ;", 'raise ValueError("cuda", {})',
    'parser.add_argument("--dev", default="cuda", choices=["cpu", "cuda"])', 'x = """cuda\n{{}} torch.cuda\n"""',
    "torch.backends.cudnn.benchmark = {}", 'os.environ["CUDA_VISIBLE_DEVICES"] = {}', "x = ({}).cuda\\\n    ()",
]  # fmt: skip
HEADERS = [
    "if {}:", "if {}: x = {}\nelse:", "while {}:", "for x in {}:", "with {}:", "with {} as x:", "def f(x, device={}):",
    "def f(self, cuda={}) -> {}:", "class A:", "class A(nn.Module):", "@f({})\ndef f(torch):", "@{}\nclass B:",
    "async def f(*, device: str = {}):", "def cuda(self, device=None):", "def is_cuda(self):", "if True:  # cuda",
    "for torch in {}:", "try:\n    x = {}\nexcept {}:", "if {}:\n    x = {}\nelif {}:\n    y = {}\nelse:",
    "if torch.cuda.is_available():\n    x = {}\nelif torch.npu.is_available():", "if {}: x = {}\nelif {}:",
    "match {}:\n    case 'cuda':\n        x = {}\n    case _:", "with open(x) as f, \\\n        {}:", "if x.is_cuda:",
    "try: x = {}\nfinally:", "def f(): return {}\nif True:", "class C: device = {}\nif True:", "while x: {}; {}\nelse:",
]  # fmt: skip
SPACES = [" ", "  ", "\t", "\f", " \\\n "]
OPEN_SPACES = [*SPACES, "\n", "\n\n  ", " # cuda, or not\n", "# \n   "]


def expressions() -> st.SearchStrategy[str]:
    leaf = st.sampled_from(LEAVES)
    return st.one_of(leaf, st.recursive(leaf, lambda inner: filled(WRAPPERS, inner), max_leaves=6))


@st.composite
def filled(draw: st.DrawFn, templates: list[str], values: st.SearchStrategy[str]) -> str:
    """One of the templates with a value in each of its fields."""
    template = draw(st.sampled_from(templates))
    fields = template.replace("{{", "").replace("}}", "").count("{}")
    return template.format(*(draw(values) for _ in range(fields)))


@st.composite
def blocks(draw: st.DrawFn, depth: int = 0) -> str:
    """Statements on the first column, some of them with blocks of their own."""
    parts: list[str] = []
    for _ in range(draw(st.integers(1, 4 if depth == 0 else 2))):
        if depth < 3 and draw(st.integers(0, 3)) == 0:
            header = draw(filled(HEADERS, expressions()))
            last = header.rpartition("\n")[2]
            indent = last[: len(last) - len(last.lstrip())] + draw(st.sampled_from(["    ", "\t", " "]))
            lines = [header, *draw(blocks(depth + 1)).split("\n"), "pass"]
            parts.append(f"\n{indent}".join(lines))
        elif draw(st.integers(0, 5)) == 0:
            parts.append(draw(st.sampled_from(IMPORTS)))
        else:
            parts.append(draw(filled(SIMPLE, expressions())))
    return "\n".join(parts)


@st.composite
def programs(draw: st.DrawFn) -> str:
    """A program that Python can parse, with odd spacing."""
    parts = [*draw(st.lists(st.sampled_from(IMPORTS), max_size=3)), draw(blocks())]
    if draw(st.integers(0, 4)) == 0:
        parts.insert(
            0, draw(st.sampled_from(['"""On cuda."""', "# coding: utf-8", "from __future__ import annotations"]))
        )
    text = "\n".join(parts) + draw(st.sampled_from(["\n", "", "\n\n", "  \n", "\n# cuda"]))
    assume(is_python(text))
    text = spaced(text, draw(st.lists(st.tuples(st.integers(0, 999), st.integers(0, 99)), max_size=6)))
    assume(is_python(text) and not is_known_to_fail(text))
    return text.replace("\n", draw(st.sampled_from(["\n", "\n", "\r\n", "\r"])))


def is_python(text: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            compile(text, "in.py", "exec", dont_inherit=True)
        except SyntaxError:
            return False
    return True


def is_text(node: ast.AST) -> bool:
    """Whether a node is a statement that is a string."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def is_known_to_fail(text: str) -> bool:
    """Programs with what `test_layouts` lists: goes when those do."""
    nodes = list(ast.walk(ast.parse(text)))
    imports = [node for node in nodes if isinstance(node, (ast.Import, ast.ImportFrom))]
    names = [alias.asname or alias.name for node in imports for alias in node.names]
    blocks = [getattr(node, field, None) for node in nodes[1:] for field in ("body", "orelse", "finalbody")]
    last = any(isinstance(block, list) and block and block[-1] in imports for block in blocks)
    lines = re.sub(r"[ \t\f]*\\\n", " ", text)
    compound = r"^[ \t\f]*(?:try|finally|else|if .*|elif .*|while .*|def .*|class .*)\s*:[ \t\f]*\w"
    one_line = re.search(compound, lines, re.MULTILINE)
    return (
        len(set(names)) < len(names)
        or last
        or (lines != text and bool(re.search(";|apex|numba|pynvml", text)))
        or bool(re.search(r":\s*\f", text))
        or bool(one_line and (re.search("npu|mlu", text) or any(map(is_text, nodes))))
    )


def spaced(text: str, choices: list[tuple[int, int]]) -> str:
    """The text with spaces, comments and line breaks put into gaps between tokens, where Python ignores them."""
    gaps = list(gaps_of(text))
    chosen = {}
    for where, what in choices:
        if gaps:
            at, is_open = gaps[where % len(gaps)]
            spaces = OPEN_SPACES if is_open else SPACES
            chosen[at] = spaces[what % len(spaces)]
    for at in sorted(chosen, reverse=True):
        text = text[:at] + chosen[at] + text[at:]
    return text


def gaps_of(text: str) -> Iterator[tuple[int, bool]]:
    """Offsets behind the tokens of a text, and whether they are between brackets."""
    starts = [0, *(at + 1 for at, character in enumerate(text) if character == "\n")]
    depth = inside = 0
    fresh = True
    for token in tokenize.generate_tokens(io.StringIO(text, newline="").readline):
        name = tokenize.tok_name[token.type]
        inside += (name in ("FSTRING_START", "TSTRING_START")) - (name in ("FSTRING_END", "TSTRING_END"))
        if name in ("NEWLINE", "NL", "COMMENT", "INDENT", "DEDENT", "ENDMARKER", "ENCODING"):
            fresh = fresh or name == "NEWLINE"
            continue
        if not fresh and not inside and name != "FSTRING_END":
            yield starts[token.start[0] - 1] + token.start[1], depth > 0
        fresh = False
        depth += (token.string in ("(", "[", "{")) - (token.string in (")", "]", "}"))
