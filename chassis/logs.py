"""Logs: one line an event, JSON or text, no personal data. Values that could carry some are not logged, only their names."""

from __future__ import annotations

import logging
import sys

import structlog

from chassis.seeing.tracing import trace_id

LEVELS = ("debug", "info", "warning", "error")


def configure(level: str, form: str, service: str, role: str) -> None:
    """Set up logging for this process: `level` of LEVELS, `form` json or text, to standard error."""
    shared = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        _traced,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _no_line_breaks,
    ]
    last = structlog.processors.JSONRenderer() if form == "json" else structlog.dev.ConsoleRenderer(colors=False)
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared, processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last]
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for noisy in ("aiokafka", "faust", "mode", "pymongo", "uvicorn.access"):
        logging.getLogger(noisy).setLevel(logging.WARNING if level != "debug" else logging.INFO)
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service, role=role)


def _traced(_logger: object, _method: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
    """What is logged for a request or within a trace says of which."""
    found = trace_id()
    return {**event, "trace_id": found} if found else event


def _no_line_breaks(_logger: object, _method: str, event: structlog.types.EventDict) -> structlog.types.EventDict:
    """A value from outside cannot start a new line of the log."""
    return {
        key: value.replace("\r", "\\r").replace("\n", "\\n") if isinstance(value, str) and key != "exception" else value
        for key, value in event.items()
    }
