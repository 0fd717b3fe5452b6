"""Which services a local run starts, on which ports, with which settings."""

import os
import sys
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from deploy.local import ports
from deploy.local.errors import LocalError
from deploy.local.paths import ROOT
from deploy.local.process import Process


@dataclass(frozen=True)
class Service:
    """A service and its three ports on the loopback interface."""

    name: str
    http: int
    grpc: int
    admin: int

    @property
    def url(self) -> str:
        """The base URL of its HTTP door."""
        return f"http://{ports.LOOPBACK}:{self.http}"

    @property
    def peer(self) -> str:
        """The address of its gRPC door."""
        return f"{ports.LOOPBACK}:{self.grpc}"

    def is_ready(self) -> bool:
        """Whether `/readyz` on the admin port says so."""
        try:
            with urllib.request.urlopen(f"http://{ports.LOOPBACK}:{self.admin}/readyz", timeout=2) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def metrics(self) -> str:
        """What it answers at `/metrics`."""
        with urllib.request.urlopen(f"http://{ports.LOOPBACK}:{self.admin}/metrics", timeout=30) as answer:
            return answer.read().decode()


SERVICES = (
    Service("profile", 8101, 9101, 7101),
    Service("leads", 8102, 9102, 7102),
    Service("loyalty", 8103, 9103, 7103),
    Service("service_tickets", 8104, 9104, 7104),
)


def move_clocks(placed: list[Service]) -> None:
    """Let the clocks of services that stood for the story go with the real one. Raises LocalError."""
    for service in placed:
        body = b'{"now": "real"}'
        asked = urllib.request.Request(f"http://{ports.LOOPBACK}:{service.admin}/v1/clock", body)
        try:
            urllib.request.urlopen(asked, timeout=5).close()  # noqa: S310
        except urllib.error.HTTPError as error:
            error.close()  # it was real before
        except (urllib.error.URLError, OSError) as error:
            raise LocalError(f"the clock of {service.name} could not be set: {error}") from None


def shifted(offset: int) -> list[Service]:
    """The services on their fixed ports plus `offset`. Raises LocalError if one of those is taken."""
    placed = [Service(s.name, s.http + offset, s.grpc + offset, s.admin + offset) for s in SERVICES]
    for service in placed:
        for door in ("http", "grpc", "admin"):
            ports.require_free(f"{service.name} {door}", getattr(service, door))
    return placed


def on_free_ports() -> list[Service]:
    """The services on ports nobody uses."""
    free = iter(ports.free_ports(3 * len(SERVICES)))
    return [Service(s.name, next(free), next(free), next(free)) for s in SERVICES]


def shared_settings(
    services: list[Service], engines: dict[str, str], data: Path, keys: dict[str, str]
) -> dict[str, str]:
    """The environment of every process of the run: this one's, where the engines and peers are, keys, data.

    `HEARTH_PEER_<SERVICE>` is a gRPC address, `HEARTH_URL_<SERVICE>` and `HEARTH_ADMIN_<SERVICE>` (for the story's
    player) are HTTP base URLs.
    """
    env = {**os.environ, **engines, **keys, "HEARTH_BIND": ports.LOOPBACK, "HEARTH_DATA_DIR": str(data)}
    env |= {
        "PYTHONUNBUFFERED": "1",
        "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])),
    }
    for service in services:
        env[f"HEARTH_PEER_{service.name.upper()}"] = service.peer
        env[f"HEARTH_URL_{service.name.upper()}"] = service.url
        env[f"HEARTH_ADMIN_{service.name.upper()}"] = f"http://{ports.LOOPBACK}:{service.admin}"
    return env


def process(service: Service, role: str, shared: dict[str, str], log_dir: Path) -> Process:
    """The process of a service in a role (`all`, `migrate`, ...), not started. Its ports are final: offset 0."""
    env = shared | {
        "HEARTH_HTTP_PORT": str(service.http),
        "HEARTH_GRPC_PORT": str(service.grpc),
        "HEARTH_ADMIN_PORT": str(service.admin),
        "HEARTH_PORT_OFFSET": "0",
    }
    name = service.name if role == "all" else f"{service.name}-{role}"
    return Process(name, [sys.executable, "-m", f"services.{service.name}", role], log_dir / f"{name}.log", env)
