"""JSON Schema 2020-12 of the data of each type."""

import inspect
from typing import Any

import msgspec

from contracts.fields import CLASS_KEY
from contracts.upcast import type_of

DIALECT = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]

BETWEEN_FIELDS: dict[str, Schema] = {
    "Contact": {
        "oneOf": [
            {"required": ["identifiers"]},
            {"required": ["customer_id"], "properties": {"customer_id": {"type": "string"}}},
        ]
    },
    "Identifier": {
        "if": {"properties": {"type": {"const": "external"}}},
        "then": {"required": ["issuer"], "properties": {"issuer": {"type": "string"}}},
        "else": {"properties": {"issuer": {"type": "null"}}},
    },
}
"""Rules between fields that structs check in code, by the struct's name, for those who only have the schema."""


def schema_of(struct: type[msgspec.Struct], form: str = "") -> Schema:
    """The schema of a fact's data; unknown members are allowed, because fields may be added.

    `form` tells schemas of one type apart; it is empty for the form of the journal and of what Hearth publishes.
    """
    (root,), found = msgspec.json.schema_components((struct,), ref_template="#/$defs/{name}")
    body = found.pop(root["$ref"].rpartition("/")[2])
    parts = {name: _described(part) | BETWEEN_FIELDS.get(name, {}) for name, part in found.items()}
    head = {"$schema": DIALECT, "$id": f"urn:hearth:schema:{form and form + ':'}{type_of(struct)}"}
    schema = head | {"title": type_of(struct)} | _described(body)
    whole = schema | {"$defs": dict(sorted(parts.items()))} if parts else schema
    return msgspec.json.decode(msgspec.json.encode(whole))


def field_class(field: Schema) -> str:
    """The class of a field by its schema: plain, personal, free_text, or a reference to one of these in the vault."""
    choices = (field, *field.get("anyOf", ()))
    return next((choice[CLASS_KEY] for choice in choices if CLASS_KEY in choice), "plain")


def field_kind(field: Schema) -> str:
    """What a field holds, in a few words for people."""
    choices = [choice for choice in field.get("anyOf", [field]) if choice.get("type") != "null"]
    return " or ".join(dict.fromkeys(_kind(choice) for choice in choices))


def _described(part: Schema) -> Schema:
    kept = {key: value for key, value in part.items() if key != "title"}
    return kept | {"description": inspect.cleandoc(part["description"])}


def _kind(field: Schema) -> str:
    if "$ref" in field:
        return field["$ref"].rpartition("/")[2]
    if "enum" in field:
        return "one of " + ", ".join(f"`{value}`" for value in field["enum"])
    if field.get("type") == "array":
        return "list of " + field_kind(field.get("items") or {})
    limits = "".join(f", {sign} {field[name]}" for name, sign in _LIMITS if name in field)
    return str(field.get("format") or field.get("type", "any")) + limits


_LIMITS = (("minimum", "at least"), ("maximum", "at most"))
