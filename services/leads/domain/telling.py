"""What to tell others when facts changed leads: the differences, and nothing else."""

from collections.abc import Collection, Sequence

from contracts.fact import Effect, Fact
from contracts.facts.base import Because
from contracts.facts.pipeline import LeadLost, LeadStageChanged, LeadWon
from services.leads.domain.model import LeadBook
from services.leads.domain.pipeline import Lead, leads_of


def differences(
    before: LeadBook, after: LeadBook, fact: Fact, projects: Collection[str] | None = None
) -> Sequence[Effect]:
    """The stages that differ between two books: of new leads, of changed ones, and of ids that are now another lead's.

    `projects` are those the change can matter to, None = all. A lead that is in `before` only is not told of: a book
    forgets its oldest facts, and that is no news.
    """
    if before == after:
        return ()
    was, because = leads_of(before, projects), Because(fact.source, fact.id, fact.type)
    return [effect for lead in leads_of(after, projects) for effect in _told(lead, was, because)]


def arrivals(before: LeadBook, after: LeadBook, fact: Fact) -> Sequence[Effect]:
    """The same after a merge, which wins nothing, and loses only what neither of the two customers had lost.

    That a lead was won or lost under the other customer was told there, and must not be counted twice.
    """
    known = {lead.id for lead in leads_of(before)}
    lost = {lead.id for lead in leads_of(after) if lead.state == "LOST" and lead.ids & known}
    told = differences(before, after, fact)
    return [each for each in told if each.name == "stage" or (each.name == "lost" and each.natural in lost)]


def departures(before: LeadBook, after: LeadBook, fact: Fact) -> Sequence[Effect]:
    """The leads of `before` that `after` does not know by any id: they went with the customer a merge had brought."""
    known = {id_ for lead in leads_of(after) for id_ in lead.ids}
    because = Because(fact.source, fact.id, fact.type)
    return [
        Effect("stage", LeadStageChanged(lead.id, lead.code, lead.project_id, because, None, lead.state), lead.id)
        for lead in leads_of(before)
        if lead.id not in known
    ]


def _told(lead: Lead, was: list[Lead], because: Because) -> list[Effect]:
    known = [each for each in was if each.id in lead.ids]
    changes = [_changed(lead, old, because) for old in known or [None] if old is None or _differs(lead, old)]
    if not changes or any(old.state == lead.state for old in known):
        return changes
    named = (lead.id, lead.code, lead.project_id)
    if lead.state == "WON":
        changes.append(Effect("won", LeadWon(*named, because), lead.id))
    elif lead.state == "LOST":
        changes.append(Effect("lost", LeadLost(*named, "cancelled", because), lead.id))
    return changes


def _differs(lead: Lead, old: Lead) -> bool:
    return (lead.id, lead.state) != (old.id, old.state)


def _changed(lead: Lead, old: Lead | None, because: Because) -> Effect:
    before = old.state if old else None
    replaces = old.id if old and old.id != lead.id else None
    data = LeadStageChanged(lead.id, lead.code, lead.project_id, because, lead.state, before, replaces)
    return Effect("stage", data, f"{lead.id}<{replaces}" if replaces else lead.id)
