"""What the gate looks at in an HTTP request: tokens and address, and the ids of what it asks for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request

from chassis.gate.device import DEVICE
from chassis.gate.gate import Shown, ids_in
from chassis.gate.services import HOP


def shown(request: Request) -> Shown:
    """What a request shows of who asks."""
    address = request.client.host if request.client else ""
    headers, query = request.headers, list(request.query_params)
    return Shown(headers.get("authorization"), address, headers.get(HOP), query, headers.get(DEVICE))


def asked(route: Any, body: bytes, query: Mapping[str, Any], path: Mapping[str, Any]) -> dict[str, str]:
    """The ids in a request that its handler will look at. Others are none: whoever adds one to a request for something
    else would be judged by a thing that they do not get.
    """
    members = _members(body) if getattr(route, "body_field", None) is not None else {}
    named = _parameters(getattr(route, "dependant", None))
    return {**ids_in(members), **ids_in({name: query[name] for name in named if name in query}), **ids_in(path)}


def _parameters(dependant: Any) -> set[str]:
    """The query parameters that a handler declares, itself or by what it depends on."""
    if dependant is None:
        return set()
    own = {each.alias for each in dependant.query_params}
    return own.union(*(_parameters(each) for each in dependant.dependencies))


def _members(body: bytes) -> dict[str, Any]:
    """The members of a JSON object; none if it is something else, which the handler refuses."""
    try:
        found = json.loads(body) if body[:1] == b"{" else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
