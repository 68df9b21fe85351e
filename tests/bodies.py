"""Small scripts with here-documents and texts of several lines: as `shells` has them for the rest of shell."""

from __future__ import annotations

CHANGED = {
    "here-document for a shell with options": (
        "bash -ex -o pipefail <<'EOF'\npython a.py --device cuda\nEOF\n",
        "bash -ex -o pipefail <<'EOF'\npython a.py --device npu\nEOF\n",
    ),
    "here-document for a scheduler": (
        "sbatch <<EOF\n#!/bin/bash\nexport CUDA_VISIBLE_DEVICES=0\necho \\$CUDA_VISIBLE_DEVICES  # cuda\n"
        'srun bash -c "python a.py --device cuda" \\\n  2>&1\nEOF\n',
        "sbatch <<EOF\n#!/bin/bash\nexport ASCEND_RT_VISIBLE_DEVICES=0\necho \\$ASCEND_RT_VISIBLE_DEVICES  # cuda\n"
        'srun bash -c "python a.py --device npu" \\\n  2>&1\nEOF\n',
    ),
    "here-document through a pipe": (
        "cat <<'EOF' | bash\npython a.py --device cuda\nEOF\n",
        "cat <<'EOF' | bash\npython a.py --device npu\nEOF\n",
    ),
}

KEPT = {  # what stays, and the rule and the safety of each thing that is said of it
    "here-document for a file": (
        "cat > a.sh <<EOF\npython a.py --device cuda\nEOF\n",
        "device:cuda manual",
    ),
    "here-document for a script as superuser": (
        "sudo tee /x/a.sh <<'EOF'\nnvidia-smi\npython a.py --device cuda\nEOF\n",
        "cli:nvidia-smi manual, device:cuda manual",
    ),
    "here-document with a script in it": (
        "cmd=$(cat <<'EOF'\n#!/bin/bash\n#SBATCH --gres=gpu:8\npython a.py --device cuda\nEOF\n)\n",
        "resource:slurm-gpu manual, device:cuda manual",
    ),
    "here-document elsewhere": (
        "export CUDA_VISIBLE_DEVICES=0\nssh host <<'EOF'\necho $CUDA_VISIBLE_DEVICES\nnvidia-smi\nEOF\n",
        "env:CUDA_VISIBLE_DEVICES manual*2, cli:nvidia-smi manual",
    ),
    "here-document in a container": (
        "docker run -i img bash <<'EOF'\npython a.py --device cuda\nEOF\n",
        "device:cuda manual",
    ),
    "here-document for a script that has its own": (
        "bash a.sh <<'EOF'\ncuda\nnccl\nEOF\n",
        "text:settings manual*2",
    ),
    "here-document in Python": (
        "sbatch <<'EOF'\n#!/usr/bin/env python\nx = 'cuda'\ny = 'nccl'\nEOF\n",
        "text:code manual*2",
    ),
    "text of several lines": ('foo "\n cuda\n\n nccl cuda\n"\n', "text:settings manual*2"),
    "message of several lines": ('echo "\n cuda\n\n nccl cuda\n"\n', "left:message left*2"),
}
