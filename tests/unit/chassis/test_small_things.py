"""Policies by time, sealed bytes, key files, pages, faults on purpose, log lines, batches that are cut."""

import base64
import json
import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidTag

from chassis.errors import InvalidRequest
from chassis.faults import Faults
from chassis.fold import Key, Transient
from chassis.fold.batch import FACTS_PER_ENTITY, Batch, split
from chassis.fold.rules import Item
from chassis.logs import configure
from chassis.pages import page_of
from chassis.policy import PolicyBook, PolicyVersion
from chassis.seal import KeyFileError, Seal, read_key
from tests.simulator.script import Fact

DAY = datetime(2026, 3, 2, tzinfo=UTC)


def test_the_policy_in_force_is_the_latest_effective_by_then() -> None:
    book = PolicyBook(
        [
            PolicyVersion(2, DAY + timedelta(days=10), "b"),
            PolicyVersion(1, DAY, "a"),
            PolicyVersion(3, DAY + timedelta(days=10), "c"),
        ]
    )
    assert book.at(DAY - timedelta(days=1)) == (1, "a")
    assert book.at(DAY + timedelta(days=10, microseconds=-1)) == (1, "a")
    assert book.at(DAY + timedelta(days=10)) == (3, "c")


def test_sealed_bytes_open_only_with_the_key_and_unchanged() -> None:
    seal = Seal(b"k" * 32)
    sealed = seal.close(b"13800138000")
    assert b"13800138000" not in sealed
    assert sealed != seal.close(b"13800138000")
    assert seal.open(sealed) == b"13800138000"
    for other, changed in ((Seal(b"x" * 32), sealed), (seal, sealed[:-1] + bytes([sealed[-1] ^ 1]))):
        with pytest.raises(InvalidTag):
            other.open(changed)


def test_a_key_file_must_be_private_and_whole(tmp_path: Path) -> None:
    file = tmp_path / "kek"
    with pytest.raises(KeyFileError, match="does not exist"):
        read_key(file)
    file.write_text(base64.b64encode(b"k" * 32).decode())
    file.chmod(0o644)
    with pytest.raises(KeyFileError, match="0600"):
        read_key(file)
    file.chmod(0o600)
    assert read_key(file) == b"k" * 32
    file.write_text("short")
    with pytest.raises(KeyFileError, match="32 bytes"):
        read_key(file)


def test_pages_cover_a_list_without_repetition() -> None:
    items, seen, cursor = list(range(7)), [], None
    while True:
        shown, cursor = page_of(items, 3, cursor)
        seen += shown
        if cursor is None:
            break
    assert seen == items
    for bad in ("x", base64.urlsafe_b64encode(b"at:-1").decode(), base64.urlsafe_b64encode(b"no:1").decode()):
        with pytest.raises(InvalidRequest):
            page_of(items, 3, bad)


async def test_a_lost_reply_comes_after_the_effect() -> None:
    done = []

    class Port:
        async def write(self, what: str) -> None:
            done.append(what)

    faults = Faults({"HEARTH_LOSE_REPLIES": "1.0:7"})
    with pytest.raises(Transient, match=r"lane\.write"):
        await faults.around("lane", Port()).write("x")
    assert done == ["x"]
    port = Port()
    assert Faults({}).around("lane", port) is port


async def test_a_process_dies_at_the_named_place(monkeypatch: pytest.MonkeyPatch) -> None:
    died: list[int] = []
    monkeypatch.setattr("os._exit", died.append)

    class Port:
        async def write(self) -> None: ...

    port = Faults({"HEARTH_CRASH_AT": "door.write.after:2"}).around("door", Port())
    await port.write()
    assert died == []
    await port.write()
    assert died == [137]


def test_a_value_cannot_start_a_new_line_of_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    import structlog

    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    try:
        configure("info", "json", "test", "unit")
        structlog.get_logger().info("seen", value='a\r\n{"event": "forged"}')
        line = capsys.readouterr().err
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        structlog.reset_defaults()
    assert line.count("\n") == 1
    assert json.loads(line)["event"] == "seen"


def items(*entities: str) -> tuple[Item, ...]:
    fact = Fact("s", "i", "add", "k", DAY, DAY)
    return tuple(Item(offset, Key("account", entity), fact, b"x") for offset, entity in enumerate(entities))


def test_a_batch_is_cut_where_one_entity_has_too_many_facts() -> None:
    many = items(*["hot"] * (2 * FACTS_PER_ENTITY + 1))
    parts = list(split(Batch("slot", 0, len(many) + 3, many, (), DAY)))
    assert [(part.start, part.end, len(part.items)) for part in parts] == [
        (0, 500, 500),
        (500, 1000, 500),
        (1000, 1004, 1),
    ]
    assert [part.horizon for part in parts] == [None, None, DAY]


def test_a_batch_of_large_facts_is_cut_at_a_megabyte_per_entity() -> None:
    large = tuple(item._replace(payload=b"x" * 60_000) for item in items(*["hot"] * 40))
    parts = list(split(Batch("slot", 0, 40, large)))
    assert [len(part.items) for part in parts] == [17, 17, 6]
    assert [item for part in parts for item in part.items] == list(large)
