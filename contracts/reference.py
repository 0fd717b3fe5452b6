"""The event reference and the list of refusals, as Markdown, made from the catalog and the error classes."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from contracts import catalog
from contracts.errors import Refused
from contracts.schema import field_class, field_kind, schema_of

EXAMPLES = Path(__file__).parent / "examples"
MADE = "<!-- made by `make generate`; change the catalog or the structs, not this file -->\n"


def example_of(type_name: str) -> dict[str, Any]:
    """The golden example of a type (`intake/` before the name: of its intake form), as structured CloudEvent."""
    return json.loads((EXAMPLES / f"{type_name}.json").read_text("utf-8"))


def events_page() -> str:
    """`docs/events.md`: topics, then every type with its owner, key, readers, fields and example."""
    topics = topic_table(catalog.TOPICS.values())
    planned = topic_table(catalog.PLANNED_TOPICS.values())
    contents = "".join(f"- [`{name}`](#{name.replace('.', '')})\n" for name in sorted(catalog.TYPES))
    sections = "".join(_type_section(name) for name in sorted(catalog.TYPES))
    head = f"# Events\n\n{MADE}\n{ENVELOPE}\n## Topics\n\n{topics}\n{PLANNED}\n{planned}\n"
    return f"{head}## Types\n\n{contents}\n{sections}"


def topic_table(topics: Iterable[catalog.Topic]) -> str:
    """Topics as a table."""
    head = "| topic | what | owner | key | read by | days kept | personal data |\n|---|---|---|---|---|---|---|\n"
    return head + "".join(_topic_row(topic) for topic in topics)


def field_table(schema: dict[str, Any]) -> str:
    """The fields of a struct's schema as a table."""
    required = schema.get("required", ())
    rows = (
        f"| `{name}` | {field_kind(field)} | {'yes' if name in required else ''} | {field_class(field)} |\n"
        for name, field in schema["properties"].items()
    )
    return "| field | holds | required | class |\n|---|---|---|---|\n" + "".join(rows)


def errors_page(sections: dict[str, Iterable[type[Refused]]]) -> str:
    """`docs/errors.md`: the codes of each section, by section title."""
    body = "".join(f"## {title}\n\n{_error_table(classes)}\n" for title, classes in sections.items())
    return f"# Errors\n\n{MADE}\n{ERRORS}\n{body}"


def _topic_row(topic: catalog.Topic) -> str:
    readers = ", ".join(topic.readers) or "nobody yet"
    personal = "yes" if topic.personal_data else "no"
    cells = (f"`{topic.name}`", topic.about, topic.owner, topic.key, readers, str(topic.retention_days), personal)
    return f"| {' | '.join(cells)} |\n"


def _type_section(name: str) -> str:
    entry, schema = catalog.TYPES[name], schema_of(catalog.TYPES[name].struct)
    facts = (
        f"- topic `{entry.topic}`, key = subject: {entry.keyed_by}",
        f"- published by {entry.owner}{_rules(' (', catalog.emitters_of_type(name), ')')}",
        f"- sets off {_rules('', catalog.readers_of_type(name), '') or 'no rule yet'}",
        f"- schema [`{name}.json`](../contracts/schemas/{name}.json)",
    )
    example = json.dumps(example_of(name), indent=2, ensure_ascii=False)
    listed = "\n".join(facts)
    return f"### {name}\n\n{schema['description']}\n\n{listed}\n\n{field_table(schema)}\n```json\n{example}\n```\n\n"


def _rules(before: str, names: Iterable[str], after: str) -> str:
    listed = ", ".join(f"`{name}`" for name in names)
    return f"{before}{listed}{after}" if listed else ""


def _error_table(classes: Iterable[type[Refused]]) -> str:
    rows = (f"| `{each.code}` | {each.status} | {each.title} | {_first(each)} |\n" for each in classes)
    return "| code | HTTP | title | meaning |\n|---|---|---|---|\n" + "".join(rows)


def _first(each: type[Refused]) -> str:
    return " ".join((each.__doc__ or "").split("\n\n")[0].split())


ENVELOPE = """Every event is a CloudEvent 1.0, in binary mode (Kafka headers `ce_*`, data in the value) or structured
mode (`application/cloudevents+json`), of at most 65,536 bytes. Required: `specversion` `1.0`, `type`, `source`, `id`,
`subject` (also the record's key), `time` (RFC 3339 with zone, at most 5 minutes ahead). `(source, id)` identifies a
fact for ever. The extension `recordedat` says when a fact entered Hearth; without it the record's timestamp does.
The extension `traceparent` (W3C) is the origin of a fact: it is carried on to all that follows from it and never
rewritten. The header without `ce_` is that of the last hop.
Unknown fields are ignored, and fields may be added. Money is a decimal string with a currency, never a number.

A field's class: *plain* travels; *personal* and *free_text* stay in profile's vault, and a *…_ref* is the reference to
one there.
"""

PLANNED = """Planned, and neither made nor read by any service yet:
"""

ERRORS = """What was refused, by stable code. HTTP answers are `application/problem+json` with `type`
`urn:hearth:error:<code with dashes>`; gRPC carries the code in upper case as `ErrorInfo.reason`; a dead letter keeps it
as its reason. A pointer (RFC 6901) names the member that is wrong; texts never repeat its value.
"""
