"""CUDA that survived the migration: recorded where the user's code calls it; it behaves as it does beside the card.

A machine with a vendor's card has a torch without CUDA, so the original function is called: what raises there raises
here and is a leftover, what says nothing there is reported as silent.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from types import FrameType, ModuleType
from typing import Any

import torch

from accel_device.events import Events

Function = Callable[..., object]
MUTABLE = 1 << 9  # Py_TPFLAGS_HEAPTYPE: a class made by Python code


def watch_call(events: Events, what: str, frame: FrameType | None, call: Callable[[], object]) -> object:
    """Call something of CUDA's and record how it went."""
    events.calls.depth += 1
    try:
        result = call()
    except Exception as error:
        events.record("leftover", what, frame, first_line(error), raised=True)
        raise
    finally:
        events.calls.depth -= 1
    events.record("silent", what, frame, "does nothing on this machine, and says nothing")
    return result


def first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]


def install_leftovers(events: Events) -> None:
    """Watch torch.cuda, .cuda(), devices named cuda and the nccl backend."""
    hide_cards()
    guard_modules(events)
    guard_classes(events)
    guard_initialization(events)
    guard_methods(events)
    guard_precision(events)
    guard_profiler(events)
    guard_process_groups(events)


def hide_cards() -> None:
    """A CUDA build on a machine with CUDA devices must not use them: the card's machine has none."""
    if torch.version.cuda is not None or torch.version.hip is not None:
        os.environ["CUDA_VISIBLE_DEVICES"] = os.environ["HIP_VISIBLE_DEVICES"] = ""


def watched(events: Events, what: str, original: Function) -> Function:
    """A function of CUDA's that records the user's calls."""

    @functools.wraps(original)
    def call(*args: object, **kwargs: object) -> object:
        frame = None if events.calls.depth else events.direct_frame()
        if frame is None:
            return original(*args, **kwargs)
        return watch_call(events, what, frame, lambda: original(*args, **kwargs))

    return call


def guard_modules(events: Events) -> None:
    """Functions and values of torch.cuda and the modules below it, as the user's code gets them."""
    cache: dict[tuple[str, str], Function] = {}
    plain, tensor_type = ModuleType.__getattribute__, type(torch.cuda.FloatTensor)

    class Guarded(ModuleType):
        def __getattribute__(self, name: str) -> object:
            value = plain(self, name)
            tensors = type(value) is tensor_type
            if name.startswith("_") or (isinstance(value, (ModuleType, type)) and not tensors):
                return value
            frame = events.calling_frame()
            if frame is None:
                return value
            what = f"{plain(self, '__name__')}.{name}"
            if tensors:
                events.record("leftover", what, frame, "there are no such tensors on this machine")
                return value
            if not callable(value):
                events.record("silent", what, frame, "a value of CUDA's, which this machine has not")
                return value
            function = cache.get((what, name))
            if function is None:
                function = cache[what, name] = watched(events, f"{what}()", value)
            return function

    for title, module in list(sys.modules.items()):
        if (title == "torch.cuda" or title.startswith("torch.cuda.")) and type(module) is ModuleType:
            module.__class__ = Guarded


def guard_classes(events: Events) -> None:
    """Classes of torch.cuda: making an instance is recorded, naming the class is not."""
    for name, value in list(vars(torch.cuda).items()):
        if not isinstance(value, type) or not str(value.__module__).startswith("torch.cuda"):
            continue
        if issubclass(value, (BaseException, torch.amp.autocast, torch.amp.GradScaler)):
            continue
        if not value.__flags__ & MUTABLE:
            continue
        hook = "__new__" if "__new__" in vars(value) else "__init__"
        if hook in vars(value):
            replace_maker(events, value, hook, f"torch.cuda.{name}()")


def replace_maker(events: Events, kind: type, hook: str, what: str) -> None:
    original = getattr(kind, hook)

    def make(first: object, *args: object, **kwargs: object) -> object:
        frame = events.direct_frame()
        if frame is None:
            return original(first, *args, **kwargs)
        return watch_call(events, what, frame, lambda: original(first, *args, **kwargs))

    setattr(kind, hook, staticmethod(make) if hook == "__new__" else make)


