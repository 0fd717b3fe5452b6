"""How far a fact is in this service: the answer, and the servicer that gives it to the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from chassis.fold.merging import FORWARDED
from chassis.fold.model import Key
from chassis.store.system import find_dead

if TYPE_CHECKING:
    from chassis.app import App


class Place(NamedTuple):
    """Where a fact is: applied, waiting, not_read or dead; the version, what it made the entity say, why it is dead."""

    state: str
    seq: int = 0
    caused: tuple[tuple[str, str], ...] = ()
    reason: str = ""


async def find_fact(app: App, entity: str, type_: str, source: str, fact_id: str) -> Place:
    """Where a fact with this key is. What a merged entity handed on is where its survivor has it."""
    rule = app.definition.rules.get(type_)
    return Place("not_read") if rule is None else await _find(app, Key(rule.kind, entity), f"{source} {fact_id}")


async def _find(app: App, key: Key, cause: str) -> Place:
    found = (await app.store.recall({key: [cause]})).get((key, cause))
    if found is None:
        code = await find_dead(app.database, cause)
        return Place("dead", reason=code) if code else Place("waiting")
    caused: list[tuple[str, str]] = []
    for out in found.outs:
        headers = {name: value.decode() for name, value in out.headers}
        if headers["ce_type"] != FORWARDED:
            caused.append((headers["ce_type"], out.id))
            continue
        there = await _find(app, Key(key.kind, out.key.decode()), f"{headers['ce_source']} {out.id}")
        if there.state != "applied":
            return there
        caused += there.caused
    return Place("applied", found.seq, tuple(caused))


def add_facts(app: App, server: Any, pb: Any, pb_grpc: Any) -> str:
    """Mount the service `FactsService` of the given stubs; returns its full name."""

    class Servicer(pb_grpc.FactsServiceServicer):
        async def GetFact(self, request: Any, context: Any) -> Any:
            place = await find_fact(app, request.key, request.type, request.source, request.id)
            return pb.GetFactResponse(
                state=f"STATE_{place.state.upper()}",
                seq=place.seq,
                caused=[pb.Caused(type=type_, id=id_) for type_, id_ in place.caused],
                reason=place.reason,
            )

    pb_grpc.add_FactsServiceServicer_to_server(Servicer(), server)
    return pb.DESCRIPTOR.services_by_name["FactsService"].full_name
