"""After a run: wait until all is quiet, then compare everything with the oracles and with itself."""

import os
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any

import msgspec
from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec
from pymongo import MongoClient

from tests.faults.chains import Chain, Stored, read
from tests.faults.clients import Clients
from tests.faults.cluster import Cluster, until
from tests.faults.load import Load
from tests.oracles import loyalty_oracle, profile_oracle

EPOCH = 40
DUE, HOLD = "loyalty.due.v1", "loyalty.hold_points.v1"


def _test() -> str:
    """The test that runs now, or "" outside of one."""
    return os.environ.get("PYTEST_CURRENT_TEST", "").rpartition("::")[2].partition(" (")[0]


@dataclass
class Report:
    """What a run came to. `lost`, `doubled`, `wrong`, `unpublished` and `doubled_outgoing` hold one line per finding;
    all must be empty. `republished`: outgoing facts sent more than once in the same bytes, which is no fault.
    `most_memory`: MB that the largest worker had of its own.
    """

    name: str = field(default_factory=_test)
    seed: int = 0
    facts: int = 0
    records: int = 0
    commands: int = 0
    timers: int = 0
    applied: int = 0
    duplicates: int = 0
    refused_writes: int = 0
    replays: int = 0
    discarded: int = 0
    compacted: int = 0
    dead: int = 0
    longest_stall: float = 0.0
    most_memory: int = 0
    republished: int = 0
    gaps: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    unpublished: list[str] = field(default_factory=list)
    doubled_outgoing: list[str] = field(default_factory=list)
    forgotten_commands: list[str] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)

    @property
    def clean(self) -> bool:
        """Whether nothing is lost, doubled, wrong or unpublished."""
        return not self.findings

    @property
    def findings(self) -> list[str]:
        """The first of everything that must not be."""
        kinds = (self.lost, self.doubled, self.wrong, self.unpublished, self.doubled_outgoing)
        return [line for found in kinds for line in found[:5]]

    def summary(self) -> dict[str, Any]:
        """Numbers, and the first findings."""
        found = {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "faults"}
        return {name: len(value) if isinstance(value, list) else value for name, value in found.items()} | {
            "findings": self.findings,
            "faults": dict(sorted(self.faults.items())),
        }


REPORTS: list[Report] = []
"""All reports of a test session, for its last line."""


# ---- quiet -----------------------------------------------------------------------------------------------------------


def log_ends(cluster: Cluster, topics: Sequence[str]) -> dict[tuple[str, int], int]:
    """The end of each partition's log; asked again while brokers change their minds about who leads it."""
    deadline = time.monotonic() + 60
    while True:
        try:
            return _log_ends(AdminClient({"bootstrap.servers": cluster.engines.bootstrap, "log_level": 2}), topics)
        except (KafkaException, KeyError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)


def _log_ends(admin: AdminClient, topics: Sequence[str]) -> dict[tuple[str, int], int]:
    found = admin.list_topics(timeout=20).topics
    places = [TopicPartition(topic, partition) for topic in topics for partition in found[topic].partitions]
    offsets = admin.list_offsets({place: OffsetSpec.latest() for place in places}, request_timeout=20)
    return {(place.topic, place.partition): future.result().offset for place, future in offsets.items()}


def seen(cluster: Cluster, seconds: float = 180, service: str = "loyalty") -> None:
    """Wait until a service has settled what is in the journal now (accounts exist before commands come)."""
    ends = log_ends(cluster, [cluster.journal])
    with MongoClient[Any](cluster.engines.mongo_url, tz_aware=True) as client:
        until(
            lambda: _settled(cluster, client, service, ends),
            seconds,
            lambda: f"{service} settled only {_marks(cluster, client, service)} of {ends}",
        )


