"""Answers that come page by page, and a line on standard error that says how far they are."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.progress import Progress, TextColumn, TimeElapsedColumn

from hearth.cli import show


def pages(ask: Callable[[dict[str, Any]], dict[str, Any]], asked: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every answer of a door, which takes `after` and says with `next` where to go on (null: these were the last)."""
    after: str | None = ""
    while after is not None:
        page = ask({**asked, "after": after})
        yield page
        after = page["next"]


@contextmanager
def progress(first: str) -> Iterator[Callable[[str], None]]:
    """A line with the time gone by, shown while the block lasts; what is given says something else in it."""
    columns = TextColumn("{task.description}"), TimeElapsedColumn()
    with Progress(*columns, console=show.errors, transient=True) as shown:
        task = shown.add_task(first, total=None)
        yield lambda text: shown.update(task, description=text)
