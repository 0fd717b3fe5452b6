"""Where a webhook may go: to public addresses only, whatever a name resolves to (server-side request forgery)."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

from chassis.errors import ChassisError

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
MOST_LETTERS = 2_000


class WebhookRefused(ChassisError):
    """A webhook's URL must be https, without user name, password or fragment, and reach public addresses only.

    An operator may allow networks of the house with HEARTH_WEBHOOK_NETWORKS; there http is allowed too.
    """

    code = "webhook_url_refused"
    status = 422
    title = "This URL cannot be a webhook"


class Place(NamedTuple):
    """A checked URL: its parts, and the one address that is connected to, so that no second look-up can differ."""

    scheme: str
    host: str
    port: int
    path: str
    address: str

    @property
    def authority(self) -> str:
        """What the header `Host` says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        usual = 443 if self.scheme == "https" else 80
        return host if self.port == usual else f"{host}:{self.port}"

    @property
    def pinned(self) -> str:
        """The URL with the address instead of the name."""
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"{self.scheme}://{host}:{self.port}{self.path}"


def networks_of(setting: str) -> tuple[Network, ...]:
    """The networks in a setting, with commas between them; raises `ValueError` for anything else."""
    return tuple(ipaddress.ip_network(part.strip()) for part in setting.split(",") if part.strip())


def is_allowed(address: Address, networks: Sequence[Network]) -> bool:
    """Whether a webhook may be posted to an address: a public one, or one of an allowed network."""
    inner = _inside(address)
    if inner is not None:
        return is_allowed(inner, networks)
    if any(address.version == network.version and address in network for network in networks):
        return True
    return address.is_global and not address.is_multicast


def _inside(address: Address) -> Address | None:
    """The IPv4 address that an IPv6 address stands for (mapped, 6to4, NAT64)."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour


async def checked(url: str, networks: Sequence[Network] = ()) -> Place:
    """The place a URL stands for, right now; raises `WebhookRefused` naming what is wrong, never what was resolved."""
    scheme, host, port, path = _parts(url)
    found = await _resolve(host, port)
    if not all(is_allowed(address, networks) for address in found):
        raise WebhookRefused("the host has an address that is not public", "/url")
    allowed = any(address in network for address in found for network in networks if address.version == network.version)
    if scheme == "http" and not allowed:
        raise WebhookRefused("the URL must begin with https://", "/url")
    return Place(scheme, host, port, path, str(found[0]))


def _parts(url: str) -> tuple[str, str, int, str]:
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        raise WebhookRefused("this is not a URL", "/url") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise WebhookRefused("the URL must begin with https:// and name a host", "/url")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise WebhookRefused("the URL must have no user name, password or fragment", "/url")
    if len(url) > MOST_LETTERS or not url.isascii() or not url.isprintable() or " " in url:
        raise WebhookRefused(f"the URL must be at most {MOST_LETTERS} visible ASCII characters", "/url")
    return parts.scheme, parts.hostname, port, (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


async def _resolve(host: str, port: int) -> list[Address]:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        addresses = [ipaddress.ip_address(str(each[4][0]).partition("%")[0]) for each in found]
    except (OSError, UnicodeError, ValueError):
        addresses = []
    if not addresses:
        raise WebhookRefused("the host's name is not known", "/url")
    return addresses
