"""`hearth.leads.v1.LeadsService`: the same questions as by HTTP."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from google.protobuf.timestamp_pb2 import Timestamp

from chassis.app import App
from chassis.errors import InvalidRequest
from chassis.facts import add_facts
from chassis.pages import page_size
from hearth.facts.v1 import facts_pb2, facts_pb2_grpc
from hearth.leads.v1 import leads_pb2 as pb
from hearth.leads.v1 import leads_pb2_grpc
from services.leads.api.leads import Found, Leads


def add_servicers(app: App, server: Any) -> Sequence[str]:
    """Mount the services; returns their full names."""
    leads_pb2_grpc.add_LeadsServiceServicer_to_server(Servicer(Leads(app)), server)
    own = pb.DESCRIPTOR.services_by_name["LeadsService"].full_name
    return [own, add_facts(app, server, facts_pb2, facts_pb2_grpc)]


class Servicer(leads_pb2_grpc.LeadsServiceServicer):
    """Translates; everything is decided elsewhere."""

    def __init__(self, leads: Leads) -> None:
        self._leads = leads

    async def GetLead(self, request: Any, context: Any) -> Any:
        if not 1 <= len(request.lead_id) <= 64:
            raise InvalidRequest("lead_id is 1 to 64 characters", "/lead_id")
        return pb.GetLeadResponse(lead=_lead(await self._leads.lead(request.lead_id)))

    async def ListLeads(self, request: Any, context: Any) -> Any:
        size = page_size(request.page_size)
        named = (request.project_id, request.state, request.customer_id)
        found, following = await self._leads.search(size, request.page_token or None, *named)
        return pb.ListLeadsResponse(leads=[_lead(each) for each in found], next_page_token=following or "")


def _lead(found: Found) -> Any:
    lead = found.lead
    return pb.Lead(
        lead_id=lead.id,
        code=lead.code,
        customer_id=found.customer_id,
        project_id=lead.project_id,
        state=lead.state,
        reason="cancelled" if lead.state == "LOST" else "",
        origin=lead.origin,
        opened_at=_timestamp(lead.opened_at),
        lost_at=_timestamp(lead.lost_at),
        agent_id=lead.agent_id,
        touches=[_touch(touch) for touch in lead.touches],
        version=found.seq,
    )


def _touch(touch: Any) -> Any:
    return pb.Touch(
        time=_timestamp(touch.time),
        channel=touch.channel,
        campaign_source=touch.campaign_source,
        campaign_medium=touch.medium,
        campaign_name=touch.campaign,
        source=touch.source,
        id=touch.id,
    )


def _timestamp(moment: datetime | None) -> Timestamp | None:
    if moment is None:
        return None
    made = Timestamp()
    made.FromDatetime(moment)
    return made
