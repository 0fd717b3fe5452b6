"""Numbers of a policy that an older release does not know come with another rule table: it could neither start beside this
one, nor be gone back to (seen in `faults/test_upgrade.py`, between two releases that both said table 4).
"""

import hashlib
import importlib

import msgspec
import pytest

NUMBERS = {
    ("loyalty", 4): "de474c19d6cc",
    ("profile", 1): "bc75b333f357",
    ("service_tickets", 1): "9716956af75a",
}
"""For each service and rule table, its numbers' names. A line that was released is never changed: add one, with a new `TABLE`."""


def numbers_of(service: str) -> str:
    """The fingerprint of the names of a policy's numbers."""
    policy = importlib.import_module(f"services.{service}.domain.policy").Policy
    names = sorted(field.encode_name for field in msgspec.structs.fields(policy))
    return hashlib.blake2b(" ".join(names).encode(), digest_size=6).hexdigest()


@pytest.mark.parametrize("service", sorted({service for service, _ in NUMBERS}))
def test_other_numbers_have_another_rule_table(service: str) -> None:
    table = importlib.import_module(f"services.{service}.app").TABLE
    assert NUMBERS.get((service, table)) == numbers_of(service), (
        f"raise TABLE in services/{service}/app.py, and add it here"
    )
    assert table == max(number for name, number in NUMBERS if name == service)
