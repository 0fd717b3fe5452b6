"""The programs of a Kubernetes control plane, built with Go once per machine, and how they are started on loopback."""

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import yaml

from deploy.local import download, identity, ports
from deploy.local.errors import LocalError
from deploy.local.process import Process
from deploy.testing import tools
from deploy.testing.cluster.api import Api

VERSION = "v1.36.3"
PACKAGES = (
    "k8s.io/kubernetes/cmd/kube-apiserver",
    "k8s.io/kubernetes/cmd/kube-controller-manager",
    "k8s.io/kubernetes/cmd/kube-scheduler",
    "go.etcd.io/etcd/server/v3",
)
KWOK = tools.GoTool("kwok", "sigs.k8s.io/kwok/cmd/kwok", "v0.8.0")
STAGES = Path(__file__).with_name("stages.yaml")
USER, TOKEN = "admin", "cluster-test"
READY_SECONDS = 120


def wrapper(go_mod: str) -> str:
    """A module of which Kubernetes can be built: its own go.mod names folders that no module has (`./staging/...`), and
    the libraries of the same release that were published of them stand in.
    """
    staged = re.findall(r"^\s*(\S+) => \./staging/", go_mod, re.MULTILINE)
    if not staged:
        raise LocalError("the go.mod of k8s.io/kubernetes replaces nothing: it can be built as it is")
    library = VERSION.replace("v1.", "v0.", 1)
    lines = ["module hearth.invalid/cluster", "go 1.26", f"require k8s.io/kubernetes {VERSION}"]
    return "\n".join([*lines, *(f"replace {name} => {name} {library}" for name in staged)]) + "\n"


def built() -> Path:
    """The folder of kube-apiserver, kube-controller-manager, kube-scheduler and etcd. Raises LocalError."""
    return download.cached(f"kubernetes-{VERSION}", _build) / "bin"


def _build(folder: Path) -> None:
    go, env = download.tool("go", tools.WHY), download.tool("env", "it sets GOFLAGS")
    asked = [go, "mod", "download", "-json", f"k8s.io/kubernetes@{VERSION}"]
    (folder / "go.mod").write_text("module hearth.invalid/cluster\n")
    told = subprocess.run(asked, cwd=folder, capture_output=True, text=True, check=False)
    if told.returncode != 0:
        raise LocalError(f"k8s.io/kubernetes {VERSION}: {told.stderr or told.stdout}")
    (folder / "go.mod").write_text(wrapper(Path(json.loads(told.stdout)["GoMod"]).read_text()))
    _, minor, _ = VERSION.split(".")
    named = {"gitVersion": VERSION, "gitMajor": "1", "gitMinor": minor}
    stamp = " ".join(f"-X k8s.io/component-base/version.{key}={value}" for key, value in named.items())
    how = ["-trimpath", f"-ldflags=-s -w {stamp}", "-o", f"{folder / 'bin'}/"]
    (folder / "bin").mkdir()
    download.build_step([env, "GOFLAGS=-mod=mod", go, "build", *how, *PACKAGES], folder, f"kubernetes-{VERSION}")
    (folder / "bin" / "server").rename(folder / "bin" / "etcd")


class Ports(NamedTuple):
    """Where the parts listen, all on loopback."""

    etcd: int
    peer: int
    api: int
    manager: int
    scheduler: int
    kwok: int


