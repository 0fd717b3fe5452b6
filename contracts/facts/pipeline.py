"""What leads publishes: the stage of a lead whenever a fact changes it.

Facts come in any order, so a later one may take back what was said: then the new stage is said. Readers that need the
present keep the newest by the extension `sequence`.
"""

from typing import Literal

from contracts.facts.base import Because, FactData
from contracts.fields import Code, Id

LeadState = Literal["NEW", "ASSIGNED", "CONTACTED", "VISITED", "RESERVED", "SUBSCRIBED", "WON", "LOST"]
"""How far a lead has come; WON is signed."""


class LeadStageChanged(FactData, frozen=True):
    """A lead stands elsewhere than before. `before` is absent for one that was not known; `code` is for people.

    `after` is absent where the lead left this customer because a merge was undone. `replaces` is another id the lead
    was known by: a fact came that happened earlier than all known ones, or two leads turned out to be one. The old id
    keeps finding the lead.
    """

    TYPE = "crm.lead.stage_changed.v1"

    lead_id: Id
    code: str
    project_id: Id
    because: Because
    after: LeadState | None = None
    before: LeadState | None = None
    replaces: Id | None = None


class LeadWon(FactData, frozen=True):
    """A deal of the lead is signed."""

    TYPE = "crm.lead.won.v1"

    lead_id: Id
    code: str
    project_id: Id
    because: Because


class LeadLost(FactData, frozen=True):
    """All deals of the lead are cancelled in full (`reason` cancelled); what happens next there opens a new lead."""

    TYPE = "crm.lead.lost.v1"

    lead_id: Id
    code: str
    project_id: Id
    reason: Code
    because: Because
