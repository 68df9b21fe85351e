"""Train a small classifier on one GPU, or on several with torchrun."""

import argparse
import os

import torch
import torch.distributed as dist
from torch import nn
from torch.cuda.amp import GradScaler, autocast

from data import make_loader
from model import Classifier, half_precision

try:
    from apex.optimizers import FusedAdam as Adam
except ImportError:
    from torch.optim import Adam

os.environ.setdefault("PYTORCH_CUDA_ALLOC_CONF", "expandable_segments:True")


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("--device", default="cuda", choices=["cuda", "cpu"], help="cuda or cpu")
    parser.add_argument("--dist-backend", default="nccl")
    parser.add_argument("--resume", help="a checkpoint to go on from")
    parser.add_argument("--epochs", type=int, default=1)
    return parser.parse_args()


def prepare(args: argparse.Namespace) -> nn.Module:
    """Join the other processes, if there are any, and make the model."""
    torch.backends.cudnn.benchmark = True
    if args.device == "cuda" and "LOCAL_RANK" in os.environ:
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
        dist.init_process_group(args.dist_backend)
    model = Classifier().to(args.device)
    if args.resume:
        model.load_state_dict(torch.load(args.resume, map_location="cuda:0"))
    return model


def main() -> None:
    args = parse_args()
    model = prepare(args)
    optimizer = Adam(model.parameters(), lr=1e-3)
    scaler = GradScaler()
    for epoch in range(args.epochs):
        for images, labels in make_loader(1024, 64):
            images, labels = images.cuda(non_blocking=True), labels.cuda(non_blocking=True)
            with autocast(dtype=half_precision()):  # bfloat16 needs CUDA 11
                loss = nn.functional.cross_entropy(model(images), labels)
            optimizer.zero_grad()
            scaler.scale(loss).backward()
            scaler.step(optimizer)
            scaler.update()
        used = torch.cuda.max_memory_allocated() / torch.cuda.get_device_properties(args.device).total_memory
        print(f"epoch {epoch}: {used:.0%} of the CUDA memory")


if __name__ == "__main__":
    main()
