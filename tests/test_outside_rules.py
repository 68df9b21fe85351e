"""The rows for what stands outside of Python, and the patterns that lead to them."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest
from kit import EVERY_TARGET, table

from migrate.finder import may_mention
from migrate.kinds.rows import command, distribution, normalized, resource, variable
from migrate.model import Draft, Rule
from migrate.neutral import neutral_table

OUTSIDE = table("npu").sites.outside
QUIET = ("same", "harmless", "native")
NEUTRAL = neutral_table()

# Variables that the vendors name, or that scripts in the wild set.
VARIABLES = [
    "CUBLAS_WORKSPACE_CONFIG", "CUDA_CACHE_PATH", "CUDA_DEVICE_MAX_CONNECTIONS", "CUDA_DEVICE_ORDER", "CUDA_HOME",
    "CUDA_LAUNCH_BLOCKING", "CUDA_MODULE_LOADING", "CUDA_PATH", "CUDA_ROOT", "CUDA_VISIBLE_DEVICES",
    "CUDNN_LOGINFO_DBG", "FORCE_CUDA", "MV2_USE_CUDA", "NCCL_ALGO", "NCCL_ASYNC_ERROR_HANDLING", "NCCL_BLOCKING_WAIT",
    "NCCL_BUFFSIZE", "NCCL_CUMEM_ENABLE", "NCCL_DEBUG", "NCCL_DESYNC_DEBUG", "NCCL_ENABLE_TIMING", "NCCL_IB_DISABLE",
    "NCCL_IB_GID_INDEX", "NCCL_IB_HCA", "NCCL_IB_TC", "NCCL_IB_TIMEOUT", "NCCL_LAUNCH_MODE", "NCCL_NET",
    "NCCL_NET_GDR_LEVEL", "NCCL_NSOCKS_PERTHREAD", "NCCL_NVLS_ENABLE", "NCCL_P2P_DISABLE", "NCCL_PROTO",
    "NCCL_SHM_DISABLE", "NCCL_SOCKET_IFNAME", "NCCL_SOCKET_NTHREADS", "NCCL_TIMEOUT", "NCCL_TREE_THRESHOLD",
    "NVIDIA_DRIVER_CAPABILITIES", "NVIDIA_REQUIRE_CUDA", "NVIDIA_TF32_OVERRIDE", "NVIDIA_VISIBLE_DEVICES",
    "NVTE_FLASH_ATTN", "PYTORCH_CUDA_ALLOC_CONF", "PYTORCH_NO_CUDA_MEMORY_CACHING", "PYTORCH_NVML_BASED_CUDA_CHECK",
    "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE", "TORCH_CUDA_ARCH_LIST", "TORCH_CUDA_SANITIZER",
    "TORCH_NCCL_ASYNC_ERROR_HANDLING", "TORCH_NCCL_AVOID_RECORD_STREAMS", "TORCH_NCCL_BLOCKING_WAIT",
    "TORCH_NCCL_COORD_CHECK_MILSEC", "TORCH_NCCL_DEBUG_INFO_PIPE_FILE", "TORCH_NCCL_DEBUG_INFO_TEMP_FILE",
    "TORCH_NCCL_DESYNC_DEBUG", "TORCH_NCCL_DUMP_ON_TIMEOUT", "TORCH_NCCL_ENABLE_MONITORING", "TORCH_NCCL_ENABLE_TIMING",
    "TORCH_NCCL_HEARTBEAT_TIMEOUT_SEC", "TORCH_NCCL_HIGH_PRIORITY", "TORCH_NCCL_NAN_CHECK",
    "TORCH_NCCL_RETHROW_CUDA_ERRORS", "TORCH_NCCL_TRACE_BUFFER_SIZE", "TORCH_NCCL_TRACE_CPP_STACK",
    "TORCH_NCCL_USE_COMM_NONBLOCKING", "TORCH_NCCL_WAIT_TIMEOUT_DUMP_MILSEC",
]  # fmt: skip

DISTRIBUTIONS = {
    "accelerate": "accelerate", "Flash_Attn": "flash_attn", "flash.attn": "flash_attn", "nvidia-ml-py": "pynvml",
    "nvidia-ml-py3": "pynvml", "pynvml": "pynvml", "nvidia-cublas-cu12": "cuda-wheels", "cuda-nvcc": "cuda-wheels",
    "nvidia-cudnn-cu13": "cuda-wheels", "nvidia-cuda-runtime": "cuda-wheels", "nvidia-nvtx-cu12": "cuda-wheels",
    "nvidia-modelopt": "nvidia", "nvidia-dali-cuda120": "dali", "nvidia-cutlass-dsl": "cutlass", "nvtx": "nvtx",
    "cudatoolkit": "cuda-wheels", "cuda-toolkit": "cuda-wheels", "cuda-python": "cuda-python", "cuda": "cuda-wheels",
    "pytorch-cuda": "pytorch-cuda", "cudf-cu12": "cudf", "rmm-cu12": "cudf", "cupy-cuda12x": "cupy", "cupy": "cupy",
    "onnxruntime-gpu": "onnxruntime-gpu", "faiss-gpu-cu12": "faiss-gpu", "tensorrt-cu12": "tensorrt",
    "torch-tensorrt": "tensorrt", "tensorrt_llm": "tensorrt", "mamba-ssm": "mamba_ssm", "vllm": "vllm",
    "causal-conv1d": "causal_conv1d", "auto-gptq": "auto_gptq", "triton": "triton", "megatron-core": "megatron",
    "mmcv-full": "mmcv", "detectron2": "detectron2", "torch-sparse": "torch_scatter", "ray": "ray",
    "pytorch-lightning": "lightning", "deepspeed": "deepspeed", "transformers": "transformers", "peft": "peft",
    "timm": "timm", "diffusers": "diffusers", "torch-geometric": "torch_geometric", "torchtune": "torchtune",
    "numba-cuda": "numba", "horovod": "horovod", "mmengine": "mmengine", "bitsandbytes": "bitsandbytes",
    "transformer-engine-cu12": "transformer_engine", "sageattention": "sageattention", "spconv-cu118": "spconv",
}  # fmt: skip
ORDINARY = [
    "torch", "torchvision", "torchaudio", "numpy", "numba", "onnxruntime", "faiss-cpu", "array-record", "raytracing",
    "flash-attn-npu", "triton-ascend", "vllm-ascend", "onnxruntime-cann", "torch-npu", "cudaless", "lightning-habana",
]  # fmt: skip

RESOURCES = {
    "--gpus": "docker-gpus", "--gpus=all": "docker-gpus", "--gpus all": "docker-gpus",
    "--runtime=nvidia": "docker-runtime", "runtime: nvidia": "docker-runtime", "nvidia-docker": "docker-runtime",
    "driver: nvidia": "compose-gpu", "capabilities: [gpu]": "compose-gpu", 'capabilities: ["gpu"]': "compose-gpu",
    "nvidia.com/gpu": "kubernetes-gpu", "nvidia.com/mig-1g.5gb": "kubernetes-gpu",
    "nvidia/cuda:12.1.0-devel-ubuntu22.04": "image-cuda", "nvcr.io/nvidia/cuda:12.1": "image-cuda",
    "docker.io/nvidia/cuda": "image-cuda", "nvcr.io/nvidia/tritonserver:24.01": "image-cuda",
    "nvcr.io/nvidia/pytorch:23.10-py3": "image-pytorch", "me/trainer:cu121": "image-cuda",
    "pytorch/pytorch:2.1.0-cuda12.1-cudnn8-runtime": "image-pytorch", "huggingface/transformers-gpu": "image-cuda",
    "docker.io/pytorch/pytorch:2.1.0-cuda12.1-cudnn8-devel": "image-pytorch",
    "--gres=gpu": "slurm-gpu", "--gres=gpu:a100:4": "slurm-gpu", "--gpus-per-node": "slurm-gpu",
    "--gpus-per-task=1": "slurm-gpu", "gres: gpu:4": "slurm-gpu", "slurm:--gpus=4": "slurm-gpu",
    "apt:cuda-toolkit-12-1": "apt-cuda", "apt:libnccl2": "apt-cuda", "apt:libcudnn8-dev": "apt-cuda",
    "apt:nvidia-driver-535": "apt-cuda", "module:cuda/11.8": "module-cuda", "module:cudnn": "module-cuda",
}  # fmt: skip
PLAIN = [
    "pytorch/pytorch:2.1.0-cpu", "ubuntu:22.04", "python:3.11-slim", "--gres=fpga:1", "apt:git", "apt:libcurl4",
    "module:gcc/12", "runtime: runc", "capabilities: [tpu]", "ghcr.io/me/gpustack", "huawei.com/Ascend910",
]  # fmt: skip


@pytest.mark.parametrize("target", EVERY_TARGET)
def test_every_pattern_leads_to_a_row(target: str) -> None:
    rules = table(target).rules
    keys = [f"package:{key}" for _, key in OUTSIDE.distributions] + [f"resource:{key}" for _, key in OUTSIDE.resources]
    assert [key for key in keys if key not in rules] == []


@pytest.mark.parametrize("target", EVERY_TARGET)
def test_every_row_is_led_to(target: str) -> None:
    packages = {key for _, key in OUTSIDE.distributions} | set(table(target).sites.packages.values())
    if target != "xpu":
        packages -= {"ipex"}  # Intel's own, which matters on the way to Intel's GPUs
    resources = {key for _, key in OUTSIDE.resources}
    rows = table(target).rules.values()
    assert {rule.key for rule in rows if rule.kind == "package"} == packages
    assert {rule.key for rule in rows if rule.kind == "resource"} == resources


@pytest.mark.parametrize("target", EVERY_TARGET)
@pytest.mark.parametrize("kind", ["env", "package", "cli", "resource"])
def test_targets_have_rows_for_the_same_keys(target: str, kind: str) -> None:
    def keys(name: str) -> set[str]:
        rows = (rule for rule in table(name).rules.values() if rule.kind == kind)
        return {rule.key for rule in rows if not rule.key.startswith(("NCCL_", "TORCH_NCCL_"))} - {"ipex"}

    assert keys(target) == keys("npu")
    assert {"NCCL_*", "TORCH_NCCL_*"} <= {rule.key for rule in table(target).rules.values()}


def test_no_pattern_hides_another() -> None:
    for patterns in (OUTSIDE.distributions, OUTSIDE.resources):
        for place, (pattern, key) in enumerate(patterns):
            name = pattern.replace("[0-9]", "1").replace("*", "x")
            first = next(found for earlier, found in patterns if fnmatchcase(name, earlier))
            assert first == key, (pattern, patterns[place])


@pytest.mark.parametrize("target", EVERY_TARGET)
@pytest.mark.parametrize("name", VARIABLES)
def test_variable_has_a_row_or_falls_to_a_pattern(target: str, name: str) -> None:
    rule = table(target).rule_for("env", name)
    draft = variable(table(target), name, 3)
    assert rule is not None
    assert draft is not None
    assert (draft.rule_id, draft.start, draft.end) == (f"env:{name}", 3, 3 + len(name))
    assert draft.safety == ("manual" if rule.status != "renamed" else "review" if rule.review else "safe")


@pytest.mark.parametrize("name", ["MAX_JOBS", "USE_CUDA", "TORCH_HOME", "MY_NCCL_DEBUG", "PATH", "NCCL", "CUDA"])
def test_variable_of_others_has_none(name: str) -> None:
    assert all(variable(table(target), name, 0) is None for target in EVERY_TARGET)


@pytest.mark.parametrize("target", EVERY_TARGET)
@pytest.mark.parametrize("name", DISTRIBUTIONS)
def test_name_on_the_registry_leads_to_its_row(target: str, name: str) -> None:
    check_draft(distribution(table(target), name, 3), table(target).rules[f"package:{DISTRIBUTIONS[name]}"], name)
    for kind in ("requirements", "toml", "yaml", "docker", "shell", "notebook"):
        assert may_mention(f"x\n  {name}>=1\n".encode(), table(target).sites, kind)


@pytest.mark.parametrize("name", ORDINARY)
def test_name_of_another_package_leads_to_none(name: str) -> None:
    assert distribution(table("npu"), name, 0) is None


@pytest.mark.parametrize("target", EVERY_TARGET)
@pytest.mark.parametrize("name", RESOURCES)
def test_name_of_a_resource_leads_to_its_row(target: str, name: str) -> None:
    check_draft(resource(table(target), name, 3), table(target).rules[f"resource:{RESOURCES[name]}"], name)
    check_draft(resource(NEUTRAL, name.upper(), 3), NEUTRAL.rules[f"resource:{RESOURCES[name]}"], name)


@pytest.mark.parametrize("name", PLAIN)
def test_name_of_another_resource_leads_to_none(name: str) -> None:
    assert resource(table("npu"), name, 0) is None


@pytest.mark.parametrize("target", EVERY_TARGET)
def test_command_is_reported_with_and_without_its_path(target: str) -> None:
    rows = [rule for rule in table(target).rules.values() if rule.kind == "cli"]
    assert {rule.key for rule in rows} >= {"nsys", "ncu", "nvcc", "nvidia-smi", "compute-sanitizer"}
    for rule in rows:
        for word in (rule.key, f"/usr/local/cuda/bin/{rule.key}"):
            check_draft(command(table(target), word, 3), rule, word)
        assert may_mention(f"{rule.key} python train.py\n".encode(), table(target).sites, "shell")
    assert command(table(target), "python", 0) is None


def check_draft(draft: Draft | None, rule: Rule, name: str) -> None:
    """A finding for a person, with the row's id, or none if nothing has to be done."""
    ordinary = rule.kind == "package" and rule.status == "unknown" and not rule.message  # a package not CUDA's
    if rule.status in QUIET or ordinary:
        assert draft is None
    else:
        assert draft is not None
        assert (draft.rule_id, draft.safety, draft.edits) == (rule.id, "manual", ())
        assert (draft.start, draft.end) == (3, 3 + len(name))
        assert draft.message


@pytest.mark.parametrize("target", EVERY_TARGET)
def test_first_version_is_the_one_that_the_advice_names(target: str) -> None:
    rows = [rule for rule in table(target).rules.values() if rule.first]
    assert all(f" {rule.first};" in (rule.message or "") for rule in rows)
    natives = [rule for rule in table(target).rules.values() if rule.kind == "package" and rule.status == "native"]
    silent = {rule.key for rule in natives if not rule.first}
    assert silent <= {"ray", "torch_geometric", "torchtune"}


def test_without_a_target_nothing_but_cuda_is_spoken_of() -> None:
    for rule in NEUTRAL.rules.values():
        if rule.kind in ("env", "cli", "resource") and not rule.message.startswith("CUDA only ("):
            assert rule.message.startswith("CUDA only; ")
            assert not {"ascend", "cambricon", "sophgo", "hccl", "cann"} & set(rule.message.lower().split())
    assert NEUTRAL.rules["package:ray"].status == "native"
    assert normalized("Nvidia_ML.py") == "nvidia-ml-py"
