"""What must be true when all is quiet: the list at the end of `FOLD.md`, as far as one service has it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from chassis.fold import Head, Key
from tests.simulator.script import KINDS, RULES, Language, Policies

if TYPE_CHECKING:
    from tests.simulator.run import Run


def check(run: Run) -> list[str]:
    """Everything wrong with the world at the end of a run, in words."""
    facts = {key: list(_facts(run, key)) for key in run.world.chains}
    return [
        problem
        for find in (_once, _places, _states, _views, _published, _dead, _settled, _doors, _timers)
        for problem in find(run, facts)
    ]


def _facts(run: Run, key: Key):
    upto = 0
    for seq, doc in sorted(run.world.chains[key].items()):
        if not doc.stub and seq > upto:
            yield from doc.facts
        upto = max(upto, doc.upto)


def _applied(facts: Any) -> Counter[tuple[str, str]]:
    return Counter(
        (key.id, recorded.id) for key, held in facts.items() if key.kind == "account" for _, recorded, _ in held
    )


def _once(run: Run, facts: Any):
    applied = _applied(facts)
    for name, fact in run.facts.items():
        if not applied[fact.subject, name]:
            yield f"lost {name}"
    yield from (f"doubled {name}" for name, times in applied.items() if times > 1)


def _places(run: Run, facts: Any):
    """Facts of one slot are in offset order inside a chain (own writes; forwards and doors have no slot).

    But for notes: the older release does not know them, and where it wrote a version and died before it settled, the newer
    one works the same records again and finds only the notes new.
    """
    for key, held in facts.items():
        seen: dict[str, int] = {}
        for _, recorded, _ in held:
            if recorded.type == "note":
                continue
            if recorded.slot and recorded.offset < seen.get(recorded.slot, -1) and run.snapshot is None:
                yield f"out of order in {key}"
            seen[recorded.slot] = recorded.offset


def _states(run: Run, facts: Any):
    """The head's state is the fold of the chain's facts; the head knows each of them; numbers have no hole."""
    for key, held in facts.items():
        state = KINDS[key.kind].empty(key.id)
        for _, recorded, _ in held:
            fact = Language().fact(recorded)
            state, _ = RULES[fact.type].apply(state, fact, fact.recorded_at, Policies().at(fact.recorded_at)[1])
        head = run.world.head(key)
        if head is None or head.state != state:
            yield f"state of {key} is not the fold of its facts"
        seqs = sorted(run.world.chains[key])
        if run.world.epoch == 0 and seqs != list(range(1, len(seqs) + 1)):
            yield f"hole in {key}"


def _views(run: Run, facts: Any):
    for key in facts:
        head = run.world.head(key)
        view: Head | None = run.world.views.get(key, [None])[-1]
        if head is not None and (view is None or view.seq != head.seq or view.state != head.state):
            yield f"view of {key} is behind"


def _published(run: Run, facts: Any):
    said = Counter(out.id for held in facts.values() for _, _, outs in held for out in outs)
    for name, times in said.items():
        if times > 1:
            yield "an outgoing fact twice in the chains"
        if not run.world.published[name]:
            yield "an outgoing fact was never published"
    if run.world.epoch == 0:
        yield from ("published, but in no chain" for name in run.world.published if name not in said)


def _dead(run: Run, facts: Any):
    """Each record of a disputed id says what the chain holds, or is set aside; nothing is refused on a stale state.

    A worker that has not noticed yet that a topic was made again reads its records out of their order: what it sets
    aside is under the closed slot, and is read again, in order, under the new one.
    """
    held = {(key.id, recorded.id): recorded.data for key, kept in facts.items() for _, recorded, _ in kept}
    open_slots = {run.world.slot("journal", partition) for partition in (0, 1)}
    for dead in run.world.dead.values():
        if dead.code == "refused" and dead.slot in open_slots:
            yield f"{dead.fact} was refused on a stale state"
    for partition in (0, 1):
        slot = run.world.slot("journal", partition)
        for record in run.world.logs.get(("journal", partition), []):
            fact = record.value
            differs = held.get((fact.subject, fact.id)) != Language().encode_data(fact.data)
            if fact.type == "add" and differs and (slot, record.offset) not in run.world.dead:
                yield f"a conflict was not set aside: {slot} {record.offset}"


def _settled(run: Run, facts: Any):
    for (topic, partition), log in run.world.logs.items():
        mark = run.world.marks[run.world.slot(topic, partition)]
        if mark.settled != len(log):
            yield f"{mark.slot} is settled to {mark.settled} of {len(log)}"
        if mark.viewed < mark.settled:
            yield f"{mark.slot} is viewed to {mark.viewed} of {mark.settled}"


def _doors(run: Run, facts: Any):
    applied = _applied(facts)
    for name, fact in run.commands.items():
        answers = {answer for answer, _ in run.answers.get(name, [])}
        if len(answers) > 1:
            yield f"{name} got two answers"
        if name in run.answers and not applied[fact.subject, name]:
            yield f"{name} was answered but not applied"
        if name not in run.answers and name not in run.abandoned:
            yield f"{name} was never answered"


def _timers(run: Run, facts: Any):
    """Each wait fires once, in the chain of its entity, never before its time."""
    for key, held in facts.items():
        fired = Counter(recorded.time for _, recorded, _ in held if recorded.type == "wake")
        waits = {fact.data[0] for fact in run.facts.values() if fact.type == "wait" and fact.subject == key.id}
        if key.kind == "account" and len(fired) != len(waits):
            yield f"{key} fired {len(fired)} of {len(waits)}"
        yield from (f"{key} fired twice" for times in fired.values() if times > 1)
        for _, recorded, _ in held:
            if recorded.type == "wake" and recorded.recorded_at < recorded.time:
                yield f"{key} fired early"
