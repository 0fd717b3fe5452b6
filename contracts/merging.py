"""What an entity that was merged says to the one it was merged into: on `crm.self.<service>`, read by its owner only.

These bodies are no part of the catalog: nobody outside a service reads or writes them.
"""

from typing import Annotated

from msgspec import Meta

from contracts.facts.base import FactData
from contracts.fields import Id, Moment

MOST_BYTES = 4 * 65_536
"""Most bytes of such a record: a fact of 64 KiB with what is around it, in base64."""


class Forwarded(FactData, frozen=True):
    """A fact that came to an entity after it was merged; `data` is the fact's body in canonical bytes."""

    TYPE = "hearth.forwarded.v1"

    merge_id: Id
    source: str
    id: str
    type: str
    time: Moment
    recorded_at: Moment
    data: bytes


class Absorbed(FactData, frozen=True):
    """The first `facts` facts in the chain of `entity` belong to the survivor, too."""

    TYPE = "hearth.absorbed.v1"

    merge_id: Id
    entity: Id
    facts: Annotated[int, Meta(ge=0)]


class Released(FactData, frozen=True):
    """The merge is undone: nothing that came by it counts any more."""

    TYPE = "hearth.released.v1"

    merge_id: Id


class Handed(FactData, frozen=True):
    """A command was handed to the entity `to` by a merge; never sent, only kept in the chain."""

    TYPE = "hearth.handed.v1"

    merge_id: Id
    to: str


class Declined(FactData, frozen=True):
    """A command that came by a merge was given up here, for the merge was undone; never sent, only kept in the chain."""

    TYPE = "hearth.declined.v1"

    merge_id: Id


class Refolded(FactData, frozen=True):
    """What the entity knows is folded once more, by the rules and policies of now; never sent, only kept in its chain."""

    TYPE = "hearth.refolded.v1"

    run: Id


BODIES = (Forwarded, Absorbed, Released, Refolded, Handed, Declined)
