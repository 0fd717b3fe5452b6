"""The container image: `python -m deploy.image build|test`, behind `make image` and `make image-test`.

`build` makes it with the builder that is there (docker, podman, buildah). `test` needs no container engine: buildah builds
the real Dockerfile (`--isolation chroot`) on a base made by debootstrap, then what compose.yaml starts is started in it, as
its user, with a read-only root, against engines of our own, until every process is ready.
"""

import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import yaml

from deploy.audit import write_sbom
from deploy.local import download, ports, stack
from deploy.local.errors import LocalError
from deploy.local.paths import ROOT, cache_dir
from deploy.local.process import Process

DOCKERFILE, COMPOSE = ROOT / "deploy" / "Dockerfile", ROOT / "deploy" / "compose.yaml"
SUITE = "bookworm"
BASE, TESTED = f"localhost/hearth-base:{SUITE}", "localhost/hearth:test"
PACKAGES = ("buildah", "debootstrap", "uidmap", "crun")
READY_SECONDS = 120

IN_ROOT = """
set -eu
mount --make-rprivate /
mount --bind "$1" "$1"
mount -o remount,bind,ro "$1"
mount --rbind /proc "$1/proc"
mount --rbind /dev "$1/dev"
mount -t tmpfs -o mode=1777 tmpfs "$1/tmp"
mount --bind "$2" "$1/keys"
root=$1 user=$3; shift 3
exec chroot --userspec="$user" --groups= "$root" "$@"
"""
"""What a container engine would do, and no more: a root that cannot be written, /tmp in memory, a volume, a user."""


def build(image: str = "localhost/hearth:dev") -> int:
    """Build with what this machine has; returns the builder's exit code."""
    builder = next((name for name in ("docker", "podman", "buildah") if shutil.which(name)), None)
    if builder is None:
        raise LocalError("no docker, podman or buildah here; install one to build the image")
    write_sbom()
    revision = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
    stamp = ["--build-arg", f"REVISION={revision.stdout.strip() or 'unknown'}"]
    return subprocess.run(
        [builder, "build", *stamp, "-f", str(DOCKERFILE), "-t", image, str(ROOT)], check=False
    ).returncode


# ---- building without a container engine ----------------------------------------------------------------------------


def install_tools() -> None:
    """buildah and debootstrap, from Debian where they are missing. Raises LocalError."""
    if all(shutil.which(name) for name in ("buildah", "debootstrap")):
        return
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise LocalError(f"needs {' and '.join(PACKAGES[:2])}: apt-get install {' '.join(PACKAGES)}")
    for step in (["update", "--quiet"], ["install", "--yes", "--quiet", "--no-install-recommends", *PACKAGES]):
        subprocess.run(["apt-get", *step], check=True, stdout=subprocess.DEVNULL)


def _bootstrap(folder: Path) -> None:
    """A minimal Debian of the suite, from the mirror this machine itself uses, trusting whom this machine trusts."""
    asked = ["apt-get", "indextargets", "--format", "$(REPO_URI)"]
    mirrors = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.split()
    mirror = next((uri for uri in mirrors if "security" not in uri), None)
    if mirror is None:
        raise LocalError("apt knows no mirror: run apt-get update, or write /etc/apt/sources.list")
    command = [download.tool("debootstrap", "it makes the base image"), "--variant=minbase", SUITE, str(folder), mirror]
    download.build_step(command, folder, f"debian-{SUITE}")
    own, theirs = Path("/usr/local/share/ca-certificates"), folder / "usr/local/share/ca-certificates"
    shutil.copytree(own, theirs, dirs_exist_ok=True) if own.is_dir() else None
    for package in (folder / "var/cache/apt/archives").glob("*.deb"):
        package.unlink()


