"""grpcurl, built with Go once per machine into the cache."""

from pathlib import Path

import pytest

from deploy.local import download
from deploy.local.errors import LocalError
from deploy.local.paths import cache_dir

VERSION = "v1.9.3"
NAME = f"grpcurl-{VERSION}"


def _build(folder: Path) -> None:
    go, env = download.tool("go", "grpcurl is built with it"), download.tool("env", "it sets GOBIN")
    what = f"github.com/fullstorydev/grpcurl/cmd/grpcurl@{VERSION}"
    download.build_step([env, f"GOBIN={folder / 'bin'}", go, "install", what], folder, NAME)


def program(*, build: bool) -> str:
    """The path of grpcurl; where it is missing, and cannot or must not be built, the test is skipped with the reason."""
    if not build and not (cache_dir() / NAME).is_dir():
        pytest.skip("no grpcurl on this machine yet: make test-real builds it")
    try:
        return str(download.cached(NAME, _build) / "bin" / "grpcurl")
    except LocalError as error:
        pytest.skip(f"no grpcurl here: {error}")