def settle(cluster: Cluster, seconds: float = 240) -> None:
    """Wait until nothing moves any more: logs read, holds timed out, views replaced; profile is stopped for it."""
    with MongoClient[Any](cluster.engines.mongo_url, tz_aware=True) as client:
        ends = log_ends(cluster, [cluster.journal])
        for service in ("loyalty", "profile"):
            until(
                lambda service=service: _settled(cluster, client, service, ends),
                seconds,
                lambda service=service: (
                    f"{service} did not settle: {_marks(cluster, client, service)} of {ends}; "
                    + "".join(
                        m.process.report() for m in cluster.members if m.service == service and m.role == "worker"
                    )
                ),
            )
        waiting = cluster.database(client, "loyalty").accounts
        until(lambda: _open_holds(waiting) == 0, seconds, lambda: _why_waiting(cluster, client))
        until(
            lambda: cluster.database(client, "loyalty")["accounts.chain"].count_documents({"todo": 1}) == 0,
            seconds,
            lambda: "unfinished commands are left",
        )
        until(lambda: all(_quiet(m) for m in cluster.profiles), seconds, lambda: "profile is not quiet")
        for member in cluster.profiles:
            member.process.stop()
        ends = log_ends(cluster, [cluster.journal, cluster.topic("crm.self.loyalty")])
        until(
            lambda: _settled(cluster, client, "loyalty", ends, exactly=True),
            seconds,
            lambda: f"loyalty did not settle: {_marks(cluster, client, 'loyalty')} of {ends}",
        )
        until(lambda: all(_quiet(m) for m in cluster.workers), seconds, lambda: "loyalty is not quiet")


def _open_holds(accounts: Any) -> int:
    return sum(1 for view in accounts.find({}, {"state": 1}) if msgspec.msgpack.decode(view["state"]).get("holds"))


def _why_waiting(cluster: Cluster, client: MongoClient[Any]) -> str:
    """What holds wait for: when they are due, and up to when the slots have been read."""
    database = cluster.database(client, "loyalty")
    due = {view["_id"]: str(view["due"]) for view in database.accounts.find({"due": {"$lte": cluster.now()}})}
    horizons = {(s["topic"], s["partition"]): str(s.get("horizon")) for s in database.slots.find({"closed": False})}
    return (
        f"{_open_holds(database.accounts)} accounts have open holds at {cluster.now()}: due {due}, horizons {horizons}, "
        + "".join(f"{m.name} {m.ask()}" for m in cluster.workers)
    )


def _quiet(member: Any) -> bool:
    found = member.look()
    lanes = (found or {}).get("lanes", {})
    return found is not None and all(lane["quiet"] and not lane["stopped_by"] for lane in lanes.values())


def _marks(cluster: Cluster, client: MongoClient[Any], service: str) -> dict[tuple[str, int], tuple[int, int]]:
    found = cluster.database(client, service).slots.find({"closed": False})
    return {(mark["topic"], mark["partition"]): (mark["settled"], mark["viewed"]) for mark in found}


def _settled(
    cluster: Cluster, client: MongoClient[Any], service: str, ends: dict[tuple[str, int], int], *, exactly: bool = False
) -> bool:
    marks = _marks(cluster, client, service)
    reached = [marks.get(place, (0, 0)) for place in ends]
    if exactly:
        return all(mark == (end, end) or end == 0 for mark, end in zip(reached, ends.values(), strict=True))
    return all(min(mark) >= end for mark, end in zip(reached, ends.values(), strict=True))


# ---- judging ---------------------------------------------------------------------------------------------------------


