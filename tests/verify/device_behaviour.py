"""What a device does, as checks that run on the simulated one; prints what failed as JSON. Not a test by itself."""

from __future__ import annotations

import copy
import io
import json
import pickle
import sys
import traceback
from collections.abc import Callable

import torch
import torch_npu  # noqa: F401
from torch import nn

Checks = dict[str, Callable[[], None]]


def random(*shape: int, **options: object) -> torch.Tensor:
    return torch.randn(*shape, device="npu", **options)


def raises(kind: type[Exception], text: str, call: Callable[[], object]) -> None:
    said = None
    try:
        call()
    except kind as error:
        said = str(error)
    assert said is not None, f"nothing raised, expected {text!r}"
    assert text in said, said


def check_tensors_say_where_they_are() -> None:
    for tensor in (torch.ones(2).npu(), torch.ones(2, device="npu:0"), torch.ones(2).to("npu"), torch.ones(2).to(0)):
        assert tensor.device == torch.device("npu:0")
        assert tensor.is_npu
        assert type(tensor) is torch.Tensor
        assert not tensor.is_cpu
    assert "device='npu:0'" in repr(torch.ones(2).npu())
    assert torch.ones(2).npu(1).get_device() == 1


def check_views_share_bytes() -> None:
    tensor = random(3, 4)
    tensor.view(-1)[2:5].zero_()
    tensor.t()[0].fill_(7)
    assert tensor.cpu()[:, 0].tolist() == [7, 7, 7]
    assert tensor.cpu().flatten()[2:4].abs().sum() == 0


def check_results_equal_the_cpu() -> None:
    one, two = torch.randn(5, 6), torch.randn(6, 7)
    assert torch.equal((one.npu() @ two.npu() * 2.5 + 1).relu().cpu(), (one @ two * 2.5 + 1).relu())
    assert torch.equal(one.npu().sort(1).values.cumsum(0).cpu(), one.sort(1).values.cumsum(0))


def check_autograd_on_every_device() -> None:
    for device in ("npu:0", "npu:1"):
        weight = torch.randn(3, 3, device=device, requires_grad=True)
        seen: list[str] = []
        weight.register_hook(lambda gradient, seen=seen: seen.append(str(gradient.device)))
        (weight @ weight).sum().backward()
        assert weight.grad is not None
        assert [str(weight.grad.device)] == seen == [device]


def check_layers_train() -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(144, 5)).to("npu")
    model(random(2, 3, 8, 8)).sum().backward()
    for recurrent in (nn.LSTM(4, 5), nn.GRU(4, 5), nn.LSTMCell(4, 5), nn.GRUCell(4, 5)):
        source = random(3, 4) if isinstance(recurrent, nn.RNNCellBase) else random(3, 2, 4)
        recurrent.npu()(source)[0].sum().backward()
    attention, query = nn.MultiheadAttention(8, 2).to("npu"), random(3, 2, 8)
    attention(query, query, query)[0].sum().backward()
    assert all(parameter.grad.is_npu for parameter in attention.parameters())


def check_optimizers_step() -> None:
    for kind in (torch.optim.SGD, torch.optim.AdamW, torch.optim.Adadelta, torch.optim.RMSprop):
        for foreach in (True, False):
            model = nn.Linear(4, 4).npu()
            optimizer = kind(model.parameters(), lr=0.1, foreach=foreach)
            before = model.weight.detach().clone()
            model(random(2, 4)).sum().backward()
            optimizer.step()
            assert not torch.equal(before, model.weight)
            optimizer.load_state_dict(copy.deepcopy(optimizer.state_dict()))


def check_parameters_keep_their_identity() -> None:
    model = nn.Linear(2, 2)
    weight = model.weight
    assert model.npu().weight is weight
    assert copy.deepcopy(model).weight.is_npu
    model.load_state_dict(nn.Linear(2, 2).state_dict())
    assert model.weight.is_npu


