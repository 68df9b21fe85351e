"""What the simulated device costs: training steps on it against the same steps on the plain CPU.

    python tools/overhead.py [--target npu] [--rounds 5]

Processes of both kinds take turns, with one thread each. Prints the CPU time of the fastest step of either kind and
their ratio; exits with 1 when a ratio is above what docs/verify.md promises.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping

from migrate.table import load_table
from migrate.verify.folder import run_folder
from migrate.verify.profile import profile_of

LIMITS = {"mnist": 1.2, "transformer": 3.0}
STEPS = """\
import json, sys, time
if sys.argv[1] != "cpu":
    __import__(sys.argv[2])
import torch
from torch import nn

torch.set_num_threads(1)
torch.manual_seed(0)

class Transformer(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(1000, 128)
        self.layers = nn.TransformerEncoder(nn.TransformerEncoderLayer(128, 4, 256, batch_first=True), 4)
        self.head = nn.Linear(128, 10)

    def forward(self, tokens):
        return self.head(self.layers(self.embed(tokens)).mean(1))

mnist = nn.Sequential(
    nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(0.25), nn.Flatten(),
    nn.Linear(9216, 128), nn.ReLU(), nn.Dropout(0.5), nn.Linear(128, 10),
)
jobs = {
    "mnist": (mnist, torch.randn(64, 1, 28, 28), torch.optim.Adadelta),
    "transformer": (Transformer(), torch.randint(1000, (8, 64)), torch.optim.AdamW),
}

def fastest(model, source, kind):
    model, source = model.to(sys.argv[1]), source.to(sys.argv[1])
    target = torch.randint(10, (len(source),)).to(sys.argv[1])
    optimizer = kind(model.parameters())
    taken = []
    for _ in range(8):
        began = time.process_time()
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(source), target)
        loss.backward()
        optimizer.step()
        loss.item()
        taken.append(time.process_time() - began)
    return min(taken[2:])

print(json.dumps({name: fastest(*job) for name, job in jobs.items()}))
"""


def measure(device: str, package: str, environment: Mapping[str, str]) -> dict[str, float]:
    """Seconds of the fastest step of each job."""
    command = [sys.executable, "-W", "ignore", "-c", STEPS, device, package]
    done = subprocess.run(command, env={**environment}, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def compare(target: str, rounds: int) -> dict[str, tuple[float, float]]:
    """Seconds on the plain CPU and on the simulated device, by job."""
    table = load_table(target)
    device, package = table.target.words.device, table.target.package
    best: dict[str, tuple[float, float]] = {}
    with tempfile.TemporaryDirectory() as root:
        told = {"devices": 1, "root": root, "strict_dtypes": False, "watch": {}}
        with run_folder(profile_of(table, "2.13.0", None, told), table.target.distribution or package) as folder:
            for _ in range(rounds):
                plain = measure("cpu", package, os.environ)
                simulated = measure(device, package, folder.environment(os.environ))
                for job, seconds in plain.items():
                    before = best.get(job, (seconds, simulated[job]))
                    best[job] = (min(before[0], seconds), min(before[1], simulated[job]))
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--target", default="npu", help="whose device (default: npu)")
    parser.add_argument("--rounds", type=int, default=5, help="processes of either kind (default: 5)")
    options = parser.parse_args()
    slow = False
    for job, (plain, simulated) in compare(options.target, options.rounds).items():
        ratio = simulated / plain
        slow = slow or ratio > LIMITS[job]
        print(f"{job:<12} {plain * 1e3:8.1f} ms   simulated {simulated * 1e3:8.1f} ms   {ratio:.2f} x")
    sys.exit(slow)


if __name__ == "__main__":
    main()
