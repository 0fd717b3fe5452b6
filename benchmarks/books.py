"""The books of many members: `python -m benchmarks.books`. `hearth loyalty reconcile` over more than 1,000,000 ledger entries.

Each member's chain is folded by the service's own rules (visits, surveys, a deal paid in parts and partly cancelled, holds
captured, given back and refunded) and stored as the worker would. The figure fails unless every entry was read, all of them sum
to zero as counted here, nothing is wrong, and, after one entry of one member was changed in the database, exactly that
member is named.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from pymongo import MongoClient

from benchmarks.running import migrated, service_of, start
from benchmarks.workload import customer_id
from chassis.fold.memory import Memory
from chassis.fold.model import Head, Key, Out, Version
from chassis.fold.rules import Folder, Item
from chassis.migrate import read_policy
from chassis.policy import BEGINNING, PolicyBook, PolicyVersion
from chassis.store.documents import version_document, view_document
from contracts.fact import Fact
from contracts.facts.base import FactData
from contracts.facts.deals import DealCancelled, DealSigned, PaymentReceived
from contracts.facts.loyalty import Movement
from contracts.facts.surveys import Answer, SurveyAnswered
from contracts.facts.visits import VisitCompleted
from contracts.fields import About, Money, Price
from contracts.language import Language
from services.loyalty.domain.commands import COMMANDS, CaptureHold, HoldPoints, RefundSpend, VoidHold
from services.loyalty.domain.model import EMPTY
from services.loyalty.domain.policy import policy_from
from services.loyalty.store.account import account_kind
from services.loyalty.worker.table import RULES

MEMBERS, QUICK = 20_000, 300
ENTRIES = 1_000_000
BATCH = 1_000
BEGIN = datetime(2026, 1, 5, 3, tzinfo=UTC)


def measure(quick: bool) -> dict[str, float]:
    """Ledger entries a second, of a whole reconciliation by the command line."""
    members = QUICK if quick else MEMBERS
    with migrated() as run, MongoClient[Any](run.engines.mongo_url, w=1, journal=False) as client:
        database = client[f"{run.settings['HEARTH_NAMESPACE']}_hearth_loyalty"]
        sums, entries = fill(database, members, run.settings["HEARTH_NAMESPACE"])
        assert quick or entries >= ENTRIES, entries
        start(run, "loyalty", "api")
        began = time.monotonic()
        found = reconcile(run)
        took = time.monotonic() - began
        assert (found["accounts"], found["entries"], found["wrong"][:3]) == (members, entries, []), found["wrong"][:3]
        assert found["balanced"] and found["sums"] == {name: n for name, n in sums.items() if name in found["sums"]}
        victim = customer_id(members // 2)
        break_one(database, victim)
        again = reconcile(run)
        assert [each["customer_id"] for each in again["wrong"]] == [victim], again["wrong"][:3]
    return {"per_second": entries / took, "entries": float(entries), "seconds": took}


def fill(database: Any, members: int, namespace: str) -> tuple[Counter[str], int]:
    """Store everybody; returns what each ledger account must sum to, and how many entries there are."""
    policy = policy_from(read_policy(Path("services/loyalty/policy"), "loyalty.yaml"))
    book = PolicyBook([PolicyVersion(1, BEGINNING, policy)])
    kind, language = account_kind(book), Language("/hearth/loyalty", COMMANDS, namespace)
    folder = Folder(RULES, language, book, kinds={"account": kind})  # type: ignore[arg-type]
    sums, entries = Counter[str](), 0
    chains: list[dict[str, Any]] = []
    views: list[dict[str, Any]] = []
    for number in range(members):
        key = Key("account", customer_id(number))
        head = Head(key, 0, EMPTY, Memory())
        for at, fact in enumerate(life(number, key.id)):
            folded = folder.fold(head, [Item(at, key, fact)], "before")
            assert folded.version is not None, folded.refused
            head = folded.head
            chains.append(version_document(folded.version))
            for moved in movements(language, folded.version):
                entries += len(moved.entries)
                sums.update({entry.account: entry.points for entry in moved.entries})
        views.append(view_document(kind, head))
        if len(views) == BATCH or number == members - 1:
            database["accounts.chain"].insert_many(chains, ordered=False)
            database["accounts"].insert_many(views, ordered=False)
            chains, views = [], []
    return sums, entries


def movements(language: Language, version: Version) -> Iterator[Movement]:
    """The postings of a version."""
    for out in version.outs:
        data = language.heard(out).data
        if isinstance(data, Movement):
            yield data


def life(number: int, who: str) -> Iterator[Fact]:
    """What happens to a member in half a year; no two have the same prices."""
    price = 1_000_000 + number
    yield from (made(who, week, f"v{week}", VisitCompleted(f"V{week}", "P1")) for week in range(8))
    for week in range(8):
        answers, about = (Answer(value=4, min=1, max=5),), About("visit", f"V{week}")
        yield made(who, week, f"a{week}", SurveyAnswered("csat", answers, stage="viewing", about=about))
    yield made(who, 9, "s", DealSigned("D1", "P1", Price(f"{price}.00")))
    for part in range(5):
        yield made(who, 10 + part, f"p{part}", PaymentReceived("D1", f"{who}-{part}", Price(f"{price // 5}.00")))
    for spend in range(4):
        yield made(who, 16 + spend, f"h{spend}", HoldPoints(100 + spend))
        yield made(who, 16 + spend, f"c{spend}", VoidHold(f"h{spend}") if spend == 3 else CaptureHold(f"h{spend}"))
    yield made(who, 20, "r", RefundSpend("h0", 50))
    yield made(who, 21, "x", DealCancelled("D1", "signed", Money(f"{price // 3}.00")))


def made(who: str, week: int, name: str, data: FactData) -> Fact:
    """A fact, or a command, of a week."""
    source = "/hearth/loyalty" if data.TYPE.startswith("loyalty.") else "/bench"
    time_ = BEGIN + timedelta(weeks=week, hours=len(name) + ord(name[0]) % 12)
    return Fact(source, name if source != "/bench" else f"{who}-{name}", data.TYPE, who, time_, time_, data)


def reconcile(run: Any) -> dict[str, Any]:
    """What the command line says of the books."""
    command = [sys.executable, "-m", "hearth.cli", "loyalty", "reconcile", "--json"]
    url = service_of(run, "loyalty").url
    done = subprocess.run(
        command, env={**run.settings, "HEARTH_URL_LOYALTY": url}, capture_output=True, text=True, check=False
    )
    assert done.stdout, done.stderr
    return json.loads(done.stdout)


def break_one(database: Any, who: str) -> None:
    """Change one entry of one movement of a member, as somebody with a shell might."""
    document = next(each for each in database["accounts.chain"].find({"e": who}) if each.get("out"))
    first, *others = msgspec.msgpack.decode(document["out"], type=list[Out])
    said = json.loads(first.value)
    said["entries"][0][1] += 1
    changed = [msgspec.structs.replace(first, value=json.dumps(said).encode()), *others]
    database["accounts.chain"].update_one({"_id": document["_id"]}, {"$set": {"out": msgspec.msgpack.encode(changed)}})


if __name__ == "__main__":
    print(json.dumps(measure("--quick" in sys.argv)))
