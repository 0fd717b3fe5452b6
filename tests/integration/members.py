"""Members with points, made as an outside system would make them."""

from tests.foreign import events
from tests.running import Hearth

STRUCTURED = [("content-type", b"application/cloudevents+json")]


def member(hearth: Hearth) -> str:
    """A customer with 70 points: a visit and an answer, both at 10:00 in Shanghai."""
    who = events.someone()
    hearth.publish([(who, events.line(each).encode(), STRUCTURED) for each in (events.visit(who), events.answer(who))])
    hearth.eventually(who, active=70)
    return who
