"""tools/harvest.py on small packages: what it takes for bound, what it drafts, and which tables it finds wrong."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from kit import tree

ROOT = Path(__file__).parent.parent


def harvest(checkout: Path, *arguments: str) -> tuple[int, str]:
    """The exit code of the tool, and what it prints."""
    command = [sys.executable, str(ROOT / "tools" / "harvest.py"), str(checkout), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def there(folder: Path, *names: str, **files: str) -> dict[str, bool]:
    """Which names below torch.cuda the draft for a package `torch_v` lists; keys of files have "__" for "/"."""
    sources = {"torch_v/__init__.py": b"", "torch_v/v/__init__.py": b""}
    sources |= {f"torch_v/{name.replace('__', '/')}.py": text.encode() for name, text in files.items()}
    code, out = harvest(tree(folder, sources), "--package", "torch_v")
    assert code == 0, out
    drafted = out.partition("\n# ")[0]
    return {name: f'"{name}"' in drafted for name in names}


@pytest.mark.parametrize(
    "source",
    [
        "def seed(): pass", "async def seed(): pass", "class seed: pass", "seed = 1", "a, (b, seed) = x",
        "seed: int = 1",
        "import torch as seed", "from torch import manual as seed", "from torch_v._C import seed",
        "if a:\n    pass\nelif b:\n    seed = 1", "try:\n    import seed\nexcept ImportError:\n    pass",
        "try:\n    pass\nexcept E:\n    seed = 1", "with a:\n    def seed(): pass", "for a in b:\n    seed = a",
        "from .random import *", "from torch_v.v.random import *", "from .random import seed",
        "from .random import _s as seed",
        "from .listed import *", "from ..top import seed", "from .a import *",
    ],
)  # fmt: skip
def test_name_that_a_statement_binds_is_there(tmp_path: Path, source: str) -> None:
    files = {
        "v__random": "def seed(): pass\ndef _s(): pass\n",
        "v__listed": "__all__ = ['seed']\nfrom .random import seed\n",
        "v__a": "from .b import *\n",
        "v__b": "from .a import *\nfrom .random import seed\n",
        "top": "seed = 1\n",
    }
    assert there(tmp_path, "seed", v____init__=f"{source}\n", **files) == {"seed": True}


@pytest.mark.parametrize(
    "source",
    ["", "def f():\n    seed = 1", "x.seed = 1", "class A:\n    seed = 1", "print(seed)", "from .random import *",
     "from .listed import *", "from torch import *", "import torch.seed"],
)  # fmt: skip
def test_name_that_no_statement_binds_is_not(tmp_path: Path, source: str) -> None:
    files = {"v__random": "def _seed(): pass\n", "v__listed": "__all__ = ['other']\nseed = other = 1\n"}
    assert there(tmp_path, "seed", v____init__=f"{source}\n", **files) == {"seed": False}


def test_names_in_submodules_are_drafted_below_them(tmp_path: Path) -> None:
    memory = "def empty_cache(): pass\n"
    tree(tmp_path, {"torch_v/__init__.py": b"", "torch_v/v/__init__.py": b"", "torch_v/v/memory.py": memory.encode()})
    code, out = harvest(tmp_path, "--package", "torch_v")
    assert code == 0
    assert out.startswith(
        '[[namespace]]\nfrom = "torch.cuda"\nto = "torch.v"\nnames = [\n    "memory",\n]\n'
        'evidence = "tree:torch_v/v/__init__.py"\n\n'
        '[[namespace]]\nfrom = "torch.cuda.memory"\nto = "torch.v.memory"\nnames = [\n    "empty_cache",\n]\n'
        'evidence = "tree:torch_v/v/memory.py"\n\n# 2 of '
    )
    assert "\n# torch.cuda.synchronize\n" in out


def test_module_under_another_name_and_package_that_is_the_namespace_are_found(tmp_path: Path) -> None:
    files = {"torch_v/__init__.py": b"from .core import mem as memory\n", "torch_v/core/mem.py": b"empty_cache = 1\n"}
    code, out = harvest(tree(tmp_path, {**files, "torch_v/core/__init__.py": b""}), "--package", "torch_v")
    assert code == 0
    assert '"empty_cache",' in out


def test_folder_without_the_package_is_an_error(tmp_path: Path) -> None:
    code, out = harvest(tmp_path, "--package", "torch_v")
    assert code == 2
    assert "holds no package torch_v" in out


def test_table_whose_names_are_gone_is_told(tmp_path: Path) -> None:
    files = {"torch_mlu/__init__.py": b"", "torch_mlu/mlu/__init__.py": b"def seed(): pass\n"}
    code, out = harvest(tree(tmp_path, files), "--package", "torch_mlu", "--verify", "mlu")
    assert code == 1
    assert "torch.mlu.synchronize, which torch.cuda.synchronize becomes: not found\n" in out
    assert "torch.mlu.seed," not in out


def test_table_whose_names_are_bound_or_named_by_their_evidence_is_right(tmp_path: Path) -> None:
    sys.path.insert(0, str(ROOT / "tools"))
    from harvest import named

    from migrate.table import load_table

    table = load_table("hpu")
    rules = list(named(table))
    files = {"python_packages/habana_frameworks/__init__.py": b""}
    for rule in rules:  # each name stands in the file that its row names, as after `setattr(module, "…", …)`
        word, _, path = rule.evidence.partition("#")[0].partition(":")
        assert word == "tree"
        files[path] = files.get(path, b"") + f"# {rule.to}\n".encode()
    code, out = harvest(tree(tmp_path, files), "--package", "habana_frameworks", "--verify", "hpu")
    assert (code, out) == (0, f"0 of {len(rules)} names are gone\n")
