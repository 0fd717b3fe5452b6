"""The page at `/`: events as they go through the services, one customer, dead letters. Ids, types and codes only."""

from collections.abc import Iterator
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, select_autoescape

from chassis.app import App
from chassis.store.seeing.dead import count_dead
from services.profile.api.accepting import Events
from services.profile.api.overview import OverviewView, overview, overview_view
from services.profile.domain.errors import UnknownCustomer
from services.profile.rpc.peers import Peers

EVENTS = 20
SERVICES = ("profile", "leads", "loyalty", "service_tickets")
HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; "
    "form-action 'self'"
}
"""Nothing but what the page itself says is loaded or run."""

pages = Environment(
    loader=PackageLoader("services.profile.api"), autoescape=select_autoescape(), trim_blocks=True, lstrip_blocks=True
)


class Seen(NamedTuple):
    """The customer asked for: what is known, or that nothing is."""

    customer_id: str
    found: OverviewView | None


def page_routes(app: App) -> APIRouter:
    """The route of the page."""
    router = APIRouter(include_in_schema=False)
    events = Events(app)
    template = pages.get_template("page.html")

    @router.get("/")
    async def page(customer: Annotated[str, Query(max_length=64)] = "") -> HTMLResponse:
        async with Peers(app) as peers:
            last = await events.latest(EVENTS, None, peers.ask, list(peers.addresses))
        shown = template.render(
            now=app.clock.now(),
            services=SERVICES,
            events=last[::-1],
            down=sorted(set(_down(last))),
            dead=sorted((await count_dead(app.database)).items()),
            seen=await _seen(app, customer) if customer else None,
        )
        return HTMLResponse(shown, headers=HEADERS)

    return router


def _down(events: list[dict[str, Any]]) -> Iterator[str]:
    for event in events:
        yield from (name for name, place in event["services"].items() if place["state"] == "unavailable")


async def _seen(app: App, customer: str) -> Seen:
    try:
        return Seen(customer, overview_view(await overview(app, customer)))
    except UnknownCustomer:
        return Seen(customer, None)
