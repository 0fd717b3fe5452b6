#!/bin/sh
# Finds a Python that can run Hearth and hands over to deploy/setup.py (what that does is written there).
# usage: sh deploy/setup.sh local|test|bench        PYTHON=/path/to/python overrides the search
set -eu
cd "$(dirname "$0")/.."

suits() { "$1" -c 'import sys; sys.exit(not ((3, 11) <= sys.version_info[:2] < (3, 14)))' >/dev/null 2>&1; }

for candidate in ${PYTHON:+"$PYTHON"} .venv/bin/python python3.11 python3.12 python3.13 python3 python; do
    if suits "$candidate"; then exec "$candidate" deploy/setup.py "$@"; fi
done
found=$(python3 --version 2>&1 || echo 'no python3 at all')
echo "hearth: needs Python 3.11, 3.12 or 3.13; here there is: $found. Install one, or name it: make PYTHON=/path/to/python3.11 ..." >&2
exit 1
