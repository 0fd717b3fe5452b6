"""MongoDB seen: a span for each command that is part of a trace, without what is asked or written."""

from __future__ import annotations

from typing import Any

from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from chassis.seeing import semconv, tracing


class Spans(CommandListener):
    """Listens to the driver, while traces are made."""

    def __init__(self) -> None:
        self._open: dict[int, Any] = {}

    def started(self, event: CommandStartedEvent) -> None:
        """Begin a span, if something here is traced: what goes on by itself (heartbeats, timers that look) is not."""
        live = tracing.live()
        if live is None or tracing.current() is None:
            return
        collection = str(event.command.get(event.command_name, ""))
        collection = collection if event.command_name != "getMore" else str(event.command.get("collection", ""))
        about = {semconv.DB_SYSTEM: "mongodb", semconv.DB_NAMESPACE: event.database_name}
        about |= {semconv.DB_OPERATION: event.command_name, semconv.DB_COLLECTION: collection}
        name = f"{event.command_name} {collection}"
        self._open[event.request_id] = live.tracer.start_span(name, kind=live.trace.SpanKind.CLIENT, attributes=about)

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """End it."""
        made = self._open.pop(event.request_id, None)
        if made is not None:
            made.end()

    def failed(self, event: CommandFailedEvent) -> None:
        """End it as failed."""
        made = self._open.pop(event.request_id, None)
        if made is not None:
            tracing.failed(made, str(event.failure.get("codeName", "failure")))
            made.end()
