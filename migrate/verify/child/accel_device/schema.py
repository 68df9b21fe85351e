"""The run folder: what `accel-migrate verify` writes for the simulated device, and what the device writes back.

Layout (`ACCEL_VERIFY` is the absolute path of the run folder; PYTHONPATH = `<child>:<run>/site[:the user's]`, where
`<child>` is the folder that holds this package and its `sitecustomize.py`):

    profile.json          written by the parent, read once by every process
    site/<package>/__init__.py      the stand-in vendor package, see STAND_IN
    site/<distribution>-<version>.dist-info/    METADATA, top_level.txt, RECORD; entry_points.txt when autoload
    events/<pid>.jsonl    written by the processes; the parent creates the folder `events`

A command is started as plain Python (`python train.py …`, `python -m package.module …`,
`python -m torch.distributed.run …`) or as `python -m accel_device -- train.py …`, which checks the versions, then
*becomes* that same plain Python (exec), so argv, sys.path and tracebacks are the script's own. The simulation itself is
started by `sitecustomize` in every Python process that inherits the environment; torch is patched as soon as it has
been imported.

profile.json
    target        "npu"
    device        "npu"         device type, the name of the private-use backend
    module        "torch.npu"
    package       "torch_npu"   the stand-in vendor package
    backend       "hccl"        the process group backend; "" when the vendor has none
    shared_random false         random operators of the device draw from the CPU's generator: a script that seeds it
                                gets the numbers that it gets on a CPU; optional
    devices       2             how many devices the machine pretends to have
    version       "2.13.0"      what torch_npu.__version__ says
    root          "/repo"       files below it are the user's code: only these are blamed for what is met
    strict_dtypes false         raise for the dtypes of `refused` and the values of `narrowed`
    refused       ["float64"]   dtypes that the device does not have
    narrowed      {"int64": "int32"}    dtypes that the device keeps in fewer bits: values out of range are refused
    names         {"synchronize": {"status": "same", "advice": "", "rule": "api:torch.cuda.synchronize"},
                   "amp.autocast": {…},   dotted names below `module`; a name with names below it is a module
                   "nvtx": {"status": "missing", "advice": "use torch.npu.mstx", "rule": "api:torch.cuda.nvtx"}}
                  status "same", "renamed" or "differs": the name exists; "missing" or "unknown": touching it raises
                  AttributeError with the advice recorded, as does every name that is not listed
    package_names the same, for dotted names below the vendor package (`torch_npu.npu_fusion_attention`); optional
    torch_names   the same, for dotted names that the plug-in adds elsewhere in torch
                  (`distributed.is_hccl_available`, `backends.cnnl.allow_tf32`); optional
    watch         {"train.py": [3, 14]}   rewritten lines by file below root whose execution is recorded
    autoload      true          torch loads the plug-in itself; the parent then writes the entry point
                                `[torch.backends]` `torch_npu = torch_npu:_autoload` into entry_points.txt

events/<pid>.jsonl: one JSON object a line, each appended in one write. Every kind but "ran", "start", "end" has
    kind, what, file, line, why, raised; file is relative to root when below it and "" when no line of the user's code
    was on the stack; the same (kind, what, file, line) is written once a process.
    start         {"kind", "pid", "rank": int | null, "argv", "torch", "python"}   when torch was imported
    leftover      use of CUDA that fails on the card: `what` "torch.cuda.synchronize()", 'device="cuda"', "nccl", …
    silent        use of CUDA that does nothing and says nothing: `what` "torch.cuda.is_available()", …
    compare       a test for CUDA that is false on the device: `what` 'device.type == "cuda"', "Tensor.is_cuda", …
    missing       a name that the vendor does not have (AttributeError); `why` is its advice, `rule` the row's id
    unmodelled    something the vendor has and the simulation has not: it raised NotModelledError
    mixed         tensors of two devices met in one operator
    dtype         a dtype or a value that the device refuses (strict_dtypes)
    fork          the device was used in a forked child of a process that had used it
    unsupported   this torch cannot carry the simulation; the process ends with EXIT_UNSUPPORTED
    ran           {"kind", "file", "line"}    a watched line was executed, written at its first execution
    end           {"kind", "pid", "rank", "operators": {name: count}, "calls_on_device", "devices_used": [0, 1],
                   "seconds_total", "seconds_device", "peak_bytes": {"0": bytes}}
                  absent when the process was killed; peak_bytes counts live tensor storages on the device
"""

EXIT_UNSUPPORTED = 79  # torch is missing, too old, or its private API has moved: standard error says which

OLDEST_TORCH = (2, 10)

STAND_IN = """\
def _autoload():
    pass


import accel_device

accel_device.install(__name__)
"""
