"""The AsyncAPI 3.1.0 document of all topics and types, made from the catalog. Kafka bindings are 0.5.0."""

import json
from typing import Any

from contracts import catalog
from contracts.fields import ID_PATTERN
from contracts.intake.forms import FORMS, Form
from contracts.reference import example_of
from contracts.schema import schema_of

BINDING = "0.5.0"
DAY_MS = 86_400_000
JSON_SCHEMA = "application/schema+json;version=draft-2020-12"

Node = dict[str, Any]


def document() -> Node:
    """The whole document."""
    return {
        "asyncapi": "3.1.0",
        "info": {
            "title": "Hearth",
            "version": "1",
            "description": "Facts about customers of a company that builds and sells homes, as CloudEvents 1.0.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {topic.name: _channel(topic) for topic in catalog.TOPICS.values() if _types_on(topic.name)}
        | {name: _intake_channel(topic) for name, topic in catalog.TOPICS.items() if _forms_on(name)},
        "operations": _operations(),
        "components": {
            "messages": {name: _message(name, schema_of(entry.struct)) for name, entry in catalog.TYPES.items()}
            | {_intake(name): _intake_message(name, form) for name, form in FORMS.items()},
            "messageTraits": {"cloudevent": {"headers": _HEADERS}, "intake": {"headers": _INTAKE_HEADERS}},
        },
    }


def to_yaml(node: Any, indent: int = 0) -> str:
    """YAML 1.2 of mappings, lists and scalars; scalars and empty nodes are written as JSON, which is YAML too."""
    pad = "  " * indent
    if isinstance(node, dict) and node:
        return "".join(f"{pad}{_key(key)}:{_nested(value, indent)}" for key, value in node.items())
    if isinstance(node, list) and node:
        return "".join(f"{pad}-{_nested(value, indent)}" for value in node)
    return f"{pad}{json.dumps(node, ensure_ascii=False)}\n"


def _nested(value: Any, indent: int) -> str:
    if isinstance(value, dict | list) and value:
        return "\n" + to_yaml(value, indent + 1)
    return " " + to_yaml(value)


def _key(key: str) -> str:
    return key if key.isidentifier() and key.lower() not in _RESERVED else json.dumps(key)


def _types_on(topic: str) -> list[str]:
    return [name for name, entry in catalog.TYPES.items() if entry.topic == topic]


def _forms_on(topic: str) -> list[str]:
    return [_intake(name) for name, form in FORMS.items() if form.topic == topic]


def _intake(type_name: str) -> str:
    return f"intake.{type_name}"


def _intake_channel(topic: catalog.Topic) -> Node:
    channel = _channel(topic)
    messages = {name: {"$ref": f"#/components/messages/{name}"} for name in _forms_on(topic.name)}
    return channel | {"messages": messages}


def _intake_message(name: str, form: Form) -> Node:
    message = _message(name, schema_of(form.struct, "intake"), f"intake/{name}")
    return message | {
        "name": _intake(name),
        "bindings": {"kafka": {"bindingVersion": BINDING}},
        "traits": [{"$ref": "#/components/messageTraits/intake"}],
    }


def _channel(topic: catalog.Topic) -> Node:
    settings = {"cleanup.policy": ["delete"], "retention.ms": topic.retention_days * DAY_MS}
    kafka = {
        "topic": topic.name,
        "partitions": topic.partitions_production,
        "topicConfiguration": settings,
        "bindingVersion": BINDING,
    }
    return {
        "address": topic.name,
        "description": f"{topic.about}; key: {topic.key}; owner: {topic.owner}",
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in _types_on(topic.name)},
        "bindings": {"kafka": kafka},
    }


def _message(name: str, schema: Node, example_name: str = "") -> Node:
    example = example_of(example_name or name)
    return {
        "name": name,
        "title": name,
        "summary": schema["description"],
        "contentType": "application/json",
        "traits": [{"$ref": "#/components/messageTraits/cloudevent"}],
        "payload": {"schemaFormat": JSON_SCHEMA, "schema": schema},
        "bindings": {"kafka": {"key": {"type": "string"}, "bindingVersion": BINDING}},
        "examples": [{"name": example["id"], "payload": example["data"]}],
    }


def _operations() -> Node:
    """Who sends and who receives what, one operation for each service and topic."""
    operations: Node = {}
    services = sorted({name.partition(".")[0] for name in catalog.RULES})
    for service in services:
        rules = [rule for name, rule in catalog.RULES.items() if name.partition(".")[0] == service]
        sent = {name for rule in rules for name in rule.emits}
        sent |= {name for name, entry in catalog.TYPES.items() if entry.owner == service}
        received = {name for rule in rules for name in rule.causes}
        for action, names in (("send", sent), ("receive", received)):
            operations |= _operations_of(service, action, names)
    return operations


def _operations_of(service: str, action: str, names: set[str]) -> Node:
    operations = {}
    for topic in catalog.TOPICS:
        here = [name for name in _types_on(topic) if name in names]
        if here:
            operations[f"{service}.{action}.{topic}"] = {
                "action": action,
                "channel": {"$ref": f"#/channels/{topic}"},
                "messages": [{"$ref": f"#/channels/{topic}/messages/{name}"} for name in here],
            }
    return operations


_RESERVED = ("y", "n", "yes", "no", "on", "off", "true", "false", "null")  # words YAML 1.1 does not read as text
_TEXT = {"type": "string"}
_HEADERS: Node = {
    "type": "object",
    "required": ["ce_specversion", "ce_type", "ce_source", "ce_id", "ce_subject", "ce_time"],
    "properties": {
        "ce_specversion": {"const": "1.0"},
        "ce_type": _TEXT,
        "ce_source": _TEXT,
        "ce_id": _TEXT,
        "ce_subject": {"type": "string", "pattern": ID_PATTERN},
        "ce_time": {"type": "string", "format": "date-time"},
        "ce_recordedat": {"type": "string", "format": "date-time"},
        "ce_sequence": _TEXT,
        "ce_previous": _TEXT,
        "ce_traceparent": _TEXT,
        "content-type": {"const": "application/json"},
    },
}
_INTAKE_HEADERS = {
    "type": "object",
    "required": [name for name in _HEADERS["required"] if name != "ce_subject"],
    "properties": {
        name: _HEADERS["properties"][name]
        for name in ("ce_specversion", "ce_type", "ce_source", "ce_id", "ce_time", "ce_traceparent", "content-type")
    },
}
