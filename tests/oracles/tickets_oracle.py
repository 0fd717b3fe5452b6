"""What tickets and satisfaction must be, out of all facts at once. Imports nothing of ours.

A fact is a dict: `source, id, type, subject, time` (aware datetime) and `data` as in the JSON of the event. Commands
are facts too (`respond`, `resolve`, with the raising fact's `case`). Scores are computed with decimals of 50 digits.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from typing import Any

Fact = Mapping[str, Any]
RESPOND_WITHIN = {"complaint": 24, "repair": Decimal("0.5"), "enquiry": 24, "suggestion": 72, "assistance": 24}
RESOLVE_WITHIN = {"complaint": 720, "repair": 24, "enquiry": 72, "suggestion": 720, "assistance": 720}
K, HALF_LIFE, PRIOR = 3, 180, Decimal("72.5")
EVENTS = {"raised": (30, "0.3"), "breached": (0, "0.5"), "in time": (70, "0.3"), "praise": (100, "0.5")}


def tickets(facts: Iterable[Fact], now: datetime) -> dict[tuple[str, str], dict[str, Any]]:
    """Raising (source, id) → state, whether the first answer and the end came late or not at all by `now`."""
    facts = list(facts)
    return {
        (fact["source"], fact["id"]): ticket(fact, facts, now)
        for fact in facts
        if fact["type"] in ("crm.complaint.raised.v1", "crm.request.raised.v1")
    }


def ticket(raised: Fact, facts: list[Fact], now: datetime) -> dict[str, Any]:
    """One ticket at `now`."""
    kind = raised["data"].get("kind", "complaint")
    mine = [fact for fact in facts if fact["data"].get("case") == (raised["source"], raised["id"])]
    ends = [fact["time"] for fact in mine if fact["type"] == "resolve"]
    answers = [fact["time"] for fact in mine if fact["type"] == "respond"] + ends
    end, answer = min(ends, default=None), min(answers, default=None)
    return {
        "kind": kind,
        "raised": raised["time"],
        "state": "RESOLVED" if end else "IN_PROGRESS" if answer else "NEW",
        "end": end,
        "answer_due": after(raised["time"], RESPOND_WITHIN.get(kind)),
        "end_due": after(raised["time"], RESOLVE_WITHIN.get(kind)),
        "answer_late": late(after(raised["time"], RESPOND_WITHIN.get(kind)), answer, now),
        "end_late": late(after(raised["time"], RESOLVE_WITHIN.get(kind)), end, now),
    }


def after(time: datetime, hours: Any) -> datetime | None:
    """So many hours later."""
    return None if hours is None else time + timedelta(hours=float(hours))


def late(due: datetime | None, met: datetime | None, now: datetime) -> bool:
    """Whether a promise is broken by `now`."""
    return due is not None and (met or now) > due


def seen(facts: Iterable[Fact], now: datetime) -> list[tuple[datetime, Decimal, Decimal, bool]]:
    """Time, x, weight and whether it is an answer, of everything that tells of satisfaction."""
    facts, found = list(facts), []
    for fact in facts:
        if fact["type"] == "crm.survey.answered.v1":
            found.append((fact["time"], mean_of(fact["data"]["answers"]), Decimal(1), True))
    for each in tickets(facts, now).values():
        happened = [("raised" if each["kind"] == "complaint" else each["kind"], each["raised"])]
        happened += [("breached", each["answer_due"])] * each["answer_late"]
        happened += [("breached", each["end_due"])] * each["end_late"]
        if each["end"] and each["end_due"] and not each["end_late"]:
            happened.append(("in time", each["end"]))
        found += [
            (time, Decimal(EVENTS[name][0]), Decimal(EVENTS[name][1]), False)
            for name, time in happened
            if name in EVENTS
        ]
    return found


def mean_of(answers: Iterable[Mapping[str, Any]]) -> Decimal:
    """Answers on their scales, from 0 to 100."""
    values = [
        Decimal(100) * (Decimal(a["value"]) - Decimal(a["min"])) / (Decimal(a["max"]) - Decimal(a["min"]))
        for a in answers
    ]
    return sum(values, Decimal(0)) / len(values)


def scores(facts: Iterable[Fact], now: datetime, as_of: datetime) -> dict[str, tuple[Decimal, Decimal, Decimal]]:
    """Stated and overall: S, confidence, n_eff to 4 decimals, of what had happened by `as_of`."""
    found = [each for each in seen(facts, now) if each[0] <= as_of]
    return {
        "stated": score([each for each in found if each[3]], as_of),
        "overall": score(found, as_of),
    }


def score(found: list[tuple[datetime, Decimal, Decimal, bool]], as_of: datetime) -> tuple[Decimal, Decimal, Decimal]:
    """The document's formula, decayed to the newest observation first and then to `as_of`."""
    with localcontext() as context:
        context.prec = 50
        if not found:
            return quantized(PRIOR), quantized(Decimal(0)), quantized(Decimal(0))
        newest = max(each[0] for each in found)
        weights = [w * halved(newest - time) for time, _, w, _ in found]
        rest = halved(as_of - newest)
        a = rest * sum(g * x for g, (_, x, _, _) in zip(weights, found, strict=True))
        b = rest * sum(weights)
        squares = rest**2 * sum(g**2 for g in weights)
        return quantized((K * PRIOR + a) / (K + b)), quantized(b / (K + b)), quantized(b**2 / squares)


def halved(age: timedelta) -> Decimal:
    """What is left of a weight after a time."""
    days = Decimal(age // timedelta(microseconds=1)) / Decimal(86_400_000_000)
    return Decimal(2) ** (-days / HALF_LIFE)


def quantized(value: Decimal) -> Decimal:
    """Four decimals, half to even."""
    return value.quantize(Decimal("0.0001"), ROUND_HALF_EVEN)
