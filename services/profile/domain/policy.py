"""The numbers of identity. Files and published documents are checked here; parsing YAML is somebody else's work."""

from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from contracts.fields import Id
from services.profile.domain.errors import InvalidIdentifier, InvalidPolicy
from services.profile.domain.identifiers import ORDER, is_filler, normalise_value

Limit = Annotated[int, Meta(ge=1, le=1000)]


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Numbers in force; what each means and where it comes from stands in `policy/profile.yaml`."""

    version: Annotated[str, Meta(min_length=1, max_length=40)]
    identifiers_per_customer: Limit
    identifiers_per_type: dict[str, Limit]
    customers_per_identifier: Limit
    blocked: dict[str, tuple[str, ...]]
    segment_issuer: Id
    source_ranks: dict[str, Annotated[int, Meta(ge=0, le=100)]]
    man_level: Annotated[int, Meta(ge=1, le=3)]
    satisfied_score: Annotated[float, Meta(ge=0, le=100)]
    satisfied_confidence: Annotated[float, Meta(ge=0, le=1)]
    loyal_repeats: Annotated[int, Meta(ge=1, le=100)]

    def __post_init__(self) -> None:
        """Check what spans fields: every type has a limit, blocked values are written in the one form."""
        if set(self.identifiers_per_type) != set(ORDER) or not set(self.blocked) <= set(ORDER):
            raise ValueError(f"identifiers_per_type needs each of {', '.join(ORDER)}; blocked knows no others")
        for type_, values in self.blocked.items():
            if any(_normal(type_, value) != value for value in values):
                raise ValueError(f"blocked values of {type_} must be written as they are compared (phones as E.164)")

    def rank(self, source: str) -> int:
        """How far a source is believed: the rank of the longest prefix that is listed, else 0."""
        listed = [prefix for prefix in self.source_ranks if source.startswith(prefix)]
        return self.source_ranks[max(listed, key=len)] if listed else 0

    def blocks(self, type_: str, value: str) -> bool:
        """Whether a normalised value tells nobody apart."""
        return is_filler(type_, value) or value in self.blocked.get(type_, ())

    def allows(self, counts: Mapping[str, int]) -> bool:
        """Whether one person may have so many identifiers of each type."""
        limits = self.identifiers_per_type
        return sum(counts.values()) <= self.identifiers_per_customer and all(
            count <= limits[type_] for type_, count in counts.items()
        )

    def allows_one_more(self, counts: Mapping[str, int], type_: str) -> bool:
        """Whether a person who has these may get one more of a type."""
        return (
            sum(counts.values()) < self.identifiers_per_customer
            and counts.get(type_, 0) < self.identifiers_per_type[type_]
        )


Counts = Counter[str]


def policy_from(document: Mapping[str, Any]) -> Policy:
    """The policy a parsed document states; raises `InvalidPolicy` naming the field."""
    try:
        return msgspec.convert(dict(document), Policy)
    except msgspec.ValidationError as error:
        raise InvalidPolicy(str(error)) from None


def _normal(type_: str, value: str) -> str:
    try:
        return normalise_value(type_, value)
    except InvalidIdentifier:
        return ""