def judge(
    cluster: Cluster,
    load: Load,
    clients: Clients | None = None,
    *,
    restored: bool = False,
    lost_ok: Any = None,
    aside: Callable[[str, dict[str, Any]], bool] = lambda _service, _letter: False,
) -> Report:
    """Compare everything. `restored`: a copy came back, so `lost_ok(command)` may be gone, and sequences differ.
    `aside(service, letter)`: dead letters that the test judges itself.
    """
    report = Report(facts=len(load.facts), records=len(load.facts) + load.repeated + len(load.dead), seed=load.seed)
    counts = cluster.counts() + cluster.counts("profile")
    report.duplicates, report.refused_writes = counts["duplicate"], counts["lost_races"]
    report.replays, report.discarded = counts["replays"], counts["discarded"]
    report.most_memory = round(max(member.peak for member in (*cluster.workers, *cluster.profiles, *cluster.gone)))
    report.longest_stall, report.gaps = round(cluster.longest_stall, 1), sorted(cluster.gaps)
    events = list(load.facts.values())
    loyalty, profile = read(cluster, "loyalty"), read(cluster, "profile")
    for service, stored in (("loyalty", loyalty), ("profile", profile)):
        _once_each(report, service, stored, events)
        stored.dead = [letter for letter in stored.dead if not aside(service, letter)]
        _dead(report, service, stored, load)
        for chain in stored.chains.values():
            _structure(report, service, chain)
    _profile_values(report, profile, events)
    told = _published(cluster)
    _outs(report, loyalty, told, restored)
    commands = clients.sent if clients else []
    report.commands = len(commands)
    if clients is not None:
        report.wrong += [f"unexpected answer {line}" for line in clients.unexpected]
    _commands(report, loyalty, commands, lost_ok or (lambda _sent: False))
    _timers(report, loyalty)
    _loyalty_values(report, loyalty, events)
    return report


def _once_each(report: Report, service: str, stored: Stored, events: list[dict[str, Any]]) -> None:
    """Every fact once, in the chain of its key, with its content; in slot order."""
    wanted = {(event["source"], event["id"]): event["subject"] for event in events}
    found: Counter[tuple[str, str]] = Counter()
    for chain in stored.chains.values():
        places: dict[str, int] = {}
        for fact in chain.facts:
            name = (fact.source, fact.id)
            found[name] += 1
            if fact.type.startswith("crm.") and wanted.get(name) != chain.entity:
                report.wrong.append(f"{service}: {name} is in the chain of {chain.entity}")
            if fact.slot and places.get(fact.slot, -1) >= fact.offset:
                report.wrong.append(f"{service}: {chain.entity} is not in slot order at {fact.slot}@{fact.offset}")
            if fact.slot:
                places[fact.slot] = fact.offset
    report.applied += sum(count for name, count in found.items() if name in wanted)
    report.lost += [f"{service}: {name}" for name in wanted if not found[name]]
    report.doubled += [f"{service}: {name} {count} times" for name, count in found.items() if count > 1]


def _dead(report: Report, service: str, stored: Stored, load: Load) -> None:
    """Exactly the rubbish is dead, each with its code."""
    marks = {slot["_id"]: slot for slot in stored.slots}
    found = {}
    for dead in stored.dead:
        slot = marks[dead["slot"]]
        if slot["topic"].endswith("crm.journal") and not slot.get("closed"):
            found[slot["partition"], dead["offset"]] = dead["code"]
    report.dead += len(found)
    report.lost += [f"{service}: rubbish at {place} is not dead" for place in load.dead if place not in found]
    report.wrong += [
        f"{service}: dead at {place}: {code}, expected {load.dead.get(place)}"
        for place, code in found.items()
        if load.dead.get(place) != code
    ]


def _structure(report: Report, service: str, chain: Chain) -> None:
    """Numbers without holes, the view is the head, nothing unfinished."""
    name = f"{service}: {chain.entity}"
    seqs = [document["s"] for document in chain.documents]
    jumps = [(a, b) for a, b in pairwise([0, *seqs]) if b != a + 1 and b != (b >> EPOCH << EPOCH) + 1]
    report.wrong += [f"{name}: a hole between versions {a} and {b}" for a, b in jumps]
    report.wrong += [f"{name}: version {d['s']} is unfinished" for d in chain.documents if d.get("todo")]
    report.compacted += sum(1 for document in chain.documents if document.get("stub"))
    head, view = chain.head, chain.view
    if view is None:
        report.lost.append(f"{name} has no view")
    elif any(view[field] != head[field] for field in ("s", "f", "state", "ids", "old", "last")):
        report.wrong.append(f"{name}: the view is {view['s']}, the head {head['s']}")


