"""What an account knows of the households it is in, was in, or is invited to."""

from datetime import datetime
from typing import Literal

import msgspec

State = Literal["INVITED", "JOINING", "HEAD", "MEMBER", "OUT"]
WITHIN: tuple[State, ...] = ("JOINING", "HEAD", "MEMBER")
"""States of who is in the household, as far as the account knows."""


class Membership(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a customer is to a household, which knows the customer as `member`: this account's, or one's that was merged into
    it. `number` counts what the household said; INVITED holds `until`; JOINING is accepted, and not answered yet.
    """

    household: str
    member: str
    state: State
    number: int = 0
    head: str = ""
    until: datetime | None = None

    @property
    def within(self) -> bool:
        """Whether the customer is in the household, or about to be."""
        return self.state in WITHIN

    @property
    def known(self) -> bool:
        """Whether the household itself has said so."""
        return self.state in ("HEAD", "MEMBER") and self.number > 0

    @property
    def key(self) -> str:
        """Its name in the account: two customers of one household may turn out to be one."""
        return f"{self.household} {self.member}"
