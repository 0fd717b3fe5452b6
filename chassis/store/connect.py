"""One client with the concerns that the protocol stands on, and one way to turn driver errors into `Transient`."""

from __future__ import annotations

import functools
from asyncio import shield
from collections.abc import AsyncIterator, Callable
from types import CoroutineType
from typing import Any, ParamSpec, TypeVar

from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError

from chassis.fold.ports import Transient
from chassis.seeing import tracing
from chassis.store.seeing.spans import Spans

DURABLE = {"w": "majority", "j": True}


def connect(url: str, timeout_ms: int = 5_000, **tls: Any) -> AsyncMongoClient[dict[str, Any]]:
    """A client for a MongoDB URL: majority and journal for writes, majority for reads, UTC times, bounded waiting.
    What is not said here is the URL's to say: what is given here the URL cannot change. `tls`: the driver's options.
    """
    return AsyncMongoClient(
        url,
        w="majority",
        journal=True,
        readConcernLevel="majority",
        readPreference="primary",
        tz_aware=True,
        serverSelectionTimeoutMS=timeout_ms,
        connectTimeoutMS=timeout_ms,
        socketTimeoutMS=4 * timeout_ms,
        appname="hearth",
        event_listeners=[Spans()] if tracing.live() else [],
        **tls,
    )


P = ParamSpec("P")
T = TypeVar("T")


def transient(call: Callable[P, CoroutineType[Any, Any, T]]) -> Callable[P, CoroutineType[Any, Any, T]]:
    """Whatever the driver raises says nothing about the effect: the caller tries again. A call ends by itself, also when
    its caller is cancelled: the driver's locks do not survive it (then no call is ever answered again).
    """

    @functools.wraps(call)
    async def wrapped(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return await shield(call(*args, **kwargs))
        except PyMongoError as error:
            raise Transient(f"database: {type(error).__name__} in {call.__name__}") from error

    return wrapped


async def streamed(cursor: Any) -> AsyncIterator[dict[str, Any]]:
    """The documents of a query, however many."""
    try:
        async for document in cursor:
            yield document
    except PyMongoError as error:
        raise Transient(f"database: {type(error).__name__} in a query") from error