def _profile_values(report: Report, stored: Stored, events: list[dict[str, Any]]) -> None:
    for customer, expected in profile_oracle.customers(events).items():
        state = stored.chains[customer].state if customer in stored.chains else {}
        kinds = state.get("kinds", {})
        found = {
            "counts": {kind: mark[0] for kind, mark in kinds.items()},
            "first": {kind: mark[1][0] for kind, mark in kinds.items()},
            "last": {kind: mark[2][0] for kind, mark in kinds.items()},
            "totals": {key: str(total[0]) for key, total in state.get("totals", {}).items()},
            "projects": sorted(state.get("projects", {})),
            "timeline": [tuple(mark[:3]) for mark in state.get("timeline", [])],
        }
        wanted = expected | {"totals": {key: f"{total:.2f}" for key, total in expected["totals"].items()}}
        report.wrong += [f"profile: {customer} {field}" for field in wanted if found[field] != wanted[field]]


def _loyalty_values(report: Report, stored: Stored, events: list[dict[str, Any]]) -> None:
    """Balances by the oracle: what commands and timers moved is added from the ledger of the chain's own commands."""
    for customer, expected in loyalty_oracle.balances(events).items():
        if customer not in stored.chains:
            continue
        chain = stored.chains[customer]
        state = chain.state  # what is as it was at the beginning is not written
        balances = Counter(state.get("balances", {}))
        spent = _captured(chain)
        wanted = {
            "pending": expected["pending"],
            "active": expected["active"] - spent,
            "held": 0,
            "debt": 0,
            "redeemed": spent,
        }
        found = {field: balances[field] for field in wanted}
        if found != wanted:
            report.wrong.append(f"loyalty: {customer} has {found}, expected {wanted}")
        if sum(state.get("qualifying", {}).values()) != expected["qualifying"]:
            report.wrong.append(f"loyalty: {customer} qualifying")
        if sum(balances.values()):
            report.wrong.append(f"loyalty: the ledger of {customer} does not sum to zero")
        for lot_id, lot in state.get("lots", {}).items():
            if lot[2] != sum(lot[3:11]) or min(lot[3:11]) < 0:
                report.wrong.append(f"loyalty: lot {lot_id} of {customer} does not balance")


def _captured(chain: Chain) -> int:
    """Points of the holds that were captured, from the chain's commands alone."""
    holds, spent = {}, 0
    for fact in chain.facts:
        if fact.type == HOLD:
            holds[fact.id] = msgspec.msgpack.decode(fact.data)["points"]
        elif fact.type == "loyalty.capture_hold.v1":
            spent += holds[msgspec.msgpack.decode(fact.data)["hold_id"]]
    return spent


def _published(cluster: Cluster) -> dict[str, list[tuple[bytes, bytes, list[Any]]]]:
    """Everything in loyalty's fact topic, by id."""
    consumer = Consumer(
        {
            "bootstrap.servers": cluster.engines.bootstrap,
            "group.id": "verdict",
            "log_level": 2,
            "enable.auto.commit": False,
            "isolation.level": "read_committed",
        }
    )
    ends = {place: end for place, end in log_ends(cluster, [cluster.said]).items() if end}
    consumer.assign([TopicPartition(topic, partition, 0) for topic, partition in ends])
    told: dict[str, list[Any]] = defaultdict(list)
    reached = dict.fromkeys(ends, 0)
    deadline = time.monotonic() + 120
    while any(reached[place] < end for place, end in ends.items()):
        assert time.monotonic() < deadline, f"the topic could not be read: {reached} of {ends}"
        for message in consumer.consume(2_000, 1.0):
            assert message.error() is None, message.error()
            headers = message.headers() or []
            reached[message.topic(), message.partition()] = message.offset() + 1
            told[dict(headers)["ce_id"].decode()].append((message.key(), message.value(), headers))
    consumer.close()
    return told


