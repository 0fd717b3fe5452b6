"""`docs/access.md`: who may do what, and which door stands for what, made from the policy table."""

from collections.abc import Iterable

from chassis.gate.principal import SERVICE
from chassis.gate.table import EVERY, PUBLIC, Table, load_table
from contracts.access import ACCESS

MADE = "<!-- made by `make generate`; change contracts/access.yaml, not this file -->\n"

HEAD = """Who may do what at the doors of all services, by the table `contracts/access.yaml`. What is not here is refused; an
operator's own table is a file `access.yaml` in `HEARTH_POLICY_DIR`. A cell is the scope: `own` (what belongs to the
caller), `team` (to people the caller answers for), `project` (of projects the caller works for), `all`.
"""

LOCAL = "local-admin"


def documents() -> dict[str, str]:
    """`{path from the repository's root: text}`, for `deploy.generate`."""
    return {"docs/access.md": page(load_table(ACCESS, None))}


def page(table: Table) -> str:
    """The whole document."""
    parts = (_roles(table), _operations(table), _shown(table), _limits(table), _doors(table))
    return f"# Access\n\n{MADE}\n{HEAD}\n" + "\n".join(parts)


def _roles(table: Table) -> str:
    return "## Roles\n\n" + _rows(("role", "who"), ((f"`{role}`", text) for role, text in table.roles.items()))


def _operations(table: Table) -> str:
    named = [role for role in table.roles if role != LOCAL]
    by = {role: table.granted(role) for role in named}
    operations = sorted({operation for granted in by.values() for operation in granted})
    rows = (
        (f"`{each}`", *(by[role].get(each, "") for role in named), "yes" if each in table.audited else "")
        for each in operations
    )
    note = f"`{LOCAL}` may do all. What is audited is written down when it is allowed; a refusal always is.\n"
    return f"## Operations\n\n{note}\n" + _rows(("operation", *named, "audited"), rows)


def _shown(table: Table) -> str:
    shows = table.shows()
    classes = sorted({class_ for _, class_ in shows})
    rows = (
        (f"`{role}`", *(shows.get((role, class_), "hidden") for class_ in classes))
        for role in dict.fromkeys(role for role, _ in shows)
    )
    note = "How personal values are shown by class; to roles that are not here, not at all.\n"
    return f"## Personal values\n\n{note}\n" + _rows(("role", *classes), rows)


def _limits(table: Table) -> str:
    note = f"For each caller in each service; a service that asks for itself (`{SERVICE}`) is a caller, too.\n"
    counted = ", ".join(f"`{each}`" for each in sorted(table.exported))
    rows = _rows(("limit", "most"), ((f"`{name}`", f"{most:g}") for name, most in table.limits.items()))
    return f"## Limits\n\n{note}\n{rows}\nTowards `exports_per_day` counts what these hand out: {counted}.\n"


def _doors(table: Table) -> str:
    places: dict[str, list[tuple[str, str]]] = {}
    for name, operation in table.doors.items():
        place, _, door = name.partition(" ")
        places.setdefault(place, []).append((f"`{door}`", operation if operation == PUBLIC else f"`{operation}`"))
    titles = {EVERY: "every service", "hearth": "the command line `hearth`"}
    return "## Doors\n\n" + "\n".join(
        f"### {titles.get(place, place)}\n\n" + _rows(("door", "operation"), rows) for place, rows in places.items()
    )


def _rows(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    first = tuple(head)
    lines = (first, tuple("---" for _ in first), *rows)
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
