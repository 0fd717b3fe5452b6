"""Records for tests: golden examples as Kafka records, whole or with something wrong."""

import json
from pathlib import Path
from typing import Any

from contracts import envelope
from contracts.fact import Fact

EXAMPLES = sorted((Path(envelope.__file__).parent / "examples").glob("*.json"))
SIGNED = "crm.deal.signed.v1"
AT = 1_800_000_000_000
"""A record timestamp, in milliseconds, later than every example."""


def event(type_name: str = SIGNED) -> dict[str, Any]:
    """The golden example of a type, to be changed at will."""
    return json.loads((EXAMPLES[0].parent / f"{type_name}.json").read_text("utf-8"))


def binary(of: dict[str, Any], value: bytes | None = None) -> tuple[bytes, bytes, list[tuple[str, bytes]]]:
    """Key, value and headers of an event in binary mode; `value` replaces its data's JSON."""
    names = [name for name in of if name not in ("data", "datacontenttype")]
    headers = [(f"ce_{name}", str(of[name]).encode()) for name in names]
    headers.append(("content-type", of.get("datacontenttype", "application/json").encode()))
    return of.get("subject", "").encode(), json.dumps(of["data"]).encode() if value is None else value, headers


def structured(of: dict[str, Any]) -> tuple[bytes, bytes, list[tuple[str, bytes]]]:
    """Key, value and headers of an event in structured mode."""
    headers = [("content-type", b"application/cloudevents+json; charset=UTF-8")]
    return of.get("subject", "").encode(), json.dumps(of).encode(), headers


def decode_binary(of: dict[str, Any], value: bytes | None = None) -> Fact:
    """The fact a record in binary mode carries."""
    return envelope.decode(*binary(of, value), AT)


def decode_structured(of: dict[str, Any]) -> Fact:
    """The fact a record in structured mode carries."""
    return envelope.decode(*structured(of), AT)
