"""The newest version of one entity is found by an index, on every engine: the embedded database would read all versions of
all entities for it, and the longer it runs the longer an answer would take.
"""

from typing import Any

from chassis.fold import Key
from chassis.store.documents import link_id
from deploy.local.services import SERVICES
from tests.running import Hearth


def stages(plan: Any) -> set[str]:
    """The stages of a plan, with all below them."""
    below = plan.values() if isinstance(plan, dict) else plan if isinstance(plan, list) else []
    own = {plan["stage"]} if isinstance(plan, dict) and "stage" in plan else set[str]()
    return own.union(*map(stages, below))


def test_no_range_of_a_chain_reads_all_chains(hearth: Hearth) -> None:
    seen = 0
    for service in SERVICES:
        with hearth.database(service.name) as database:
            for chain in (name for name in database.list_collection_names() if name.endswith(".chain")):
                prefix = Key(chain, "somebody").prefix()
                versions = {"_id": {"$gte": link_id(prefix, 0), "$lte": link_id(prefix, 2**63)}}
                asked = {"find": chain, "filter": versions, "sort": {"_id": -1}, "limit": 1}
                found = stages(database.command("explain", asked)["queryPlanner"]["winningPlan"])
                assert found and not found & {"COLLSCAN", "SORT"}, (service.name, chain, found)
                seen += 1
    assert seen >= len(SERVICES)
