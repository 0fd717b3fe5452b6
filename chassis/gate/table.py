"""The policy table: data that says who may do what. What no row allows is refused. Pure.

A door (an HTTP route, a gRPC method, a command) stands for an operation, `resource.action`. A grant lets a role do
actions on a resource within a scope: `all`, `project` (those the principal works for), `team` (things of the people they
answer for), `own`. Several roles add up. Personal values are shown by class: `clear`, `masked`, or not at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from chassis.gate.principal import Principal
from chassis.gate.quotas import span_of

SCOPES = ("own", "team", "project", "all")
"""From the narrowest to the widest."""

SHOWN = ("hidden", "masked", "clear")
"""How values of a field class are shown, from the least to the most."""

EVERY = "every"
"""The place of doors that all services have."""

PUBLIC = "public"
"""The operation of doors that anybody may use: health, documentation."""


class TableError(Exception):
    """The table is wrong; the message names every row that is, and what to do."""


class Where(NamedTuple):
    """Where a thing belongs: its projects, and the people it belongs to. `whole`: all its projects must be allowed,
    for an answer about it tells of all of them; otherwise one is enough.
    """

    projects: frozenset[str] = frozenset()
    owners: frozenset[str] = frozenset()
    whole: bool = True

    def within(self, scope: str, principal: Principal) -> bool:
        """Whether this principal's scope reaches it. What belongs nowhere is only within `all`."""
        if scope == "all":
            return True
        if scope == "project":
            common = self.projects & principal.projects
            return bool(common) and (not self.whole or common == self.projects)
        mine = {principal.name} if scope == "own" else {principal.name, *principal.team}
        return bool(self.owners) and self.owners <= mine


class Table:
    """A table that was read and is whole. `doors` goes from a door to its operation."""

    def __init__(
        self,
        roles: Mapping[str, str],
        doors: Mapping[str, str],
        grants: Mapping[tuple[str, str], str],
        shows: Mapping[tuple[str, str], str],
        audited: frozenset[str] = frozenset(),
        limits: Mapping[str, float] | None = None,
        exported: frozenset[str] = frozenset(),
    ) -> None:
        self.roles, self.doors, self._grants, self._shows = roles, doors, grants, shows
        self.audited, self.limits, self.exported = audited, dict(limits or {}), exported

    def operation(self, place: str, door: str) -> str | None:
        """What a door of a place (a service, the command line) stands for; None: it is closed."""
        return self.doors.get(f"{place} {door}") or self.doors.get(f"{EVERY} {door}")

    def scopes(self, principal: Principal, operation: str) -> tuple[str, ...]:
        """The scopes within which this principal may do an operation, the widest first; none means refused."""
        held = {self._grants[role, operation] for role in principal.roles if (role, operation) in self._grants}
        return tuple(scope for scope in reversed(SCOPES) if scope in held)

    def shown(self, principal: Principal, class_: str) -> str:
        """How this principal sees values of a field class."""
        found = {self._shows.get((role, class_), SHOWN[0]) for role in principal.roles}
        return max(found, key=SHOWN.index, default=SHOWN[0])

    def shows(self) -> Mapping[tuple[str, str], str]:
        """Role and field class → how values are shown, for whoever shows or tests the table."""
        return self._shows

    def granted(self, role: str) -> dict[str, str]:
        """Operation → scope of one role, for whoever shows or tests the table."""
        return {operation: scope for (of, operation), scope in self._grants.items() if of == role}


def load_table(shipped: Path, directory: Path | None) -> Table:
    """The table as it is shipped, or that of the same name in an operator's policy directory. Raises `TableError`."""
    own = directory / shipped.name if directory is not None else shipped
    file = own if own.exists() else shipped
    try:
        return read_table(yaml.load(file.read_text("utf-8"), _Loader))  # noqa: S506 (a SafeLoader)
    except (yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise TableError(f"{file} is not a policy table: {type(error).__name__} {error}") from None


class _Loader(yaml.SafeLoader):
    """Refuses a key that stands twice: YAML would take the later row, and nobody would know."""

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        """A mapping, if each of its keys stands there once."""
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        twice = sorted({str(key) for key in keys if keys.count(key) > 1})
        if twice:
            raise TableError(f"the policy table names {', '.join(twice)} twice{node.start_mark}: keep one")
        return super().construct_mapping(node, deep)


def read_table(raw: Mapping[str, Any]) -> Table:
    """The table in a parsed file: `roles`, `resources` (actions and field classes), `audited`, `exported`, `limits`,
    `doors`, `grants`, `shows`.

    Raises `TableError` naming every row that names what does not exist, or contradicts another one.
    """
    wrong: list[str] = []
    roles, resources = dict(raw["roles"]), raw["resources"]
    known = {f"{name}.{action}" for name, of in resources.items() for action in of["actions"]}
    classes = {class_ for of in resources.values() for class_ in of.get("classes", ())}
    doors = {f"{place} {door}": op for place, own in raw["doors"].items() for door, op in own.items()}
    wrong += [f"door {d!r}: there is no {op}" for d, op in doors.items() if op != PUBLIC and op not in known]
    wrong += [f"{part}: there is no {op}" for part in ("audited", "exported") for op in raw[part] if op not in known]
    wrong += [f"limit {name}: its name ends in _per_hour or _per_day" for name in raw["limits"] if not span_of(name)]
    grants: dict[tuple[str, str], str] = {}
    for number, row in enumerate(raw["grants"], 1):
        wrong += _grant(number, row, roles, known, grants)
    shows: dict[tuple[str, str], str] = {}
    for number, row in enumerate(raw["shows"], 1):
        wrong += _show(number, row, roles, classes, shows)
    if wrong:
        raise TableError("the policy table is wrong:\n" + "\n".join(f"  {line}" for line in wrong))
    return Table(roles, doors, grants, shows, frozenset(raw["audited"]), raw["limits"], frozenset(raw["exported"]))


def _grant(
    number: int, row: Mapping[str, Any], roles: Iterable[str], known: Iterable[str], into: dict[tuple[str, str], str]
) -> list[str]:
    wrong = [] if row["role"] in roles else [f"grant {number}: there is no role {row['role']}"]
    if row["scope"] not in SCOPES:
        wrong.append(f"grant {number}: the scope is one of {', '.join(SCOPES)}, not {row['scope']}")
    for operation in row["may"]:
        if operation not in known:
            wrong.append(f"grant {number}: there is no {operation}")
        before = into.setdefault((row["role"], operation), row["scope"])
        if before != row["scope"]:
            wrong.append(f"grant {number}: {row['role']} may {operation} within {before} by an earlier row: keep one")
    return wrong


def _show(
    number: int, row: Mapping[str, Any], roles: Iterable[str], classes: Iterable[str], into: dict[tuple[str, str], str]
) -> list[str]:
    wrong = [] if row["role"] in roles else [f"show {number}: there is no role {row['role']}"]
    for class_, how in row["classes"].items():
        if class_ not in classes:
            wrong.append(f"show {number}: there is no field class {class_}")
        if how not in SHOWN:
            wrong.append(f"show {number}: values are {', '.join(SHOWN)}, not {how}")
        before = into.setdefault((row["role"], class_), how)
        if before != how:
            wrong.append(f"show {number}: {row['role']} sees {class_} {before} by an earlier row: keep one")
    return wrong
