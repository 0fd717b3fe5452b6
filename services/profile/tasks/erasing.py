"""`task erase CUSTOMER [WHY]`: nothing leads to the person any more, and nothing of the person can be opened.

Without a reason it only counts. It needs a database user that may remove, which the services' own may not.
"""

import json
import sys
from collections.abc import Sequence

from chassis.app import App
from chassis.gate.audit import Entry
from services.profile.worker.identity import Identity, identity_of

USAGE = "erase CUSTOMER [WHY]: without WHY it only counts; a WHY has at least 5 characters"


async def erase(app: App, arguments: Sequence[str]) -> int:
    """Erase a person under all names that were merged. Prints the names, and how much there was of each kind.

    The key goes first: from then on nothing is taken in or shown, whatever happens to this process. Doing it again does no
    harm, and ends what another process was just writing.
    """
    customer, why = (*arguments, "")[:2] if 1 <= len(arguments) <= 2 else ("", "")
    if not customer or (why and len(why) < 5):
        print(USAGE, file=sys.stderr)
        return 2
    identity = identity_of(app)
    names = sorted(await identity.links.members((await identity.links.roots([customer]))[customer]))
    if not await identity.vault.keys(names):
        print(f"unknown_customer: no customer has the id {customer}", file=sys.stderr)
        return 1
    print(json.dumps({"customers": names, "erased": bool(why), **await _done(app, identity, names, why)}))
    return 0


async def _done(app: App, identity: Identity, names: Sequence[str], why: str) -> dict[str, int]:
    if not why:
        return {**await identity.vault.count(names), "claims": len(await identity.claims.of(names))}
    what = {"customer_id": names[0]}
    told = ("operator", (), "", "", "task", "customer.erase", what, why, "allowed")
    await app.audit.append(Entry(app.clock.now(), *told))
    return {**await identity.vault.destroy(names), "claims": await identity.claims.forget(names)}
