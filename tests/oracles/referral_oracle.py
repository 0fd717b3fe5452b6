"""What becomes of referrals, told as a story: one customer, day after day, as somebody at a desk would keep a card of it.

Whoever claims to have brought the customer is refused if the customer has come before, or while another's claim runs. A
claim runs for so many days; who comes within them is that referrer's for good.
"""

from collections.abc import Iterable
from typing import NamedTuple

PROTECTED = 90
STEPS = {
    "visit": "VISITED",
    "subscribe": "SUBSCRIBED",
    "sign": "CONTRACTED",
    "pay": "QUALIFIED",
    "cancel": "CLAWED_BACK",
}


class Event(NamedTuple):
    """On a `day` (a number), somebody (`who`) claims, or the customer does one of `STEPS` (`who` is empty)."""

    day: float
    what: str
    who: str = ""


def states(events: Iterable[Event], today: float) -> dict[str, str]:
    """The state of each claimer's referral today."""
    card: dict[str, str] = {}
    holder, ends, mine, here, done = "", -1.0, "", False, set[str]()
    for event in sorted(events, key=lambda event: (event.day, event.what != "claim", event.who)):
        if event.day > today:
            break
        if holder and not mine and event.day >= ends:
            card[holder], holder = "LAPSED", ""
        if event.what != "claim":
            done.add(event.what)
            if not here and holder and event.what in ("visit", "subscribe", "sign"):
                mine = holder
            here = here or event.what in ("visit", "subscribe", "sign")
        elif event.who in (mine, holder):
            continue
        elif here:
            card[event.who] = "REJECTED existing_customer"
        elif holder:
            card[event.who] = "REJECTED referred_already"
        else:
            holder, ends, card[event.who] = event.who, event.day + PROTECTED, "ACCEPTED"
    if holder and not mine and today >= ends:
        card[holder] = "LAPSED"
    if mine:
        card[mine] = farthest(done)
    return card


def farthest(done: set[str]) -> str:
    """Of all that the customer has done, the last step; paying counts for who has signed."""
    if {"sign", "pay"} <= done:
        return STEPS["cancel" if "cancel" in done else "pay"]
    return next(STEPS[step] for step in ("sign", "subscribe", "visit") if step in done)
