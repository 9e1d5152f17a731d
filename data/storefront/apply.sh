#!/usr/bin/env bash
# Rebuild the storefront repository from its patches.
# Usage: apply.sh DEST
# DEST must not exist or be an empty directory. The commit ids are the same on every run.
set -euo pipefail

if [ "$#" -ne 1 ]; then
    echo "usage: apply.sh DEST" >&2
    exit 2
fi

history_dir="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/history"
dest="$1"

if [ -e "$dest" ] && [ -n "$(ls -A "$dest")" ]; then
    echo "apply.sh: $dest is not empty" >&2
    exit 1
fi

unset GIT_DIR GIT_WORK_TREE GIT_INDEX_FILE GIT_CONFIG_COUNT GIT_CONFIG_PARAMETERS
export TZ=UTC LC_ALL=C
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
export GIT_COMMITTER_NAME=storefront GIT_COMMITTER_EMAIL=storefront@storefront.example

git init --quiet --template= --object-format=sha1 -b main "$dest"
git -C "$dest" \
    -c commit.gpgsign=false -c core.autocrlf=false -c core.hooksPath=/dev/null -c gc.auto=0 \
    am --quiet --committer-date-is-author-date --no-gpg-sign --no-3way --whitespace=nowarn \
    "$history_dir"/*.patch
git -C "$dest" rev-parse HEAD
