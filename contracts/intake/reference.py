"""The part of the event reference that senders read: what comes in, in which form."""

import json

from contracts.intake.forms import FORMS, Form
from contracts.reference import example_of, field_table
from contracts.schema import schema_of


def intake_section() -> str:
    """The end of `docs/events.md`: how people are named, then the intake form of every type."""
    parts = schema_of(next(iter(FORMS.values())).struct)["$defs"]
    people = "".join(
        f"### {name}\n\n{parts[name]['description']}\n\n{field_table(parts[name])}\n"
        for name in ("Contact", "Identifier")
    )
    return f"## Intake\n\n{INTAKE}\n{people}" + "".join(_form(name, form) for name, form in FORMS.items())


def _form(name: str, form: Form) -> str:
    schema = schema_of(form.struct, "intake")
    facts = (
        f"- topic `{form.topic}`\n"
        f"- becomes [`{name}`](#{name.replace('.', '')}) in the journal\n"
        f"- schema [`intake/{name}.json`](../contracts/schemas/intake/{name}.json)\n"
    )
    example = json.dumps(example_of(f"intake/{name}"), indent=2, ensure_ascii=False)
    return (
        f"### intake {name}\n\n{schema['description']}\n\n{facts}\n{field_table(schema)}\n```json\n{example}\n```\n\n"
    )


INTAKE = """What outside systems send, on `crm.intake.*`: the same types, with people as the sender knows them and with
personal and free text in the clear. Profile reads these topics, and its `POST /v1/events` takes the same events. The
record's key is free; `subject` and
`recordedat` are not read. Who the contact is, is decided once; the journal then has the fact under the customer's id,
every other contact as a customer id, and a reference to the vault in place of each personal or free text.
"""
