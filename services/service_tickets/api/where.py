"""Where tickets belong, for the gate: a ticket to its project, a list to the project it asks for, a score to all of them."""

from collections.abc import Mapping

from chassis.app import App
from chassis.gate.gate import Whereabouts
from chassis.gate.table import Where
from services.service_tickets.api.tickets import Tickets


def whereabouts(app: App) -> Mapping[str, Whereabouts]:
    """How to find where a ticket, or a customer's satisfaction, belongs."""
    tickets = Tickets(app)

    async def of_customer(asked: Mapping[str, str]) -> frozenset[str]:
        found, _ = await tickets.of_customer(asked["customer_id"])
        return frozenset(each.ticket.project for each in found if each.ticket.project)

    async def of_ticket(asked: Mapping[str, str]) -> Where:
        if "ticket_id" in asked:
            project = (await tickets.ticket(asked["ticket_id"])).ticket.project
            return Where(frozenset({project} - {""}))
        if "project_id" in asked:
            return Where(frozenset({asked["project_id"]}))
        return Where(await of_customer(asked)) if "customer_id" in asked else Where()

    async def of_score(asked: Mapping[str, str]) -> Where:
        return Where(await of_customer(asked), whole=False)

    return {"ticket": of_ticket, "satisfaction": of_score}
