"""Commands of entities that are merged, parted, and merged with others, while their callers repeat them: carried out once.

A command is decided by the chain of the entity it was addressed to. A merged entity writes down to whom it hands a command,
and by which merge (`HANDED`); only then is it asked there. If that merge is undone meanwhile, whoever got it must give it up
in its own chain (`DECLINED`), or have carried it out: only then may it be carried out, or handed on, somewhere else. Every
step is one insert into one chain, so of two requests for the same command one wins each, and the other follows it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from chassis.fold.merging import Elsewhere
from chassis.fold.model import UNTIED, Fact, Head, cause_of

if TYPE_CHECKING:
    from chassis.fold.ports import Known, Language


class Way(NamedTuple):
    """How a command came to an entity: by which merge (`via`, "" = its caller asked here), whether it is to be given up
    (`withdrawn`), and the handing of this entity's own that was given up already (`declined`: a merge).
    """

    via: str = ""
    withdrawn: bool = False
    declined: str = ""

    def on(self, moved: Elsewhere) -> Way:
        """The way to the entity that it was handed to."""
        return Way(moved.merge, moved.withdrawn)

    def back(self, moved: Elsewhere) -> Way:
        """The way after it was given up there."""
        return self._replace(declined=moved.merge)


HERE = Way()


class Declined(Exception):
    """The command was given up here and will never be carried out by that way."""


class Step(NamedTuple):
    """What is to be written of a command (None: nothing), and what its caller is told if that is all."""

    fact: Fact | None
    error: Exception | None


def words(language: Language, head: Head, command: Fact, way: Way) -> Iterator[Fact]:
    """What this entity may have written down about a command beside carrying it out."""
    if way.via:
        yield language.declined(command, way.via)
    if head.ties != UNTIED:
        for merge in _merges(head):
            yield language.handed(command, merge, "")


def step(language: Language, head: Head, command: Fact, way: Way, recalled: Mapping[str, Known]) -> Step | None:
    """What to do with a command that was not carried out here; None: carry it out."""
    if way.via and cause_of(language.declined(command, way.via)) in recalled:
        return Step(None, Declined())
    to = _handed(language, head, command, recalled)
    if to is not None and to.merge_id != way.declined:
        gone = head.ties.into is None or head.ties.into[0] != to.merge_id
        return Step(None, Elsewhere(to.to, to.merge_id, way.withdrawn or gone))
    if way.withdrawn:
        return Step(language.declined(command, way.via), Declined())
    if head.ties.into is not None:
        merge, survivor, _ = head.ties.into
        return Step(language.handed(command, merge, survivor), Elsewhere(survivor, merge))
    return None


def _handed(language: Language, head: Head, command: Fact, recalled: Mapping[str, Known]) -> Any:
    """The last handing of a command, as its body; None if it was never handed on from here."""
    found = (recalled.get(cause_of(language.handed(command, merge, ""))) for merge in _merges(head))
    last = max((known for known in found if known is not None), key=lambda known: known.seq, default=None)
    return None if last is None else language.fact(last.recorded).data


def _merges(head: Head) -> set[str]:
    return {*head.ties.gone, *((head.ties.into[0],) if head.ties.into else ())}
