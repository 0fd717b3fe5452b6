"""Lists by page: at most 200 items, and a cursor for what follows."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Generic, TypeVar

from pydantic import BaseModel

from chassis.errors import InvalidRequest

T = TypeVar("T")

STRANGE = "the cursor is not one of an earlier answer"


class Page(BaseModel, Generic[T]):
    """A page of a list; `next_cursor` is null on the last one."""

    items: list[T]
    next_cursor: str | None


def page_size(asked: int) -> int:
    """How many items a gRPC page has that was asked for so many: 0 is 50, more than 200 are 200; raises `InvalidRequest`
    for less.
    """
    if asked < 0:
        raise InvalidRequest("page_size is 1 to 200, or 0 for 50", "/page_size")
    return min(asked or 50, 200)


def page_of(items: Sequence[T], limit: int, cursor: str | None) -> tuple[Sequence[T], str | None]:
    """The page after a cursor, and the cursor after it. For lists that only grow at their end."""
    word, number = place_in(cursor, ("at", "0"))
    if word != "at" or not number.isdecimal():
        raise InvalidRequest(STRANGE, "/query/cursor")
    following = int(number) + limit
    return items[int(number) : following], cursor_after("at", str(following)) if following < len(items) else None


def cursor_after(first: str, second: str) -> str:
    """The cursor of the page that begins after a place, which two words without spaces name."""
    return base64.urlsafe_b64encode(f"{first} {second}".encode()).decode()


def place_in(cursor: str | None, beginning: tuple[str, str] = ("", "")) -> tuple[str, str]:
    """The place after which a page begins; raises `InvalidRequest` for anything but a cursor of ours."""
    if not cursor:
        return beginning
    try:
        first, second = base64.urlsafe_b64decode(cursor).decode("ascii").split(" ")
    except ValueError:
        raise InvalidRequest(STRANGE, "/query/cursor") from None
    return first, second
