"""`claims`: which customer holds which identifier. Insert-only, by blind index; no value is in it.

`{_id: blind index, customer, type, verified, fact, at}`; `verified` may become true, nothing else ever changes.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from chassis.store.connect import transient
from services.profile.domain.assigning import Claim
from services.profile.store.writing import find_all, insert_new


class ClaimStore:
    """The claims of a database."""

    def __init__(self, database: Any) -> None:
        self._claims = database["claims"]

    async def held(self, indexes: Collection[bytes]) -> dict[bytes, Claim]:
        """Who holds these identifiers, as far as somebody does."""
        if not indexes:
            return {}
        found = await find_all(self._claims, {"_id": {"$in": list(indexes)}}, FIELDS)
        return {bytes(document["_id"]): _claim(document) for document in found}

    async def of(self, customers: Collection[str]) -> list[Claim]:
        """Everything these customers hold."""
        return [_claim(d) for d in await find_all(self._claims, {"customer": {"$in": list(customers)}}, FIELDS)]

    async def counts(self, customers: Collection[str]) -> dict[str, Counter[str]]:
        """How many identifiers of each type these customers hold."""
        counts: dict[str, Counter[str]] = {customer: Counter() for customer in customers}
        if customers:
            for claim in await self.of(customers):
                counts[claim.customer][claim.type] += 1
        return counts

    async def make(self, claims: Sequence[Claim], causes: Sequence[bytes], at: datetime) -> set[bytes]:
        """Claim what is free; returns the indexes that somebody else claimed first."""
        documents = [
            {
                "_id": claim.blind,
                "customer": claim.customer,
                "type": claim.type,
                "verified": claim.verified,
                "fact": cause,
                "at": at,
            }
            for claim, cause in zip(claims, causes, strict=True)
        ]
        return {bytes(index) for index in await insert_new(self._claims, documents)}

    @transient
    async def verify(self, indexes: Iterable[bytes]) -> None:
        """Remember that these were proved; it is never forgotten."""
        await self._claims.update_many({"_id": {"$in": list(indexes)}}, {"$set": {"verified": True}})

    @transient
    async def forget(self, customers: Collection[str]) -> int:
        """Let go of every identifier these customers hold; how many."""
        return (await self._claims.delete_many({"customer": {"$in": list(customers)}})).deleted_count


FIELDS = {"customer": 1, "type": 1, "verified": 1}


def _claim(document: Any) -> Claim:
    return Claim(bytes(document["_id"]), document["customer"], document["type"], document["verified"])