def _outs(report: Report, stored: Stored, told: dict[str, list[Any]], restored: bool) -> None:
    """Published = said by the chains, byte for byte; the chain of `previous` has no hole."""
    said: dict[str, Any] = {}
    for chain in stored.chains.values():
        last = ""
        for out in chain.outs:
            if out.id in said:
                report.doubled_outgoing.append(f"outgoing {out.id} is said twice")
            said[out.id] = out
            if dict(out.headers).get("ce_previous", b"").decode() != last:
                report.wrong.append(f"outgoing {out.id} of {chain.entity} does not follow {last}")
            last = out.id
    report.unpublished += [f"outgoing {name} was never published" for name in said if name not in told]
    report.republished = sum(len(copies) - 1 for copies in told.values())
    for name, copies in told.items():
        out = said.get(name)
        if out is None:
            if not (restored and _caused_by_door(copies)):
                report.doubled_outgoing.append(f"outgoing {name} was published but is in no chain")
        elif any(key != out.key or value != out.value for key, value, _ in copies):
            report.wrong.append(f"outgoing {name} was published with another body")
        elif not restored and any([tuple(h) for h in headers] != list(out.headers) for _, _, headers in copies):
            report.wrong.append(f"outgoing {name} was published with other headers")


def _caused_by_door(copies: list[Any]) -> bool:
    """Whether a command or a timer caused it: after a restore the chain may have forgotten those."""
    return all(msgspec.json.decode(value)["cause"]["type"].startswith("loyalty.") for _, value, _ in copies)


def _commands(report: Report, stored: Stored, commands: list[Any], lost_ok: Any) -> None:
    """What was answered is in the chain once; what was refused is not; the same key had the same answer."""
    inside = {
        (chain.entity, fact.id): fact for chain in stored.chains.values() for fact in chain.facts if not fact.slot
    }
    answers = defaultdict(list)
    for (entity, _), fact in inside.items():
        if fact.type != DUE:
            answers[entity].append(fact)
    told = defaultdict(int)
    for sent in commands:
        if not sent.consistent:
            report.wrong.append(f"command {sent.key} had different answers")
        if sent.done is None:
            continue
        hold_id = sent.done["hold_id"]
        kind = {"hold": HOLD, "capture": "loyalty.capture_hold.v1", "void": "loyalty.void_hold.v1"}[sent.kind]
        mine = [fact for fact in answers[sent.customer] if fact.type == kind and _hold_of(fact) == hold_id]
        told[sent.customer] += 1
        if not mine and lost_ok(sent):
            report.forgotten_commands.append(f"{sent.kind} {sent.key}")
        elif len(mine) != 1:
            (report.doubled if mine else report.lost).append(f"command {sent.kind} {sent.key}: {len(mine)} times")
    forgotten = len(report.forgotten_commands)
    there = sum(len(facts) for facts in answers.values())
    if commands and there != sum(told.values()) - forgotten:
        report.wrong.append(f"{there} commands are in the chains, {sum(told.values())} were answered")


def _hold_of(fact: Any) -> str:
    return fact.id if fact.type == HOLD else msgspec.msgpack.decode(fact.data)["hold_id"]


def _timers(report: Report, stored: Stored) -> None:
    """Each hold ended once: captured, voided, or timed out, and that never early."""
    for chain in stored.chains.values():
        ends: dict[str, list[str]] = {}
        until_: dict[str, datetime] = {}
        for fact in chain.facts:
            data = msgspec.msgpack.decode(fact.data)
            if fact.type == HOLD:
                ends[fact.id] = []
                until_[fact.id] = datetime.fromisoformat(str(msgspec.msgpack.decode(fact.answer)["until"]))
            elif fact.type in ("loyalty.capture_hold.v1", "loyalty.void_hold.v1"):
                ends[data["hold_id"]].append(fact.type)
            elif fact.type == DUE:
                report.timers += 1
                due = datetime.fromisoformat(str(data["due_at"]))
                if fact.recorded_at < due:
                    report.wrong.append(f"a timer of {chain.entity} fired early")
                for hold_id, end in until_.items():
                    if end <= due and not ends[hold_id]:
                        ends[hold_id].append("timed out")
        report.wrong += [
            f"hold {hold_id} of {chain.entity} ended as {how}" for hold_id, how in ends.items() if len(how) != 1
        ]
