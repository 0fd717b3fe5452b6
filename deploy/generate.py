"""`make generate`: everything in the repository that is made from something else; `--check` only compares.

- `hearth/<service>/v1/*_pb2*.py` from `proto/hearth/<service>/v1/*.proto`;
- documents: every function in DOCUMENTS returns `{path from the repository's root: text}`.

Generated files are committed, so that a reader and a container image need no generator.
"""

import importlib
import sys
import tempfile
from importlib import resources
from pathlib import Path

from deploy.local.paths import ROOT

PROTO = ROOT / "proto"

# "module:function", each `() -> dict[str, str]`.
DOCUMENTS: tuple[str, ...] = (
    "contracts.generate:documents",
    "deploy.errors:documents",
    "deploy.metrics:documents",
    "deploy.pages:documents",
    "deploy.access:documents",
    "deploy.acls:documents",
    "deploy.roles:documents",
    "deploy.chart:documents",
    "deploy.dashboards:documents",
)


def stubs() -> dict[str, str]:
    """The gRPC stubs of every .proto file. Raises RuntimeError when protoc refuses one (its words are on stderr)."""
    sources = sorted(str(path.relative_to(PROTO)) for path in PROTO.rglob("*.proto"))
    if not sources:
        return {}
    from grpc_tools import protoc  # only developers have it

    common = str(resources.files("grpc_tools") / "_proto")
    with tempfile.TemporaryDirectory() as folder:
        out = [f"--{kind}_out={folder}" for kind in ("python", "pyi", "grpc_python")]
        if protoc.main(["protoc", f"-I{PROTO}", f"-I{common}", *out, *sources]) != 0:
            raise RuntimeError("protoc refused a .proto file; its reason stands above")
        return {str(path.relative_to(folder)): path.read_text() for path in sorted(Path(folder).rglob("*_pb2*"))}


def documents() -> dict[str, str]:
    """The generated documents."""
    made: dict[str, str] = {}
    for entry in DOCUMENTS:
        module, function = entry.split(":")
        made |= getattr(importlib.import_module(module), function)()
    return made


def strays(made: dict[str, str]) -> list[str]:
    """Stubs in the repository whose .proto is gone."""
    present = {str(path.relative_to(ROOT)) for path in (ROOT / "hearth").rglob("*_pb2*.py*") if path.suffix != ".pyc"}
    return sorted(present - set(made))


def main(argv: list[str]) -> int:
    """Write what differs, or with `--check` name it and return 1."""
    made = stubs() | documents()
    stale = [path for path, text in made.items() if not (ROOT / path).exists() or (ROOT / path).read_text() != text]
    gone = strays(made)
    if "--check" in argv:
        for path in [*stale, *gone]:
            print(f"generate: {path} is not what its source makes: run `make generate`", file=sys.stderr)
        return 1 if stale or gone else 0
    for path in stale:
        (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
        (ROOT / path).write_text(made[path])
    for path in gone:
        (ROOT / path).unlink()
    print(f"generate: {len(made)} files, {len(stale)} written, {len(gone)} removed")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
