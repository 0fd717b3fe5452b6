"""Settings of this service: the common ones, with its default ports, and where the others answer. Read once."""

from pathlib import Path

from pydantic import Field, field_validator

from chassis.service import Ports
from chassis.settings import Settings, read
from chassis.webhooks.guard import networks_of

PORTS = Ports(8101, 9101, 7101)
"""HTTP, gRPC and admin, before HEARTH_PORT_OFFSET."""

PEERS = {"leads": 9102, "loyalty": 9103, "service_tickets": 9104}
"""Who is asked how far an event is, with the default port of the gRPC door."""


class ProfileSettings(Settings):
    """The common settings, the peers, and where webhooks may go."""

    peer_leads: str = Field("", description="gRPC address of leads; empty = its default port on this host.")
    peer_loyalty: str = Field("", description="gRPC address of loyalty; empty = its default port on this host.")
    peer_service_tickets: str = Field("", description="gRPC address of service_tickets; empty = its default port.")
    webhook_networks: str = Field(
        "", description="Networks of the house that webhooks may go to beside public addresses: 10.1.0.0/16[,…]."
    )
    webhook_ca_file: Path | None = Field(
        None, description="Certificates (PEM) that receivers of webhooks are checked with; unset = the public ones."
    )

    @field_validator("webhook_networks")
    @classmethod
    def _networks(cls, value: str) -> str:
        try:
            networks_of(value)
        except ValueError:
            raise ValueError("networks in CIDR notation with commas between them, for example 10.1.0.0/16") from None
        return value


def read_settings() -> ProfileSettings:
    """The settings in the environment; raises `SettingsError` naming all that are wrong."""
    return read(ProfileSettings)


def peers_of(settings: Settings) -> dict[str, str]:
    """Each peer with its address."""
    return {
        name: getattr(settings, f"peer_{name}", "") or f"{settings.bind}:{port + settings.port_offset}"
        for name, port in PEERS.items()
    }
