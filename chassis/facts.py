"""How far a fact is in this service: the answer, and the servicer that gives it to the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

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
    """Where a fact with this key is."""
    if type_ not in app.definition.rules:
        return Place("not_read")
    key, cause = Key(app.definition.rules[type_].kind, entity), f"{source} {fact_id}"
    found = (await app.store.recall({key: [cause]})).get((key, cause))
    if found is not None:
        return Place("applied", found.seq, tuple((dict(o.headers)["ce_type"].decode(), o.id) for o in found.outs))
    code = await find_dead(app.database, cause)
    return Place("dead", reason=code) if code else Place("waiting")


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
