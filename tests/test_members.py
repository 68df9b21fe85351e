"""Members of objects that a name stands for alone."""

from __future__ import annotations

import pytest
from kit import check_finding, findings

MADE = "import torch\ng = torch.cuda.CUDAGraph()\n"


@pytest.mark.parametrize(
    ("target", "text", "rule"),
    [
        ("hpu", f"{MADE}g.debug_dump('a')\n", "api:torch.cuda.CUDAGraph.debug_dump"),
        ("tpu", f"{MADE}dump = g.debug_dump\n", "api:torch.cuda.CUDAGraph.debug_dump"),
        ("npu", "from torch import cuda\ndef f():\n    g = cuda.CUDAGraph()\n    g.instantiate()\n",
         "api:torch.cuda.CUDAGraph.instantiate"),
        ("npu", "from torch.cuda import MemPool\npool = MemPool()\nprint(pool.allocator)\n",
         "api:torch.cuda.MemPool.allocator"),
        ("xpu", "import torch\ne = torch.cuda.Event()\nsend(e.ipc_handle())\n", "api:torch.cuda.Event.ipc_handle"),
    ],
)  # fmt: skip
def test_member_that_is_missing_is_reported_where_it_is_used(target: str, text: str, rule: str) -> None:
    assert check_finding(text, rule, target).line == text.count("\n")


@pytest.mark.parametrize(
    "text",
    [
        f"{MADE}g = other()\ng.instantiate()\n",
        f"{MADE}def f(g):\n    g.instantiate()\n",
        f"{MADE}h = g\nh.instantiate()\n",
        f"{MADE}self.g.instantiate()\ng.replay()\n",
        "import torch\nfor g in graphs(torch.cuda.CUDAGraph()):\n    g.instantiate()\n",
        "import torch\ng = torch.cuda.CUDAGraph() if x else y\ng.instantiate()\n",
        "import torch\ng, h = torch.cuda.CUDAGraph(), 1\ng.instantiate()\n",
        f"{MADE}if x:\n    import g\ng.instantiate()\n",
        "import torch\ndef f():\n    global g\n    g = torch.cuda.CUDAGraph()\n    g.instantiate()\n",
        f"{MADE}def f():\n    global g\n    g = other()\ng.instantiate()\n",
        "g = mine.cuda.CUDAGraph()\ng.instantiate()\n",
        f"{MADE}g.instantiate()  # accel: ignore[api:torch.cuda.CUDAGraph.instantiate]\n",
    ],
)
def test_what_is_not_certain_is_not_reported(text: str) -> None:
    assert [item for item in findings(text) if "instantiate" in item.rule_id and not item.suppressed] == []


def test_member_that_is_too_new_for_the_version_is_reported() -> None:
    from migrate.engine import migrate_bytes
    from migrate.table import load_table

    text = f"{MADE}g.debug_dump('a')\n".encode()
    old, new = (load_table("npu", target_version=version) for version in ("2.6", "2.13"))
    assert not any("debug_dump" in item.rule_id for item in migrate_bytes("a.py", "python", text, new).findings)
    (found,) = [x for x in migrate_bytes("a.py", "python", text, old).findings if "debug_dump" in x.rule_id]
    assert found.message == "needs torch_npu 2.13; the result has to run on torch_npu 2.6."
