"""Small scripts for the tests of shell: what becomes of them on Ascend, and what is said of those that stay."""

from __future__ import annotations

CHANGED = {
    "prefix assignment": ("CUDA_VISIBLE_DEVICES=0,1 python a.py\n", "ASCEND_RT_VISIBLE_DEVICES=0,1 python a.py\n"),
    "export": ("export CUDA_VISIBLE_DEVICES=0\n", "export ASCEND_RT_VISIBLE_DEVICES=0\n"),
    "export of several": (
        "export A=1 CUDA_VISIBLE_DEVICES B\nunset CUDA_VISIBLE_DEVICES\n",
        "export A=1 ASCEND_RT_VISIBLE_DEVICES B\nunset ASCEND_RT_VISIBLE_DEVICES\n",
    ),
    "declare": ("declare -x CUDA_VISIBLE_DEVICES=0\n", "declare -x ASCEND_RT_VISIBLE_DEVICES=0\n"),
    "env": ("env -i CUDA_VISIBLE_DEVICES=0 python a.py\n", "env -i ASCEND_RT_VISIBLE_DEVICES=0 python a.py\n"),
    "expansions": (
        'n=${CUDA_VISIBLE_DEVICES:-0}\necho "on $CUDA_VISIBLE_DEVICES" ${#CUDA_VISIBLE_DEVICES}\n',
        'n=${ASCEND_RT_VISIBLE_DEVICES:-0}\necho "on $ASCEND_RT_VISIBLE_DEVICES" ${#ASCEND_RT_VISIBLE_DEVICES}\n',
    ),
    "expansion in a here-document": (
        "cat <<EOF\nuses ${CUDA_VISIBLE_DEVICES}\nEOF\n",
        "cat <<EOF\nuses ${ASCEND_RT_VISIBLE_DEVICES}\nEOF\n",
    ),
    "default": (
        ': "${CUDA_VISIBLE_DEVICES:=0}"\nexport CUDA_VISIBLE_DEVICES\n',
        ': "${ASCEND_RT_VISIBLE_DEVICES:=0}"\nexport ASCEND_RT_VISIBLE_DEVICES\n',
    ),
    "whether it is set": (
        "if [[ -v CUDA_VISIBLE_DEVICES ]]; then unset CUDA_VISIBLE_DEVICES; fi\n",
        "if [[ -v ASCEND_RT_VISIBLE_DEVICES ]]; then unset ASCEND_RT_VISIBLE_DEVICES; fi\n",
    ),
    "docker": (
        "docker run -e CUDA_VISIBLE_DEVICES=0 --env=CUDA_VISIBLE_DEVICES img\n",
        "docker run -e ASCEND_RT_VISIBLE_DEVICES=0 --env=ASCEND_RT_VISIBLE_DEVICES img\n",
    ),
    "mpirun": ("mpirun -np 2 -x CUDA_VISIBLE_DEVICES a.sh\n", "mpirun -np 2 -x ASCEND_RT_VISIBLE_DEVICES a.sh\n"),
    "srun": (
        "srun --export=ALL,CUDA_VISIBLE_DEVICES=0 a.sh\n",
        "srun --export=ALL,ASCEND_RT_VISIBLE_DEVICES=0 a.sh\n",
    ),
    "loop variable": (
        "for CUDA_VISIBLE_DEVICES in 0 1; do export CUDA_VISIBLE_DEVICES; done\n",
        "for ASCEND_RT_VISIBLE_DEVICES in 0 1; do export ASCEND_RT_VISIBLE_DEVICES; done\n",
    ),
    "substitution": ("a=$(CUDA_VISIBLE_DEVICES=0 python a.py)\n", "a=$(ASCEND_RT_VISIBLE_DEVICES=0 python a.py)\n"),
    "backticks": ("a=`CUDA_VISIBLE_DEVICES=0 python a.py`\n", "a=`ASCEND_RT_VISIBLE_DEVICES=0 python a.py`\n"),
    "option": ("python a.py --device cuda\n", "python a.py --device npu\n"),
    "option with equals": ('python3.11 a.py --device="cuda:1"\n', 'python3.11 a.py --device="npu:1"\n'),
    "number from a variable": ("python a.py --device cuda:$i\n", "python a.py --device npu:$i\n"),
    "list of devices": ("python a.py --devices cuda:0,cuda:1\n", "python a.py --devices npu:0,npu:1\n"),
    "backend": ("torchrun a.py --dist-backend nccl\n", "torchrun a.py --dist-backend hccl\n"),
    "hydra": ("python a.py trainer.device=cuda +x.backend=nccl\n", "python a.py trainer.device=npu +x.backend=hccl\n"),
    "wrappers": (
        "nohup env X=1 srun -n 2 numactl -C 0 python a.py --device cuda &\n",
        "nohup env X=1 srun -n 2 numactl -C 0 python a.py --device npu &\n",
    ),
    "accelerate": ("accelerate launch $F --device cuda\n", "accelerate launch $F --device npu\n"),
    "uv": ("uv run --no-sync python a.py --device cuda\n", "uv run --no-sync python a.py --device npu\n"),
    "variable for python": ('"$PYTHON" $S --device cuda\n', '"$PYTHON" $S --device npu\n'),
    "script of the repository": ("bash run.sh --backend nccl\n", "bash run.sh --backend hccl\n"),
    "continued line": ("python a.py \\\n  --device \\\n  cuda\n", "python a.py \\\n  --device \\\n  npu\n"),
    "carriage returns": ("python a.py \\\r\n  --device cuda\r\n", "python a.py \\\r\n  --device npu\r\n"),
    "variable": (
        'DEVICE=cuda\nif [ "$DEVICE" = "cuda" ]; then python a.py --device $DEVICE; fi\n',
        'DEVICE=npu\nif [ "$DEVICE" = "npu" ]; then python a.py --device $DEVICE; fi\n',
    ),
    "default of a parameter": (
        "device=${1:-cuda:0}\n[[ $device == cuda* ]] && python a.py --device=$device\n",
        "device=${1:-npu:0}\n[[ $device == npu* ]] && python a.py --device=$device\n",
    ),
    "default in place": ("python a.py --device ${DEVICE:-cuda}\n", "python a.py --device ${DEVICE:-npu}\n"),
    "exported": (
        'export TORCH_DEVICE="cuda"\npython a.py\n',
        'export TORCH_DEVICE="npu"\npython a.py\n',
    ),
    "part of a value in a comparison": (
        'DEVICE=cuda:0\n[ "${DEVICE%%:*}" = cuda ] && python a.py --device "$DEVICE"\n',
        'DEVICE=npu:0\n[ "${DEVICE%%:*}" = npu ] && python a.py --device "$DEVICE"\n',
    ),
    "two names for one value": (
        "DEVICE=cuda\nDEV=$DEVICE\npython a.py --device $DEV\n",
        "DEVICE=npu\nDEV=$DEVICE\npython a.py --device $DEV\n",
    ),
    "value in a message": (
        'echo "on ${DEVICE:-cuda}"\npython a.py --device ${DEVICE:-cuda}\n',
        'echo "on ${DEVICE:-npu}"\npython a.py --device ${DEVICE:-npu}\n',
    ),
    "value before a command": ("DEVICE=cuda python a.py\n", "DEVICE=npu python a.py\n"),
    "loop over backends": (
        "for backend in nccl gloo mpi; do python a.py --backend $backend; done\n",
        "for backend in hccl gloo mpi; do python a.py --backend $backend; done\n",
    ),
    "arguments in a string": (
        'ARGS="--x 1 \\\n --backend nccl"\ntorchrun a.py $ARGS\n',
        'ARGS="--x 1 \\\n --backend hccl"\ntorchrun a.py $ARGS\n',
    ),
    "arguments in an array": (
        'ARGS=(--device cuda)\npython a.py "${ARGS[@]}"\n',
        'ARGS=(--device npu)\npython a.py "${ARGS[@]}"\n',
    ),
    "arguments in arguments": (
        'A="--device cuda"\nB="$A --x"\npython a.py $B\n',
        'A="--device npu"\nB="$A --x"\npython a.py $B\n',
    ),
    "command in a string": (
        'run_cmd="CUDA_VISIBLE_DEVICES=0 deepspeed a.py --device cuda"\neval ${run_cmd}\n',
        'run_cmd="ASCEND_RT_VISIBLE_DEVICES=0 deepspeed a.py --device npu"\neval ${run_cmd}\n',
    ),
    "shell in a string": (
        "bash -c 'export CUDA_VISIBLE_DEVICES=0; python a.py --device cuda'\n",
        "bash -c 'export ASCEND_RT_VISIBLE_DEVICES=0; python a.py --device npu'\n",
    ),
    "escapes in a string": (
        'bash -lc "python a.py --device \\"cuda\\" \\$X"\n',
        'bash -lc "python a.py --device \\"npu\\" \\$X"\n',
    ),
    "launcher in a variable": (
        'LAUNCHER="torchrun --nnodes 2"\nCMD="a.py --backend nccl"\nsrun bash -c "$LAUNCHER $CMD"\n',
        'LAUNCHER="torchrun --nnodes 2"\nCMD="a.py --backend hccl"\nsrun bash -c "$LAUNCHER $CMD"\n',
    ),
    "shell in a here-document": (
        "bash <<'EOF'\npython a.py --device cuda\nEOF\n",
        "bash <<'EOF'\npython a.py --device npu\nEOF\n",
    ),
}

