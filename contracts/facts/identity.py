"""Who is one person: two customers were merged, or a merge was undone. Each is published to both, under their own keys."""

from typing import Annotated

from msgspec import Meta

from contracts.facts.base import FactData
from contracts.fields import Code, CustomerId, Id


class CustomerMerged(FactData, frozen=True):
    """Two customers are one person: from now on `merged` is another name of `survivor`. `reason` says why.

    Published twice: keyed by the merged one, and keyed by the survivor. `merge_id` is the same in both. `number` counts
    the merges of `merged`, undone ones too: of two, the one with the larger number is in force.
    """

    TYPE = "crm.customer.merged.v1"

    merge_id: Id
    merged: CustomerId
    survivor: CustomerId
    number: Annotated[int, Meta(ge=1)] = 1
    reason: Code | None = None


class CustomerUnmerged(FactData, frozen=True):
    """A merge was a mistake and is undone: the two are two people again. Published twice, as the merge was."""

    TYPE = "crm.customer.unmerged.v1"

    merge_id: Id
    merged: CustomerId
    survivor: CustomerId
