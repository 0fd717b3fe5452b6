"""Lists by page: at most 200 items, and a cursor for what follows."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Generic, TypeVar

from pydantic import BaseModel

from chassis.errors import InvalidRequest

T = TypeVar("T")


class Page(BaseModel, Generic[T]):
    """A page of a list; `next_cursor` is null on the last one."""

    items: list[T]
    next_cursor: str | None


def page_of(items: Sequence[T], limit: int, cursor: str | None) -> tuple[Sequence[T], str | None]:
    """The page after a cursor, and the cursor after it. For lists that only grow at their end."""
    start = _position(cursor)
    following = start + limit
    return items[start:following], _cursor(following) if following < len(items) else None


def _cursor(position: int) -> str:
    return base64.urlsafe_b64encode(f"at:{position}".encode()).decode()


def _position(cursor: str | None) -> int:
    if not cursor:
        return 0
    try:
        word, _, number = base64.urlsafe_b64decode(cursor).decode().partition(":")
        if word != "at" or int(number) < 0:
            raise ValueError
        return int(number)
    except ValueError:
        raise InvalidRequest("the cursor is not one of an earlier answer", "/query/cursor") from None
