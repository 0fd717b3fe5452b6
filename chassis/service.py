"""What a service tells the chassis about itself: a definition, literal and complete. `App` makes it run."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from chassis.fold.model import Due, Key, Kind, Out, Rule
from chassis.fold.relay import Handler
from chassis.gate.gate import Whereabouts
from chassis.policy import PolicyBook

if TYPE_CHECKING:
    from chassis.app import App


class Ports(NamedTuple):
    """Default ports of a service, before the offset."""

    http: int
    grpc: int
    admin: int


class TopicPlan(Protocol):
    """A topic this service owns and `migrate` creates."""

    @property
    def partitions(self) -> int: ...
    @property
    def retention_days(self) -> int: ...


class Companion(Protocol):
    """What runs in a worker beside its lanes, for as long as it does."""

    @property
    def outcomes(self) -> Mapping[str, int]:
        """What it has done so far, for the metrics."""
        ...

    async def start(self) -> None:
        """Begin."""
        ...

    async def stop(self) -> None:
        """End in order."""
        ...


class Index(NamedTuple):
    """An index of a collection: fields with direction; `where` keeps it to documents that fit."""

    collection: str
    fields: tuple[tuple[str, int], ...]
    where: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Definition:
    """One service. `table` is the number of the rule table: raise it when a release must not run beside an older one."""

    name: str
    version: str
    ports: Ports
    kinds: Callable[[PolicyBook], Mapping[str, Kind]]
    rules: Mapping[str, Rule]
    table: int
    language: Any
    reads: Sequence[str]
    journal: str
    topics: Mapping[str, TopicPlan]
    refusals: type[Exception]
    make_due: Callable[[Key, Due, datetime], Any]
    routers: Callable[[App], Sequence[Any]]
    servicers: Callable[[App, Any], Sequence[str]]
    access: Path
    """The policy table of the doors as it is shipped."""
    policy_file: str = ""
    policy_from: Callable[[Mapping[str, Any]], Any] | None = None
    indexes: Sequence[Index] = ()
    every_second: Callable[[App], Awaitable[None]] | None = None
    said_besides: Callable[[App, datetime], AsyncIterator[Sequence[Out]]] | None = None
    """What the service said to its topics from a time on, beside what its entities said."""
    unpublished: Callable[[App], Awaitable[datetime | None]] | None = None
    """Since when something is written but not published, beside what its entities say; None if nothing is."""
    relayed: Sequence[str] = ()
    relay: Callable[[App], Handler] | None = None
    """Makes what decides about the records of the topics in `relayed`; these are not folded."""
    whereabouts: Callable[[App], Mapping[str, Whereabouts]] = lambda _app: {}
    """Resource of the policy table → how to find where a thing of it belongs."""
    companion: Callable[[App], Companion] | None = None
    tasks: Mapping[str, Callable[[App, Sequence[str]], Awaitable[int]]] = field(default_factory=dict)
    devices: bool = False
    """Whether it asks which device a request comes from; what stands for one is made with the index key."""