def guard_initialization(events: Events) -> None:
    """`device="cuda"` in a factory, `.to("cuda")`, `map_location="cuda"`: whatever would open the device."""
    open_device = torch.cuda._lazy_init

    def lazy_init() -> object:
        try:
            return open_device()
        except Exception as error:
            if not events.calls.depth and not events.compiling():
                events.record("leftover", 'device="cuda"', events.user_frame(), first_line(error), raised=True)
            raise

    torch.cuda._lazy_init = lazy_init
    validate = torch.serialization._validate_device

    def validate_device(location: object, backend_name: str) -> object:
        if backend_name != "cuda":
            return validate(location, backend_name)
        frame = events.user_frame()
        return watch_call(events, f'map_location="{location}"', frame, lambda: validate(location, backend_name))

    torch.serialization._validate_device = validate_device


def guard_methods(events: Events) -> None:
    """Tensor.cuda() and Module.cuda()."""
    for kind in (torch.Tensor, torch.nn.Module):
        kind.cuda = watched(events, f"{kind.__name__}.cuda()", kind.cuda)


def guard_precision(events: Events) -> None:
    """autocast("cuda") and GradScaler("cuda"), which switch themselves off."""
    watch_device_argument(events, torch.amp.autocast, "torch.autocast", "device_type", "")
    watch_device_argument(events, torch.amp.GradScaler, "torch.amp.GradScaler", "device", "cuda")


def watch_device_argument(events: Events, kind: type, what: str, name: str, default: str) -> None:
    original = kind.__init__  # type: ignore[misc]

    @functools.wraps(original)
    def start(self: object, *args: object, **kwargs: object) -> None:
        device = str(args[0] if args and isinstance(args[0], (str, torch.device)) else kwargs.get(name, default))
        frame = events.direct_frame() if device.partition(":")[0] == "cuda" else None
        if frame is None:
            original(self, *args, **kwargs)
        else:
            watch_call(events, f'{what}("{device}")', frame, lambda: original(self, *args, **kwargs))

    kind.__init__ = start  # type: ignore[misc]


def guard_profiler(events: Events) -> None:
    """ProfilerActivity.CUDA among the activities: nothing of the device is recorded."""
    kind, unwanted = torch.profiler.profile, torch.profiler.ProfilerActivity.CUDA
    original = kind.__init__

    @functools.wraps(original)
    def start(self: object, *args: Any, **kwargs: Any) -> None:
        activities = args[0] if args else kwargs.get("activities")
        frame = events.direct_frame() if activities and unwanted in activities else None
        if frame is not None:
            what = "torch.profiler.ProfilerActivity.CUDA"
            events.record("silent", what, frame, "the profile has nothing of the device in it")
        original(self, *args, **kwargs)

    kind.__init__ = start


def guard_process_groups(events: Events) -> None:
    """The nccl backend."""
    if not torch.distributed.is_available():
        return
    groups = torch.distributed.distributed_c10d
    for name, position in (("init_process_group", 0), ("new_group", 2)):
        replace_everywhere(groups, name, watch_backend(events, getattr(groups, name), position))
    for name in ("is_nccl_available",):
        replace_everywhere(groups, name, watched(events, f"torch.distributed.{name}()", getattr(groups, name)))


def replace_everywhere(home: ModuleType, name: str, function: Function) -> None:
    setattr(home, name, function)
    setattr(torch.distributed, name, function)


def watch_backend(events: Events, original: Function, position: int) -> Function:
    """A function that takes a backend's name."""

    @functools.wraps(original)
    def call(*args: object, **kwargs: object) -> object:
        backend = args[position] if position < len(args) else kwargs.get("backend")
        if "nccl" not in str(backend).lower():
            return original(*args, **kwargs)
        what = f'{original.__name__}("{backend}")'
        return watch_call(events, what, events.user_frame(), lambda: original(*args, **kwargs))

    return call
