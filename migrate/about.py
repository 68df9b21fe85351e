"""What a rule is about, in words, from its id alone."""

from __future__ import annotations

RULE_IDS = (  # those that come from no row of a table
    "annotation:torch", "backend:nccl", "branch:multi-backend", "device:cuda", "device:integer", "file:cuda-source",
    "import:star", "method:cuda", "method:is_cuda", "method:override", "package:index", "package:torch",
    "resource:image", "script:import", "script:quantize", "script:torch.optim", "text:CUDAExecutionProvider",
    "text:code", "text:compared", "text:cudagraphs", "text:data", "text:dispatch-key", "text:settings", "unaccounted",
)  # fmt: skip
_FIX = "Run `accel-migrate` to rewrite what can be rewritten; do the rest by hand, as the message of the result says."
_KINDS: dict[str, tuple[str, str]] = {
    "api": ("{name} is an API of PyTorch for CUDA.", "Other devices have another name for it, or nothing like it."),
    "device": ("A device is named {name}.", "On another accelerator the device has another name."),
    "method": (
        "The method {name}() is for CUDA.",
        "Tensors and modules move to another accelerator by another method.",
    ),
    "attribute": ("The attribute {name} is for CUDA.", "On another accelerator it has another name, or is missing."),
    "backend": (
        "The communication backend {name} is for NVIDIA GPUs.",
        "Another accelerator has a backend of its own, and torch.distributed fails with this one.",
    ),
    "env": ("The environment variable {name} is for CUDA.", "Another accelerator does not read it."),
    "package": ("The package {name} is for NVIDIA GPUs.", "It does not work, or does not install, without CUDA."),
    "cli": ("The command {name} is for NVIDIA GPUs.", "It is not there on a machine without them."),
    "resource": (
        "Something of NVIDIA's outside the code is asked for by name ({name}).",
        "It is not there without CUDA.",
    ),
    "keyword": ("The keyword {name} names CUDA.", "See whether what is called takes it for another accelerator."),
    "import": ("An import brings in CUDA ({name}).", "What it imports has another name for another accelerator."),
    "annotation": ("A type annotation names CUDA ({name}).", "The type has another name for another accelerator."),
    "branch": ("A branch chooses among accelerators ({name}).", "The one that is migrated to needs a branch as well."),
    "text": ("A text names CUDA ({name}).", "The program does something with it that depends on the words."),
    "script": (
        "The target's API asks for more in a script ({name}).",
        "It wants lines that CUDA has nothing like: beside its import, before the model moves, behind the optimizer.",
    ),
    "file": ("A file of CUDA source ({name}).", "Its kernels have to be rewritten, or replaced by others."),
}
_OTHER = ("A reference to CUDA ({name}).", "It does not work, or means something else, on another accelerator.")


def rule_of(rule_id: str) -> tuple[str, str]:
    """One sentence that says what a rule finds, and help: why it matters and what to do."""
    kind, _, name = rule_id.partition(":")
    short, why = _KINDS.get(kind, _OTHER)
    return short.replace("{name}", name or kind), f"{why} {_FIX}"
