"""`hearth ready`: whether every process can serve, by the doors that need no token. What `helm test` runs."""

import json
import time
import urllib.error
import urllib.request
from typing import Annotated

import typer

from hearth.cli import show
from hearth.cli.errors import CliError
from hearth.cli.places import DOORS, admin_of

PAUSE = 1.0
TIMEOUT = 5.0

Urls = Annotated[list[str] | None, typer.Argument(help="Base URLs of admin doors; without any, those of all services.")]
Within = Annotated[float, typer.Option(help="Seconds they may take.", min=0)]


def ready(urls: Urls = None, within: Within = 60.0) -> None:
    """Wait until every admin door says that its process is started, moving and can serve.

    Exit code 1, with the reasons, if one does not in time.
    """
    asked = urls or [admin_of(service) for service in DOORS]
    until = time.monotonic() + within
    while against := {url: reasons for url in asked if (reasons := _against(url))}:
        if time.monotonic() >= until:
            raise CliError("not ready: " + "; ".join(f"{url}: {', '.join(why)}" for url, why in against.items()))
        time.sleep(PAUSE)
    for url in asked:
        show.console.print(f"ready {url}", highlight=False)


def _against(url: str) -> list[str]:
    """What speaks against a process: the reasons of the first of its doors that gives any."""
    if not url.startswith(("http://", "https://")):
        raise CliError(f"{url} is no base URL of an admin door: give http://host:port")
    return next((found for path in ("/startupz", "/livez", "/readyz") if (found := _asked(url + path))), [])


def _asked(url: str) -> list[str]:
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT):  # noqa: S310
            return []
    except urllib.error.HTTPError as error:
        with error:
            return _reasons(error.read()) or [f"it answered {error.code}"]
    except OSError as error:
        return [f"no answer ({getattr(error, 'reason', error)})"]


def _reasons(body: bytes) -> list[str]:
    try:
        return [str(each) for each in json.loads(body)["reasons"]]
    except (ValueError, KeyError, TypeError):
        return []