class ControlPlane:
    """etcd, API server, controllers, scheduler and kwok as child processes; `kubeconfig` is its administrator's."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.ports = folder, Ports(*ports.free_ports(len(Ports._fields)))
        self.keys = identity.certificates(folder / "keys")
        self.kubeconfig = folder / "kubeconfig"
        self.api = Api(f"{ports.LOOPBACK}:{self.ports.api}", TOKEN, self.keys / "ca.crt")
        (folder / "tokens.csv").write_text(f"{TOKEN},{USER},{USER},system:masters\n")
        self.kubeconfig.write_text(yaml.safe_dump(self._kubeconfig()))
        self._running: list[Process] = []

    def _kubeconfig(self) -> dict[str, object]:
        place = {"server": self.api.url, "certificate-authority": str(self.keys / "ca.crt")}
        return {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "test",
            "contexts": [{"name": "test", "context": {"cluster": "test", "user": USER}}],
            "clusters": [{"name": "test", "cluster": place}],
            "users": [{"name": USER, "user": {"token": TOKEN}}],
        }

    def start(self) -> None:
        """Start all; the API server answers afterwards. Raises LocalError."""
        programs = built()
        self._spawn(programs / "etcd", self._etcd())
        server = self._spawn(programs / "kube-apiserver", self._apiserver())
        server.wait_until(lambda: self.api.says("/readyz") == "ok", READY_SECONDS)
        self._spawn(programs / "kube-controller-manager", self._client(self.ports.manager, **self._controllers()))
        self._spawn(programs / "kube-scheduler", self._client(self.ports.scheduler))
        self._spawn(tools.program(KWOK), self._kwok())

    def stop(self) -> None:
        """End all, the last one first."""
        for process in reversed(self._running):
            process.stop()

    def complain(self) -> None:
        """Raises LocalError if a part of it has died."""
        for process in self._running:
            if not process.alive:
                raise LocalError(f"{process.name} ended with {process.exit_code}. {process.report()}")

    def _spawn(self, program: Path, flags: dict[str, object]) -> Process:
        given = [f"--{name.replace('_', '-')}={value}" for name, value in flags.items()]
        process = Process(program.name, [str(program), *given], self.folder / f"{program.name}.log")
        process.spawn()
        self._running.append(process)
        return process

    def _etcd(self) -> dict[str, object]:
        here, peers = (f"http://{ports.LOOPBACK}:{port}" for port in (self.ports.etcd, self.ports.peer))
        return {
            "name": "test",
            "data_dir": self.folder / "etcd",
            "unsafe_no_fsync": "true",
            "listen_client_urls": here,
            "advertise_client_urls": here,
            "listen_peer_urls": peers,
            "initial_advertise_peer_urls": peers,
            "initial_cluster": f"test={peers}",
        }

    def _apiserver(self) -> dict[str, object]:
        return {
            "etcd_servers": f"http://{ports.LOOPBACK}:{self.ports.etcd}",
            "bind_address": ports.LOOPBACK,
            "advertise_address": ports.LOOPBACK,
            "endpoint_reconciler_type": "none",
            "secure_port": self.ports.api,
            "tls_cert_file": self.keys / "tls.crt",
            "tls_private_key_file": self.keys / "tls.key",
            "service_account_issuer": "https://kubernetes.default.svc",
            "service_account_key_file": self.keys / "tls.crt",
            "service_account_signing_key_file": self.keys / "tls.key",
            "service_cluster_ip_range": "10.96.0.0/16",
            "token_auth_file": self.folder / "tokens.csv",
            "authorization_mode": "RBAC",
        }

    def _client(self, port: int, **more: object) -> dict[str, object]:
        """What controllers and scheduler need; of either there is one, so that none is elected."""
        known = dict.fromkeys(("kubeconfig", "authentication_kubeconfig", "authorization_kubeconfig"), self.kubeconfig)
        place = {"bind_address": ports.LOOPBACK, "secure_port": port, "cert_dir": self.folder / f"certs-{port}"}
        return {**known, **place, "leader_elect": "false", **more}

    def _controllers(self) -> dict[str, object]:
        """Their keys; and patience with nodes that beat late because this machine has much to do."""
        return {
            "service_account_private_key_file": self.keys / "tls.key",
            "root_ca_file": self.keys / "ca.crt",
            "node_monitor_grace_period": "600s",
        }

    def _kwok(self) -> dict[str, object]:
        return {
            "kubeconfig": self.kubeconfig,
            "config": STAGES,
            "manage_all_nodes": "true",
            "node_lease_duration_seconds": 40,
            "server_address": f"{ports.LOOPBACK}:{self.ports.kwok}",
        }


@contextmanager
def running(folder: Path) -> Iterator[ControlPlane]:
    """A control plane while the block lasts."""
    plane = ControlPlane(folder)
    try:
        plane.start()
        yield plane
    finally:
        plane.stop()
