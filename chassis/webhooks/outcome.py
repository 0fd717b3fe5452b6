"""What an attempt means, and when the next one is: pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal, NamedTuple

Outcome = Literal["delivered", "again", "failed", "gone"]

DELAYS = tuple(timedelta(seconds=seconds) for seconds in (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400))
"""Pauses between attempts, as Standard Webhooks proposes them: ten attempts within about three days."""

LONGEST = timedelta(days=1)


class Answer(NamedTuple):
    """What a receiver said: its HTTP status (0: nothing came), seconds it asks us to wait, and why, without its words."""

    status: int
    retry_after: int = 0
    reason: str = ""


def judge(answer: Answer, attempts: int, now: datetime) -> tuple[Outcome, datetime | None]:
    """What the attempt came to, and when the next one is due. `attempts` counts those made, this one included."""
    if 200 <= answer.status < 300:
        return "delivered", None
    if answer.status == 410:
        return "gone", None
    if attempts > len(DELAYS):
        return "failed", None
    asked = timedelta(seconds=answer.retry_after) if answer.status in (429, 503) else timedelta()
    return "again", now + max(DELAYS[attempts - 1], min(asked, LONGEST))
