"""What a company's customers must own at the end, counted the way a bookkeeper would, from the events alone.

Nothing here knows lots, holds or a ledger. Somebody deserves what all their events so far are worth; they own that less
what they spent; below zero it is a debt, with which nothing can be spent. Where points that must be given back were spent,
any other points are taken (the policy "other_lots"), so at any moment there are points or a debt, never both.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from fractions import Fraction
from typing import Any

from tests.oracles.loyalty_oracle import balance, last_price, total

SUGGESTION, REFEREE, REFERRER = 100, 5_000, 20_000
COMING = ("crm.visit.completed.v1", "crm.deal.signed.v1")


@dataclass
class Owned:
    """What one customer has. `refused`: the wishes that could not come true."""

    pending: int = 0
    active: int = 0
    debt: int = 0
    qualifying: int = 0
    redeemed: int = 0
    refused: set[str] = field(default_factory=set)


class Books:
    """Everybody's events so far, and what was spent."""

    def __init__(self) -> None:
        self.events: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
        self.referees: dict[str, set[str]] = defaultdict(set)
        self.spent: dict[str, int] = defaultdict(int)
        self.spends: dict[str, int] = {}
        self.refused: dict[str, set[str]] = defaultdict(set)

    def hear(self, event: Mapping[str, Any]) -> None:
        """One more event."""
        self.events[event["subject"]].append(event)
        if event["data"].get("referrer"):
            self.referees[event["data"]["referrer"]].add(event["subject"])  # some of them for nothing

    def wish(self, wish: Any) -> None:
        """A wish at the end of a week: granted if there are points enough, and nothing is owed."""
        if wish.refunds:
            back = self.spends.pop(wish.refunds, None)
            if back is None:
                self.refused[wish.subject].add(wish.id)
            self.spent[wish.subject] -= back or 0
        elif self.deserved(wish.subject) - self.spent[wish.subject] < wish.points:
            self.refused[wish.subject].add(wish.id)
        elif wish.captured:
            self.spent[wish.subject] += wish.captured
            self.spends[wish.id] = wish.captured

    def deserved(self, subject: str) -> int:
        """Points that are worth something now."""
        events = self.events[subject]
        suggestions = {event["data"]["ticket_id"] for event in events if "suggestion" in event["type"]}
        own = REFEREE * share(events) if referrer_of(events) else 0
        brought = [self.events[referee] for referee in self.referees[subject]]
        friends = sum(int(REFERRER * share(each)) for each in brought if referrer_of(each) == subject)
        return balance(events)["active"] + SUGGESTION * len(suggestions) + int(own) + friends

    def owned(self, subject: str) -> Owned:
        """What one customer has now."""
        counted = balance(self.events[subject])
        left = self.deserved(subject) - self.spent[subject]
        more = counted["qualifying"], self.spent[subject], self.refused[subject]
        return Owned(counted["pending"], max(0, left), max(0, -left), *more)


def referrer_of(events: Sequence[Mapping[str, Any]]) -> str | None:
    """Who brought a customer: the earliest who named them before they first came, and at most 90 days before. Without
    claims by several, which these two years do not have.
    """
    came = min((event["time"] for event in events if event["type"] in COMING), default=None)
    for event in sorted(events, key=lambda event: event["time"]):
        if event["data"].get("referrer"):
            news = came is not None and event["time"] <= came < event["time"] + timedelta(days=90)
            return event["data"]["referrer"] if news else None
    return None


def share(events: Sequence[Mapping[str, Any]]) -> Fraction:
    """Of the deals that are paid in full, how much is left of the one of which most is left."""
    deals = {event["data"]["deal_id"] for event in events if event["type"] == "crm.deal.signed.v1"}
    return max((_left(_about(events, deal)) for deal in deals), default=Fraction(0))


def _about(events: Iterable[Mapping[str, Any]], deal: str) -> list[Mapping[str, Any]]:
    return [event for event in events if event["data"].get("deal_id") == deal]


def _left(events: list[Mapping[str, Any]]) -> Fraction:
    price = Fraction(last_price(list(events)))
    if Fraction(total(list(events), "crm.deal.payment_received.v1", "amount")) < price:
        return Fraction(0)
    gone = Fraction(total(list(events), "crm.deal.cancelled.v1", "cancelled_amount"))
    return max(Fraction(0), price - gone) / price
