#!/usr/bin/env bash
# Tries the hooks with pre-commit itself: tools/try_hooks.sh [PRE_COMMIT]
#
# PRE_COMMIT is the program; the default is the one on PATH. It installs the last commit of this checkout as any user's
# would, with what it depends on, so that a package index is needed. All happens in a folder that goes away afterwards.
set -euo pipefail

checkout=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
pre_commit=$(command -v "${1:-pre-commit}")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export PRE_COMMIT_HOME=$scratch/cache GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1
export GIT_AUTHOR_NAME=t GIT_AUTHOR_EMAIL=t@example.org GIT_COMMITTER_NAME=t GIT_COMMITTER_EMAIL=t@example.org

say() { printf '\n=== %s\n' "$*"; }
fail() {
    printf 'try_hooks: FAILED: %s\n' "$*" >&2
    exit 1
}
commit() { git add --all && git commit -q -m "$1" >"$scratch/log" 2>&1; }
passes() { commit "$1" || { cat "$scratch/log"; fail "$1"; }; echo "passed, as it should"; }
fails() {
    if commit "$1"; then fail "$1: the commit was made"; fi
    cat "$scratch/log"
    grep -qF -e "$2" "$scratch/log" || fail "$1: nothing says '$2'"
    echo "failed, as it should"
}
# configure [HOOK]: the settings and one hook, or none; what it says goes into a commit of its own
configure() {
    git config core.hooksPath /dev/null
    printf '[tool.accel-migrate]\nexclude = ["vendored"]\n%s\n' "${2-target = \"npu\"}" >pyproject.toml
    printf 'repos:\n- repo: file://%s\n  rev: %s\n  hooks:\n  - id: %s\n' \
        "$scratch/tool" "$revision" "$1" >.pre-commit-config.yaml
    git add --all && git commit -q -m "use $1"
    git config --unset core.hooksPath
}

git clone -q --no-hardlinks "$checkout" "$scratch/tool"
revision=$(git -C "$scratch/tool" rev-parse HEAD)
say "$("$pre_commit" --version), the hooks of $revision"
git init -q "$scratch/project"
cd "$scratch/project"
configure accel-migrate-check
"$pre_commit" install

say "a commit without CUDA"
printf 'import torch\n\nx = torch.zeros(1)\n' >clean.py
passes clean
say "a commit that adds .cuda()"
printf 'import torch\n\nx = torch.zeros(1).cuda()\n' >model.py
fails leftover 'model.py:3:20: method:cuda'
grep -qF '.cuda()' model.py || fail "the check wrote a file"

say "the same with the hook that fixes"
git reset -q --hard
configure accel-migrate
mkdir -p pkg vendored
printf 'import torch\n\nx = torch.zeros(1).cuda()\n' | tee pkg/model.py pkg/stub.pyi >vendored/kept.py
fails fix 'files were modified by this hook'
cat pkg/model.py
grep -qF '.npu()' pkg/model.py || fail "pkg/model.py was not rewritten"
grep -qF '.npu()' pkg/stub.pyi || fail "pkg/stub.pyi was not rewritten"
grep -qF '.cuda()' vendored/kept.py || fail "vendored/kept.py was rewritten, though it is excluded"
say "what it wrote, committed"
passes fixed

say "no target is set"
configure accel-migrate ''
printf 'y = x.cuda()\n' >>clean.py
fails "no target" 'target = "NAME" in [tool.accel-migrate] of pyproject.toml'
say "all as it should be"
