"""Settings of this service: the common ones, with its default ports, and where the others answer. Read once."""

from pydantic import Field

from chassis.service import Ports
from chassis.settings import Settings, read

PORTS = Ports(8101, 9101, 7101)
"""HTTP, gRPC and admin, before HEARTH_PORT_OFFSET."""

PEERS = {"leads": 9102, "loyalty": 9103, "service_tickets": 9104}
"""Who is asked how far an event is, with the default port of the gRPC door."""


class ProfileSettings(Settings):
    """The common settings and the peers."""

    peer_leads: str = Field("", description="gRPC address of leads; empty = its default port on this host.")
    peer_loyalty: str = Field("", description="gRPC address of loyalty; empty = its default port on this host.")
    peer_service_tickets: str = Field("", description="gRPC address of service_tickets; empty = its default port.")


def read_settings() -> ProfileSettings:
    """The settings in the environment; raises `SettingsError` naming all that are wrong."""
    return read(ProfileSettings)


def peers_of(settings: Settings) -> dict[str, str]:
    """Each peer with its address."""
    return {
        name: getattr(settings, f"peer_{name}", "") or f"{settings.bind}:{port + settings.port_offset}"
        for name, port in PEERS.items()
    }
