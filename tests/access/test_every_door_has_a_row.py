"""Every door has a row in the policy table, no row is of a door that is not there, every grant allows and denies."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from chassis.errors import Forbidden
from chassis.gate.gate import Gate, Shown
from chassis.gate.principal import Principal
from chassis.gate.table import EVERY, PUBLIC, Where
from tests.access.doors import SERVICES, admin_doors, app_of, cli_doors, grpc_doors, http_doors, table

LIBRARY = {f"{EVERY} {name}" for name in ("ServerReflection/ServerReflectionInfo", "Health/Check", "Health/Watch")}
"""Doors of libraries, which tell nothing of anybody: open."""


def test_every_door_has_a_row_and_every_row_a_door(tmp_path: Path) -> None:
    there = {f"hearth {door}" for door in cli_doors()}
    for service in SERVICES:
        app = app_of(service, tmp_path)
        for door in (*http_doors(app), *admin_doors(app), *grpc_doors(service)):
            there.add(f"{service if f'{service} {door}' in table().doors else EVERY} {door}")
    assert not there - table().doors.keys(), "these doors are closed: give them a row in contracts/access.yaml"
    assert not table().doors.keys() - there - LIBRARY, "these rows are of no door"


ROWS = [(role, operation, scope) for role in table().roles for operation, scope in table().granted(role).items()]
DOORS = {operation: door.split(" ", 1) for door, operation in table().doors.items() if operation != PUBLIC}
MINE, OTHER = frozenset({"P1"}), frozenset({"P2"})


def caller(role: str) -> Principal:
    return Principal("ann", frozenset({role}), MINE, frozenset({"bob"}))


async def ends(principal: Principal, operation: str, where: Where) -> str:
    """How a request through a door of this operation ends, about a thing that belongs there."""
    place, door = DOORS[operation]

    async def find(_asked: Mapping[str, str]) -> Where:
        return where

    class Known:
        async def verify(self, token: str) -> Principal:
            return principal

    class Log:
        async def append(self, entry: Any) -> None:
            outcomes.append(entry.outcome)

    outcomes: list[str] = []
    resource = operation.partition(".")[0]
    known: Any = Known()
    gate = Gate(place, table(), known, {resource: find}, Log(), lambda: datetime.now(UTC))
    try:
        await gate.know(door, Shown("Bearer x.y.z", "127.0.0.1"))
        await gate.admit(door, {})
    except Forbidden:
        assert outcomes == ["denied"]
        return "denied"
    return "allowed"


@pytest.mark.parametrize(("role", "operation", "scope"), ROWS, ids=lambda each: each)
async def test_each_grant_allows_what_it_says_and_denies_another_projects(
    role: str, operation: str, scope: str
) -> None:
    mine = Where(MINE, frozenset({"ann"}))
    theirs = Where(OTHER, frozenset({"eve"}))
    assert await ends(caller(role), operation, mine) == "allowed"
    assert await ends(caller(role), operation, theirs) == ("allowed" if scope == "all" else "denied")
    assert await ends(caller("no-role"), operation, mine) == "denied"


def test_every_operation_can_be_done_by_somebody_and_has_a_door() -> None:
    granted = {operation for role in table().roles if role != "local-admin" for operation in table().granted(role)}
    assert granted == set(DOORS)


def test_the_local_admin_may_do_all() -> None:
    assert set(table().granted("local-admin")) == set(DOORS)


def test_only_auditors_read_the_audit_log() -> None:
    for role in set(table().roles) - {"auditor", "local-admin"}:
        assert not {"audit.read", "audit.verify"} & set(table().granted(role))
