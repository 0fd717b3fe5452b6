"""Golden examples of the intake forms, and the people in them as the examples of the journal know them."""

import json
from datetime import UTC, datetime
from typing import Any

from contracts.fact import Fact
from contracts.intake.convert import vault_reference
from contracts.intake.envelope import decode_intake
from contracts.intake.people import Contact
from tests.contracts.records import EXAMPLES, binary, event

INTAKE_EXAMPLES = sorted((EXAMPLES[0].parent / "intake").glob("*.json"))
NOW = datetime(2029, 1, 1, tzinfo=UTC)
"""When the examples come in: later than all of them happened."""
CAPTURED = "crm.lead.captured.v1"
SHE = "01963f5e-7a10-7c31-9d52-3f0a6b1e8c01"
CUSTOMERS = {
    "138 0013 8000": SHE,
    "oHearth-7f3kQ2mZ91x": SHE,
    "330106198808080020": SHE,
    "K-004711": SHE,
    "+86 139 1234 5678": "01963f5e-7a10-7c31-9d52-3f0a6b1e8c02",
    "B-2291-zhao": "01963f5e-7a10-7c31-9d52-3f0a6b1e8c03",
}
OLDER = {("crm.survey.answered.v1", "/comment"): "vault:4f6c1f0e-9f0b-5d7a-8a3e-2b1c0d9e8f7a"}
"""References that golden examples had before there was a rule for them."""


def intake_event(type_name: str = CAPTURED, **changes: Any) -> dict[str, Any]:
    """The golden example of an intake form, members of its data changed."""
    of = json.loads((INTAKE_EXAMPLES[0].parent / f"{type_name}.json").read_text("utf-8"))
    return of | {"data": of["data"] | changes}


def coming_in(of: dict[str, Any]) -> Fact:
    """The fact an intake event is, from a record in binary mode."""
    _, value, headers = binary(of)
    return decode_intake(value, headers, NOW)


def journal_event(type_name: str) -> dict[str, Any]:
    """The golden example of the journal form of the same fact."""
    return event(type_name)


def customer_of(contact: Contact) -> str:
    """Who a contact of the examples is; people the examples do not know are nobody."""
    return contact.customer_id or CUSTOMERS.get(contact.identifiers[0].value, "nobody")


class Vault:
    """References as resolve will make them; remembers what was put in."""

    def __init__(self, fact: Fact) -> None:
        self.fact = fact
        self.kept: dict[str, Any] = {}

    def __call__(self, pointer: str, value: Any) -> str:
        assert pointer not in self.kept
        self.kept[pointer] = value
        made = vault_reference(self.fact.source, self.fact.id, pointer)
        return OLDER.get((self.fact.type, pointer), made)
