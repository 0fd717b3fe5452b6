"""Where leads belong, for the gate: a lead to its project and its consultant; a list to the project it asks for."""

from collections.abc import Mapping

from chassis.app import App
from chassis.gate.gate import Whereabouts
from chassis.gate.table import Where
from services.leads.api.leads import Leads


def whereabouts(app: App) -> Mapping[str, Whereabouts]:
    """How to find where a lead belongs."""
    leads = Leads(app)

    async def of_lead(asked: Mapping[str, str]) -> Where:
        if "lead_id" in asked:
            lead = (await leads.lead(asked["lead_id"])).lead
            return Where(frozenset({lead.project_id}), frozenset({lead.agent_id} - {""}))
        if "project_id" in asked:
            return Where(frozenset({asked["project_id"]}))
        if "customer_id" in asked:
            found, _ = await leads.of_customer(asked["customer_id"])
            return Where(frozenset(lead.project_id for lead in found))
        return Where()

    return {"lead": of_lead}
