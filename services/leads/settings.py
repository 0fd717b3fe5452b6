"""Settings of this service: the common ones, with its default ports. Read once, in `__main__`."""

from chassis.service import Ports
from chassis.settings import Settings, read

PORTS = Ports(8102, 9102, 7102)
"""HTTP, gRPC and admin, before HEARTH_PORT_OFFSET."""


def read_settings() -> Settings:
    """The settings in the environment; raises `SettingsError` naming all that are wrong."""
    return read(Settings)