def check_autocast_changes_dtypes() -> None:
    model, source = nn.Linear(4, 4).npu(), random(2, 4)
    with torch.autocast("npu", dtype=torch.float16):
        assert model(source).dtype is torch.float16
        assert model(source).softmax(-1).dtype is torch.float32
        with torch.autocast("npu", enabled=False):
            assert model(source).dtype is torch.float32
    with torch.npu.amp.autocast(dtype=torch.bfloat16):
        assert model(source).dtype is torch.bfloat16


def check_scaler_scales() -> None:
    model = nn.Linear(4, 4).npu()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for scaler in (torch.npu.amp.GradScaler(), torch.amp.GradScaler("npu")):
        assert scaler.is_enabled()
        loss = model(random(2, 4)).sum()
        assert scaler.scale(loss).item() == loss.item() * 65536
        scaler.scale(loss).backward()
        scaler.unscale_(optimizer)
        scaler.step(optimizer)
        scaler.update()
    model.weight.grad.fill_(float("inf"))
    scaler.step(optimizer)
    scaler.update()
    assert scaler.get_scale() == 32768


def check_devices_do_not_mix() -> None:
    text = "Expected all tensors to be on the same device"
    raises(RuntimeError, text, lambda: random(3) + torch.ones(3))
    raises(RuntimeError, text, lambda: torch.mm(torch.ones(3, 3), random(3, 3)))
    raises(RuntimeError, text, lambda: torch.cat([random(3), torch.ones(3)]))
    raises(RuntimeError, text, lambda: nn.Linear(3, 3)(random(3, 3)))
    raises(RuntimeError, text, lambda: torch.ones(3, device="npu:0") + torch.ones(3, device="npu:1"))
    raises(RuntimeError, text, lambda: torch.nn.functional.embedding(torch.tensor([1]), random(3, 3)))
    raises(RuntimeError, text, lambda: torch._foreach_add([random(3)], [torch.ones(3)]))
    raises(TypeError, "can't convert npu:0 device type tensor to numpy", lambda: random(2).numpy())
    raises(RuntimeError, "invalid device ordinal", lambda: torch.ones(2, device="npu:2"))


def check_what_may_mix_does() -> None:
    tensor = random(3, 4)
    assert (tensor * torch.tensor(2.0)).is_npu
    assert tensor[torch.tensor([0, 1])].shape == (2, 4)
    tensor[torch.tensor([True, False, True])] = 1.0
    tensor[0] = torch.ones(4)
    assert torch.where(tensor > 0, tensor, torch.tensor(0.0)).is_npu
    assert torch.ones(3).copy_(tensor[0, :3]).is_cpu


def check_random_numbers_are_the_devices_own() -> None:
    torch.manual_seed(1)
    first, host = random(3), torch.randn(3)
    torch.manual_seed(1)
    assert torch.equal(torch.randn(3), host)
    assert torch.equal(random(3), first)
    state = torch.npu.get_rng_state()
    dropped = nn.functional.dropout(torch.ones(8).npu())
    torch.npu.set_rng_state(state)
    assert torch.equal(nn.functional.dropout(torch.ones(8).npu()), dropped)
    torch.npu.manual_seed_all(5)
    one = random(2)
    torch.npu.manual_seed_all(5)
    assert torch.equal(random(2), one)
    assert torch.npu.initial_seed() == 5


def check_generators_belong_to_a_device() -> None:
    generator = torch.Generator(device="npu").manual_seed(3)
    assert generator.device.type == "npu"
    assert isinstance(generator, torch.Generator)
    first = random(2, generator=generator)
    assert torch.equal(random(2, generator=torch.Generator("npu").manual_seed(3)), first)
    raises(RuntimeError, "device type for generator", lambda: random(2, generator=torch.Generator()))
    assert isinstance(torch.default_generator, torch.Generator)


