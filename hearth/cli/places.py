"""Where Hearth is, out of the environment, with the addresses of `make run` where nothing is said."""

import os
from pathlib import Path

from chassis.broker import BrokerSettings
from chassis.settings import SettingsError, read
from hearth.cli.errors import CliError

DOORS = {"profile": (8101, 7101), "leads": (8102, 7102), "loyalty": (8103, 7103), "service_tickets": (8104, 7104)}
"""Service → HTTP and admin port."""

BROKER, DATABASE = 19092, 27117


def url_of(service: str) -> str:
    """The base URL of a service's HTTP door: `HEARTH_URL_<SERVICE>`."""
    return os.environ.get(f"HEARTH_URL_{service.upper()}") or _local(DOORS[service][0])


def admin_of(service: str) -> str:
    """The base URL of a service's admin door: `HEARTH_ADMIN_<SERVICE>`."""
    return os.environ.get(f"HEARTH_ADMIN_{service.upper()}") or _local(DOORS[service][1])


def bootstrap() -> str:
    """The brokers, `host:port[,…]`: `KAFKA_BOOTSTRAP`."""
    return os.environ.get("KAFKA_BOOTSTRAP") or f"127.0.0.1:{BROKER + _offset()}"


def security() -> dict[str, str]:
    """How the brokers are reached: the settings `HEARTH_KAFKA_…` of the services. Raises `CliError`."""
    try:
        return read(BrokerSettings).security()
    except SettingsError as error:
        raise CliError(str(error)) from None


def token_of_caller() -> str:
    """The token to show at the doors: `HEARTH_TOKEN`, or what is in the file `HEARTH_TOKEN_FILE`; "" where there is none.

    Raises `CliError` if the file cannot be read.
    """
    file = os.environ.get("HEARTH_TOKEN_FILE")
    if not file:
        return os.environ.get("HEARTH_TOKEN", "")
    return _content("HEARTH_TOKEN_FILE", file)


def database_url() -> str:
    """The database: what is in the file `HEARTH_MONGO_URL_FILE`, or `MONGO_URL`. Only `backup` and `restore` ask it.

    Raises `CliError` if the file cannot be read.
    """
    file = os.environ.get("HEARTH_MONGO_URL_FILE")
    if file:
        return _content("HEARTH_MONGO_URL_FILE", file)
    return os.environ.get("MONGO_URL") or f"mongodb://127.0.0.1:{DATABASE + _offset()}"


def topic(name: str) -> str:
    """A topic as it is called in `HEARTH_NAMESPACE`."""
    namespace = os.environ.get("HEARTH_NAMESPACE")
    return f"{namespace}.{name}" if namespace else name


def _content(setting: str, file: str) -> str:
    try:
        return Path(file).read_text().strip()
    except OSError as error:
        raise CliError(f"{setting}: {file} cannot be read ({error.strerror})") from None


def _local(port: int) -> str:
    return f"http://127.0.0.1:{port + _offset()}"


def _offset() -> int:
    text = os.environ.get("HEARTH_PORT_OFFSET") or "0"
    if not text.isdigit():
        raise CliError("HEARTH_PORT_OFFSET must be a whole number")
    return int(text)
