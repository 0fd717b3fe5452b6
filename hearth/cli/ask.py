"""Questions by HTTP, with the standard library alone."""

import json
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

from hearth.cli.errors import CliError, NotThere
from hearth.cli.places import admin_of, token_of_caller, url_of

TIMEOUT = 20.0


def ask(service: str, path: str, **query: str | int | None) -> Any:
    """The JSON answer of `GET path` at a service's HTTP door. Raises `NotThere` (404) and `CliError`."""
    return _get(service, url_of(service), path, query)


def ask_admin(service: str, path: str) -> Any:
    """The JSON answer of the admin door."""
    return _get(service, admin_of(service), path, {}, accept=(200, 409, 503))


def tell(service: str, path: str, body: Any, headers: dict[str, str] | None = None) -> Any:
    """The JSON answer of `POST path` at a service's HTTP door. Raises `NotThere` (404) and `CliError`."""
    return _post(service, url_of(service), path, body, headers or {})


def tell_admin(service: str, path: str, body: Any) -> Any:
    """The JSON answer of `POST path` at the admin door."""
    return _post(service, admin_of(service), path, body, {})


def with_query(path: str, query: dict[str, Any]) -> str:
    """A path with those parameters that have a value."""
    return f"{path}?{urllib.parse.urlencode({name: value for name, value in query.items() if value})}"


def segment(text: str) -> str:
    """An id as part of a path."""
    return urllib.parse.quote(text, safe="")


def _get(service: str, base: str, path: str, query: dict[str, Any], accept: tuple[int, ...] = (200,)) -> Any:
    given = urllib.parse.urlencode({name: value for name, value in query.items() if value is not None})
    return _open(service, base, f"{base}{path}{'?' if given else ''}{given}", accept)


def _post(service: str, base: str, path: str, body: Any, headers: dict[str, str]) -> Any:
    data = json.dumps(body).encode()
    asked = urllib.request.Request(f"{base}{path}", data, {"content-type": "application/json", **headers})  # noqa: S310
    return _open(service, base, asked)


def _open(service: str, base: str, url: Any, accept: tuple[int, ...] = (200,)) -> Any:
    asked = url if isinstance(url, urllib.request.Request) else urllib.request.Request(url)  # noqa: S310
    token = token_of_caller()
    if token:
        asked.add_header("Authorization", f"Bearer {token}")
    try:
        with urllib.request.urlopen(asked, timeout=TIMEOUT) as answer:  # noqa: S310
            return json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            if error.code in accept:
                return json.load(error)
            raise _refusal(service, error) from None
    except (urllib.error.URLError, OSError) as error:
        reason = getattr(error, "reason", error)
        raise CliError(f"{service} does not answer at {base} ({reason}). Is it running? `make run` starts it") from None


def _refusal(service: str, error: urllib.error.HTTPError) -> CliError:
    try:
        problem = json.load(error)
        text = f"{service}: {problem['title']} ({problem['code']}): {problem['detail']}"
    except (ValueError, KeyError):
        text = f"{service} answered {error.code}"
    return NotThere(text) if error.code == 404 else CliError(text)
