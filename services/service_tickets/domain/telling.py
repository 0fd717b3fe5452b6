"""What to tell others when a file changed: broken promises, broken ones that were kept after all, satisfaction."""

from collections.abc import Iterator, Sequence

from contracts.fact import Effect, Fact
from contracts.facts.base import Because
from contracts.facts.tickets import SatisfactionChanged, SlaBreached, SlaBreachWithdrawn
from services.service_tickets.domain import observations as seen
from services.service_tickets.domain.model import METRICS, CaseFile, Ticket
from services.service_tickets.domain.policy import Policy
from services.service_tickets.domain.satisfaction import satisfaction


def because(fact: Fact) -> Because:
    """The fact as the reason of another."""
    return Because(fact.source, fact.id, fact.type)


def told(before: CaseFile, after: CaseFile, fact: Fact, policy: Policy) -> list[Effect]:
    """The differences between two files in clocks of tickets that are in both, and in satisfaction."""
    both = [(was, after.tickets[name]) for name, was in before.tickets.items() if name in after.tickets]
    clocks = [effect for was, now in both if was != now for effect in _clocks(was, now, fact)]
    return [*clocks, *_satisfaction(before, after, fact, policy)]


def _clocks(was: Ticket, now: Ticket, fact: Fact) -> Iterator[Effect]:
    for metric in METRICS:
        clock, natural = now.clock(metric), f"{now.ticket_id}.{metric}"
        named = (now.ticket_id, now.code, metric, clock.due_at)
        if clock.due_at is None or clock.breached == was.clock(metric).breached:
            continue
        if clock.breached:
            yield Effect("breached", SlaBreached(*named, because(fact)), natural)  # type: ignore[arg-type]
        elif clock.met_at is not None:
            yield Effect("withdrawn", SlaBreachWithdrawn(*named, clock.met_at, because(fact)), natural)  # type: ignore[arg-type]


def _satisfaction(before: CaseFile, after: CaseFile, fact: Fact, policy: Policy) -> Sequence[Effect]:
    was, now = seen.observations(before), seen.observations(after)
    if was == now:
        return ()
    as_of = max(fact.time, *(each.time for each in (*was[-1:], *now[-1:])))
    old, new = satisfaction(was, as_of, policy), satisfaction(now, as_of, policy)
    if (old.stated, old.overall) == (new.stated, new.overall):
        return ()
    data = SatisfactionChanged(as_of, new.stated, new.overall, policy.version, because(fact))
    return (Effect("satisfaction", data),)
