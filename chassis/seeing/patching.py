"""Editing a record: JSON Patch (RFC 6902: add, replace, remove) on `{key, headers, value}`, and what is different then.

What a change does not touch stays byte for byte. Differences are told without values: they may be personal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any, NamedTuple

import msgspec

from chassis.seeing.errors import BadEdit

OPERATIONS = ("add", "replace", "remove")
PARTS = ("key", "headers", "value")


class Record(NamedTuple):
    """What a dead letter keeps of a record."""

    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]


class Difference(NamedTuple):
    """One member that is not the same: its pointer, what happened to it, and the kinds of what was and what is there."""

    pointer: str
    what: str
    was: str
    now: str


def as_document(record: Record) -> dict[str, Any]:
    """A record as people change it. What is no text, or a value that is no JSON, is null: it can only be replaced."""
    headers = {name: _text(value) for name, value in record.headers}
    try:
        value = msgspec.json.decode(record.value or b"null")
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        value = None
    return {"key": _text(record.key), "headers": headers, "value": value}


def edited(record: Record, changes: Sequence[Mapping[str, Any]]) -> Record:
    """The record after these changes, in order; raises `BadEdit`, and then nothing was changed."""
    before = as_document(record)
    after = deepcopy(before)
    for change in changes:
        _apply(after, change)
    for part in PARTS:
        if part not in after:
            raise BadEdit(f"{part} can be replaced, not removed", f"/{part}")
    headers, key = after["headers"], after["key"]
    if not isinstance(headers, dict) or not all(isinstance(value, str | None) for value in (key, *headers.values())):
        raise BadEdit("the key and every header are text or null", "/headers")
    return Record(
        record.key if key == before["key"] else None if key is None else key.encode(),
        record.value if after["value"] == before["value"] else msgspec.json.encode(after["value"]),
        record.headers if headers == before["headers"] else list(_merged(record.headers, before["headers"], headers)),
    )


def _merged(
    raw: Sequence[tuple[str, bytes | None]], before: Mapping[str, Any], after: Mapping[str, str | None]
) -> Iterator[tuple[str, bytes | None]]:
    kept = dict(raw)
    for name, text in after.items():
        same = name in before and before[name] == text
        yield name, kept[name] if same else None if text is None else text.encode()


def differences(before: Any, after: Any, pointer: str = "") -> Iterator[Difference]:
    """Where two documents differ, deepest first named."""
    if isinstance(before, dict) and isinstance(after, dict):
        names = [*before, *(name for name in after if name not in before)]
        for name in names:
            yield from _member(before, after, name, f"{pointer}/{_escaped(name)}")
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for place, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from differences(one, other, f"{pointer}/{place}")
    elif before != after or type(before) is not type(after):
        yield Difference(pointer, "changed", _kind(before), _kind(after))


def _member(before: Mapping[str, Any], after: Mapping[str, Any], name: str, pointer: str) -> Iterator[Difference]:
    if name not in after:
        yield Difference(pointer, "removed", _kind(before[name]), "")
    elif name not in before:
        yield Difference(pointer, "added", "", _kind(after[name]))
    else:
        yield from differences(before[name], after[name], pointer)


def _apply(document: dict[str, Any], change: Mapping[str, Any]) -> None:
    operation, pointer = change.get("op"), change.get("path")
    if operation not in OPERATIONS or not isinstance(pointer, str) or pointer.count("/") < 1 or pointer[0] != "/":
        raise BadEdit(f"a change is {{op: {' | '.join(OPERATIONS)}, path: <JSON pointer>, value}}", "/changes")
    if operation != "remove" and "value" not in change:
        raise BadEdit(f"{operation} needs a value", pointer)
    *steps, last = [_unescaped(step) for step in pointer[1:].split("/")]
    if (steps or [last])[0] not in PARTS:
        raise BadEdit(f"a record has {', '.join(PARTS)}", pointer)
    place: Any = document
    for step in steps:
        place = _at(place, step, pointer)
    _change(place, last, operation, change.get("value"), pointer)


def _at(place: Any, step: str, pointer: str) -> Any:
    try:
        return place[int(step)] if isinstance(place, list) else place[step]
    except (KeyError, IndexError, ValueError, TypeError):
        raise BadEdit("there is nothing at this pointer", pointer) from None


def _change(place: Any, name: str, operation: str, value: Any, pointer: str) -> None:
    if operation != "add":
        _at(place, name, pointer)
    if isinstance(place, list):
        index = len(place) if name == "-" else int(name) if name.isdigit() else -1
        if not 0 <= index <= len(place):
            raise BadEdit("there is no such place in the list", pointer)
        place[index : index + (operation != "add")] = [] if operation == "remove" else [value]
    elif not isinstance(place, dict):
        raise BadEdit("there is no member at this pointer", pointer)
    elif operation == "remove":
        del place[name]
    else:
        place[name] = value


def _text(raw: bytes | None) -> str | None:
    try:
        return None if raw is None else raw.decode()
    except UnicodeDecodeError:
        return None


def _kind(value: Any) -> str:
    if isinstance(value, str | list | dict):
        return (
            f"{'text' if isinstance(value, str) else 'list' if isinstance(value, list) else 'object'} of {len(value)}"
        )
    return "null" if value is None else "boolean" if isinstance(value, bool) else "number"


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _unescaped(step: str) -> str:
    return step.replace("~1", "/").replace("~0", "~")