KEPT = {  # what stays, and the rule and the safety of each thing that is said of it
    "unknown command": ("foo --device cuda\n", "device:cuda manual"),
    "binary of the repository": ("./build/main --device cuda\n", "device:cuda manual"),
    "module that is not torch's": ("python -m faster_whisper --device cuda\n", "device:cuda manual"),
    "option that says nothing": ("python a.py --foo cuda\n", "device:cuda manual"),
    "positional argument": ("python a.py cuda\n", "device:cuda manual"),
    "accelerator": ("python a.py --accelerator=gpu --gpus 4 # nccl\n", "text:settings manual, left:comment left"),
    "accelerator by name": ("python a.py --accelerator cuda\n", "text:settings manual"),
    "options of the project": ("python train_cuda.py --no-cuda --use_nccl\n", "left:identifier left*3"),
    "variables of the project": ("use_cuda=1\nCUDA_FLAG=--x\npython a.py $CUDA_FLAG\n", "left:identifier left*3"),
    "message": ('echo "running on cuda"\nprintf "nccl %s\\n" $x >&2\n', "left:message left*2"),
    "message with the variable's name": (
        'echo "CUDA_VISIBLE_DEVICES"\n',
        "left:message left",
    ),
    "comment": ("# CUDA_VISIBLE_DEVICES=0 python a.py --device cuda\n", "left:comment left"),
    "variable in a string for another program": (
        "export CUDA_VISIBLE_DEVICES=0\nssh h 'echo $CUDA_VISIBLE_DEVICES'\n",
        "env:CUDA_VISIBLE_DEVICES manual*2",
    ),
    "variable in sed": (
        "CUDA_VISIBLE_DEVICES=0 ./a.sh\nsed -i s/CUDA_VISIBLE_DEVICES/X/ a\n",
        "env:CUDA_VISIBLE_DEVICES manual*2",
    ),
    "variable that is written to a file": (
        "export CUDA_VISIBLE_DEVICES=0\necho CUDA_VISIBLE_DEVICES=0 >> .env\n",
        "env:CUDA_VISIBLE_DEVICES manual*2",
    ),
    "user and address": (
        '[ "$U" = svcnvidia-ci ] && test "$E" = ci@nvidia.com\n',
        "left:text left*2",
    ),
    "name in a condition": ('[ "$U" = pycuda ]\n', "text:compared manual"),
    "vendor's variable is there": (
        "export CUDA_VISIBLE_DEVICES=0\nexport ASCEND_RT_VISIBLE_DEVICES=0\n",
        "left:multi-backend left",
    ),
    "several devices": (
        'if [ "$D" = npu ]; then\n python a.py --device npu\nelse\n python a.py --device cuda\nfi\n',
        "left:multi-backend left",
    ),
    "several other devices": (
        "[ $D = xpu ] || python a.py --device cuda\n",
        "branch:multi-backend manual",
    ),
    "case": (
        "DEVICE=cuda\ncase $DEVICE in cuda) python a.py --device $DEVICE;; esac\n",
        "device:cuda manual*2",
    ),
    "case with the target": (
        "case $D in\n cuda*) a ;;\n npu*) b ;;\nesac\n",
        "left:multi-backend left",
    ),
    "comparison of what is set elsewhere": ('[ "$DEVICE" = cuda ] && a\n', "device:cuda manual"),
    "comparison of a parameter": ('[ "$1" == cuda ] && a\n', "device:cuda manual"),
    "old comparison": (
        'DEVICE=cuda\n[ "x$DEVICE" = "xcuda" ] && python a.py --device $DEVICE\n',
        "device:cuda manual, text:compared manual",
    ),
    "value that nothing hands on": ("BACKEND=nccl\n", "backend:nccl manual"),
    "value in a file name": (
        "DEVICE=cuda\npython a.py --device $DEVICE --config c/$DEVICE.yaml\n",
        "device:cuda manual",
    ),
    "value for another command": ("DEVICE=cuda\npython a.py --device $DEVICE\nfoo $DEVICE\n", "device:cuda manual"),
    "value for an option that says nothing": ("DEVICE=cuda\npython a.py --foo $DEVICE\n", "device:cuda manual"),
    "value of a variable that says nothing": ("WHAT=cuda\npython a.py --what $WHAT\n", "device:cuda manual"),
    "arguments for two programs": (
        'ARGS="--device cuda"\npython a.py $ARGS\nfoo $ARGS\n',
        "text:settings manual",
    ),
    "argument of a function": ("run() { python a.py --device $1; }\nrun cuda\n", "device:cuda manual"),
    "commands of NVIDIA's": ("n=$(nvidia-smi -L | wc -l)\nnvcc a.c\n", "cli:nvidia-smi manual, cli:nvcc manual"),
    "question for a command": ("which nvidia-smi\n", "cli:nvidia-smi manual"),
    "other command of NVIDIA's": ("nvidia-settings -q\n", "text:settings manual"),
    "packages": (
        "pip install torch==2.1.0+cu121 --index-url https://x.org/whl/cu121 numpy flash-attn\n",
        "package:torch manual, package:index manual, package:flash_attn manual",
    ),
    "system packages": ("sudo apt-get install -y libnccl2 cuda-toolkit-12-1\n", None),
    "modules": ("module load gcc cuda/11.8\n", None),
    "folder of the toolkit": ("export PATH=/usr/local/cuda-12.1/bin:$PATH\n", "text:settings manual"),
    "library": ("LD_PRELOAD=/opt/libnccl.so.2 ./a.sh\n", "text:settings manual"),
    "file of that name": ("[ -f a_cuda.json ] && cp a_cuda.json logs/nccl/\n", "left:identifier left*3"),
    "Python in a string": ('python -c "import torch; torch.cuda.init()"\n', "text:code manual"),
    "Python in a here-document": ("python - <<EOF\nimport torch\ntorch.cuda.init()\nEOF\n", "text:code manual"),
    "options of a build": ("cmake -DUSE_CUDA=ON ..\n", "text:settings manual"),
    "value before another command": ("DEVICE=cuda make\n", "device:cuda manual"),
    "exported value where nothing is started": ("export DEVICE=cuda\n", "device:cuda manual"),
    "value that is cut": (
        "DEVICE=cuda:0\necho ${DEVICE:0:4}\npython a.py --device $DEVICE\n",
        "device:cuda manual",
    ),
    "value that is measured": ("DEVICE=cuda\necho ${#DEVICE}\npython a.py --device $DEVICE\n", "device:cuda manual"),
    "alias": (
        "alias t='CUDA_VISIBLE_DEVICES=0 python a.py'\nexport CUDA_VISIBLE_DEVICES\n",
        "env:CUDA_VISIBLE_DEVICES manual*2",
    ),
    "name in a variable": (
        "v=CUDA_VISIBLE_DEVICES\necho ${!v}\nexport CUDA_VISIBLE_DEVICES=0\n",
        "env:CUDA_VISIBLE_DEVICES manual*2",
    ),
    "words of another machine": (
        "ssh h CUDA_VISIBLE_DEVICES=0 python a.py --device cuda\n",
        "env:CUDA_VISIBLE_DEVICES manual, device:cuda manual",
    ),
    "command in a container": ("docker exec c python a.py --device cuda\n", "device:cuda manual"),
    "text that is a comment": (": <<'X'\npython a.py --device cuda\nX\n", "left:comment left"),
    "pattern for an option": ("case $1 in --cuda) a ;; esac\n", "left:identifier left"),
    "list with other things": ("python a.py --device cuda:x,Y\n", "text:settings manual"),
    "source of a package": (
        "git clone https://github.com/NVIDIA/apex.git\ngit clone https://github.com/NVIDIA/other\n",
        "package:apex manual, left:identifier left",
    ),
    "download": ("wget https://developer.download.nvidia.com/x/cuda-keyring.deb\n", "text:settings manual"),
    "image in a variable": ("IMAGE=nvcr.io/nvidia/pytorch:24.01-py3\n", None),
    "names of models": ("MODEL=nvidia/Nemotron-4\n", "left:identifier left"),
    "value that a function returns": (
        "f() { echo cuda; }\nDEVICE=cuda\nDEVICE=$(f)\npython a.py --device $DEVICE\n",
        "device:cuda manual*2",
    ),
    "platforms": ("case $P in rocm) a ;; esac\npython a.py --device cuda\n", "branch:multi-backend manual"),
    "arguments of a container in a string": (
        'A="--runtime nvidia --gpus all"\ndocker run $A i\n',
        "text:settings manual",
    ),
    "search": ("grep -i cuda log.txt\n", "device:cuda manual"),
    "line for a scheduler": (
        "#SBATCH --job-name=cuda\n#SBATCH --partition=nvidia\n",
        "left:comment left, text:settings manual",
    ),
    "variable in a line for a scheduler": (
        "#SBATCH --export=CUDA_VISIBLE_DEVICES=0\nexport CUDA_VISIBLE_DEVICES\n",
        "env:CUDA_VISIBLE_DEVICES manual*2",
    ),
    "escapes in backticks": ("a=`echo \\`nvidia-smi\\``\n", "text:settings manual"),
    "image": ("docker run nvidia/cuda:12.1-base a\n", None),
}
