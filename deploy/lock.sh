#!/bin/sh
# `make lock`: requirements/*.in -> hashed requirements/*.txt for Python 3.11 to 3.13, in layers that agree with each
# other (-r and -c in the .in files). ARGS=--upgrade takes newer versions of what is not pinned. No host name is written.
set -eu
cd "$(dirname "$0")/../requirements"
for layer in run local test bench; do
    ../.venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
        --no-header --no-annotate "$@" "$layer.in" --output-file "$layer.txt"
done
for carrier in cdnow hadolint; do
    ../.venv/bin/uv pip compile --quiet --no-deps --python-version 3.11 --generate-hashes --no-emit-index-url \
        --no-header --no-annotate "$@" "$carrier.in" --output-file "$carrier.txt"
done
if grep -nE '[a-z]+://' ./*.txt; then echo "lock: a requirements file names a host" >&2; exit 1; fi