class Buildah:
    """buildah with a store of its own, so that nothing of this machine's images is touched."""

    def __init__(self, store: Path) -> None:
        self._options = ["--root", str(store / "root"), "--runroot", str(store / "run"), "--storage-driver", "overlay"]

    def __call__(self, *arguments: str) -> str:
        """Run it; returns what it printed. Raises LocalError with its last words."""
        done = subprocess.run(["buildah", *self._options, *arguments], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise LocalError(
                f"buildah {arguments[0]} failed:\n" + "\n".join((done.stdout + done.stderr).splitlines()[-20:])
            )
        return done.stdout.strip()

    def has(self, image: str) -> bool:
        """Whether the store has an image."""
        listed = subprocess.run(["buildah", *self._options, "inspect", "--type", "image", image], capture_output=True)
        return listed.returncode == 0

    def make_base(self) -> None:
        """The base image, unless the store has it."""
        if self.has(BASE):
            return
        root = download.cached(f"debian-{SUITE}", _bootstrap)
        container = self("from", "scratch")
        self("add", "-q", container, str(root), "/")
        self("commit", "-q", "--rm", container, BASE)

    def make_image(self) -> dict[str, Any]:
        """Build the Dockerfile; returns the configuration of the image."""
        write_sbom()
        arguments = ["--isolation", "chroot", "--pull-never", "--layers=false", "--build-arg", f"BASE={BASE}"]
        self("bud", *arguments, "-f", str(DOCKERFILE), "-t", TESTED, str(ROOT))
        return json.loads(self("inspect", "--type", "image", TESTED))["OCIv1"]["config"]

    @contextmanager
    def mounted(self) -> Iterator[Path]:
        """The root of a container of the image."""
        container = self("from", "--pull-never", TESTED)
        try:
            yield Path(self("mount", container))
        finally:
            self("rm", container)


# ---- what is asked of it --------------------------------------------------------------------------------------------


def complaints(config: Mapping[str, Any], root: Path) -> list[str]:
    """What is wrong with an image: its configuration, and what its user could write or find there."""
    user = str(config.get("User", "")).partition(":")[0]
    wrong = [] if user.isdecimal() and int(user) >= 10_000 else [f"USER is {user or 'root'}, must be a number >= 10000"]
    if config.get("Entrypoint") != ["python", "-m"]:
        wrong.append(f"ENTRYPOINT is {config.get('Entrypoint')}, must be ['python', '-m']")
    for unwanted in (
        "opt/hearth/app/tests",
        "opt/hearth/app/deploy",
        "opt/hearth/app/.hearth",
        "opt/hearth/venv/bin/pip",
    ):
        wrong += [f"/{unwanted} is in the image"] if (root / unwanted).exists() else []
    wrong += [f"{path} can be written by the image's user" for path in writable(root, int(user or 0))]
    return wrong + _sbom_differs(root)


def writable(root: Path, user: int) -> list[str]:
    """Paths of ours and of the system that a user could change, beside the places made for that."""
    found = []
    for place in ("opt", "usr", "etc"):
        for path in (root / place).rglob("*"):
            about = path.lstat()
            if not path.is_symlink() and (about.st_uid == user or about.st_mode & 0o002):
                found.append("/" + str(path.relative_to(root)))
    return found


def _sbom_differs(root: Path) -> list[str]:
    listed = {
        part["name"].lower() for part in json.loads((root / "opt/hearth/sbom.cdx.json").read_text())["components"]
    }
    packages = (root / "opt/hearth/venv/lib").glob("python3*/site-packages/*.dist-info")
    there = {path.name.split("-")[0].lower().replace("_", "-").replace(".", "-") for path in packages}
    told = {name.replace("_", "-").replace(".", "-") for name in listed}
    return [f"{name} is installed, but not in the SBOM" for name in sorted(there - told)]


# ---- running it -----------------------------------------------------------------------------------------------------


class Container:
    """A process in the image as compose.yaml describes it, on this machine's own network."""

    def __init__(self, root: Path, config: Mapping[str, Any], volume: Path, settings: Mapping[str, str]) -> None:
        self._root, self._config, self._volume, self._settings = root, config, volume, settings

    def process(self, name: str, service: Mapping[str, Any], log: Path, **settings: str) -> Process:
        """A compose service's process, not started: the image's entrypoint, environment, folder and user."""
        env = [
            *self._config["Env"],
            *(f"{key}={value}" for key, value in (service["environment"] | self._settings | settings).items()),
        ]
        program = [
            "/usr/bin/env",
            "-i",
            "-C",
            self._config["WorkingDir"],
            *env,
            *self._config["Entrypoint"],
            *service["command"],
        ]
        place = [str(self._root), str(self._volume), self._config["User"]]
        return Process(name, ["unshare", "--mount", "sh", "-c", IN_ROOT, "sh", *place, *program], log)

    def run(self, name: str, service: Mapping[str, Any], log: Path, **settings: str) -> None:
        """Run it to its end. Raises LocalError unless that is a good one."""
        process = self.process(name, service, log, **settings)
        process.spawn()
        process.wait_until(lambda: not process.alive, 2 * READY_SECONDS)
        if process.exit_code != 0:
            raise LocalError(f"`{shlex.join(service['command'])}` ended with {process.exit_code}. {process.report()}")


def compose_services() -> dict[str, Any]:
    """What compose.yaml starts of the image, in the order in which it does."""
    found = yaml.safe_load(COMPOSE.read_text())["services"]
    return {name: service for name, service in found.items() if "hearth" in service["image"]}


def _try_out(root: Path, config: Mapping[str, Any], engines: stack.Engines, work: Path) -> Iterator[str]:
    """Run the services as compose does; says what was seen."""
    volume = work / "keys"
    volume.mkdir(mode=0o700)
    uid, _, gid = config["User"].partition(":")
    os.chown(volume, int(uid), int(gid or uid))
    shifted = {"HEARTH_PORT_OFFSET": str(_free_offset())}
    own = Container(root, config, volume, {**engines.env, **shifted})
    services = compose_services()
    for name in (name for name in services if name == "keys" or name.startswith("migrate-")):
        own.run(name, services[name], work / f"{name}.log")
        yield f"{name}: `{' '.join(services[name]['command'])}` ended well"
    with ExitStack() as running:
        for name in (name for name, service in services.items() if service["command"][-1] == "all"):
            process = own.process(name, services[name], work / f"{name}.log")
            process.spawn()
            running.callback(process.stop)
        asks = {**services["doctor"], "command": ["hearth.cli", "ready", "--within", str(READY_SECONDS)]}
        own.run("ready", asks, work / "ready.log")
        yield "ready: all four services say so at /startupz, /livez and /readyz"
        own.run("doctor", services["doctor"], work / "doctor.log")
        yield "doctor: nothing is wrong"


def _free_offset() -> int:
    taken = (8101, 8102, 8103, 8104, 9101, 9102, 9103, 9104, 7101, 7102, 7103, 7104)
    return next(
        offset for offset in range(20_000, 40_000, 100) if not any(ports.is_taken(port + offset) for port in taken)
    )


def test() -> int:
    """Build the real Dockerfile, look at what came out, run it. Returns 0 if all is well."""
    install_tools()
    buildah = Buildah(cache_dir() / "buildah")
    buildah.make_base()
    print(f"image-test: base {BASE} is there", flush=True)
    config = buildah.make_image()
    print(f"image-test: {DOCKERFILE.relative_to(ROOT)} is built", flush=True)
    with buildah.mounted() as root, tempfile.TemporaryDirectory(prefix="hearth-image-") as folder:
        if wrong := complaints(config, root):
            raise LocalError("; ".join(wrong))
        print(f"image-test: user {config['User']}, nothing writable, SBOM whole", flush=True)
        work = Path(folder)
        engines = stack.on_free_ports(work / "data", work / "log")
        engines.start()
        try:
            for line in _try_out(root, config, engines, work):
                print(f"image-test: {line}", flush=True)
        finally:
            engines.stop()
    print("image-test: passed")
    return 0


def main(argv: Sequence[str]) -> int:
    """The command line."""
    if list(argv) not in (["build"], ["test"]):
        print("usage: python -m deploy.image build|test", file=sys.stderr)
        return 2
    try:
        return build() if argv[0] == "build" else test()
    except LocalError as error:
        print(f"image: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
