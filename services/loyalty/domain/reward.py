"""The state of a reward."""

import msgspec

from contracts.facts.loyalty import Tier


class Reward(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Something to have for points: `stock` pieces are left, `given` are reserved or with members. One entity, so its stock
    holds whoever asks at the same time.

    `open` is the marks of redemptions to which a piece is on its way, `ended` of the last that gave theirs back.
    """

    name: str = ""
    price: int = 0
    tier: Tier = "base"
    offered: bool = False
    stock: int = 0
    given: int = 0
    open: bytes = b""
    ended: bytes = b""


NO_REWARD = Reward()