def check_saving_and_loading() -> None:
    buffer, tensor = io.BytesIO(), torch.ones(2, 3).npu()
    torch.save({"whole": tensor, "row": tensor[1]}, buffer)
    places = {None: "npu:0", "npu:1": "npu:1", "cpu": "cpu", torch.device("npu"): "npu:0"}
    for place, expected in places.items():
        buffer.seek(0)
        loaded = torch.load(buffer, map_location=place)
        assert str(loaded["whole"].device) == expected
        assert loaded["row"].untyped_storage().data_ptr() == loaded["whole"].untyped_storage().data_ptr()
    buffer.seek(0)
    assert str(torch.load(buffer, map_location={"npu:0": "npu:1"})["row"].device) == "npu:1"
    assert pickle.loads(pickle.dumps(tensor)).is_npu


def check_streams_and_events() -> None:
    stream = torch.npu.Stream()
    with torch.npu.stream(stream):
        assert torch.npu.current_stream() is stream
        random(2).record_stream(stream)
    assert torch.npu.current_stream() == torch.npu.default_stream()
    torch.npu.current_stream().wait_stream(stream)
    begin, end = torch.npu.Event(enable_timing=True), torch.npu.Event(enable_timing=True)
    begin.record()
    random(2, 2).sum()
    end.record()
    torch.npu.synchronize()
    assert begin.elapsed_time(end) > 0
    raises(RuntimeError, "enable_timing", lambda: torch.npu.Event().elapsed_time(end))


def check_current_device() -> None:
    torch.npu.set_device(1)
    assert torch.npu.current_device() == torch.accelerator.current_device_index() == 1
    assert random(2).get_device() == torch.ones(2).npu().get_device() == 1
    with torch.npu.device(0):
        assert random(2).get_device() == 0
    torch.npu.set_device("npu:0")
    assert random(2).get_device() == 0
    assert torch.npu.device_count() == torch.accelerator.device_count() == 2
    assert str(torch.accelerator.current_accelerator()) == "npu"


def check_memory_counts_live_tensors() -> None:
    before = torch.npu.memory_allocated(1)
    torch.npu.reset_peak_memory_stats(1)
    kept = torch.zeros(1000, device="npu:1")
    gone = torch.zeros(5000, device="npu:1")
    view = kept[10:]
    assert torch.npu.memory_allocated(1) - before == 24000
    del gone, kept
    assert torch.npu.memory_allocated(1) - before == 4000
    assert torch.npu.max_memory_allocated(1) - before == 24000
    assert torch.npu.memory_stats(1)["allocated_bytes.all.current"] == before + 4000
    del view
    assert torch.npu.memory_allocated(1) == before


def check_pinned_memory() -> None:
    pinned = torch.ones(2).pin_memory()
    assert pinned.is_pinned()
    assert not torch.ones(2).is_pinned()
    assert pinned.to("npu", non_blocking=True).is_npu
    raises(RuntimeError, "only dense CPU tensors can be pinned", lambda: random(2).pin_memory())


def check_default_device() -> None:
    with torch.device("npu"):
        assert torch.zeros(2).is_npu
        assert nn.Linear(2, 2).weight.is_npu
    assert torch.zeros(2).is_cpu


def check_transforms() -> None:
    source = random(4, 3)
    assert torch.vmap(lambda row: (row * 2).sum())(source).is_npu
    assert torch.func.grad(lambda tensor: tensor.pow(2).sum())(source).is_npu
    compiled = torch.compile(nn.Linear(3, 2).npu(), backend="aot_eager")
    assert compiled(source).is_npu
    with torch.inference_mode():
        assert (source + 1).is_npu


def check_complex_numbers_keep_their_lazy_bits() -> None:
    host = torch.randn(3, 2, dtype=torch.complex64)
    device = host.npu()
    assert torch.equal(device.conj().cpu().resolve_conj(), host.conj().resolve_conj())
    assert torch.equal(device.conj().imag.clone().cpu(), host.conj().imag)
    assert torch.allclose((device.mH @ device).cpu(), host.mH @ host, atol=1e-5)


def main() -> None:
    checks: Checks = {name: value for name, value in globals().items() if name.startswith("check_")}
    failures: dict[str, str] = {}
    for name, check in checks.items():
        try:
            check()
        except Exception:
            failures[name] = traceback.format_exc()
    json.dump(failures, sys.stdout)


if __name__ == "__main__":
    main()
