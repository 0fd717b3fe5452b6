"""gRPC seen, from both sides: a span for a call, and the caller's context in its metadata."""

from __future__ import annotations

from typing import Any

import grpc
from grpc import aio

from chassis.seeing import semconv, tracing


class TracedServer(aio.ServerInterceptor):
    """A span around every unary call that is served."""

    async def intercept_service(self, continuation: Any, handler_call_details: Any) -> Any:
        """The handler, traced if traces are made and the call is unary."""
        handler = await continuation(handler_call_details)
        if tracing.live() is None or handler is None or handler.unary_unary is None:
            return handler
        served = _served(handler.unary_unary, handler_call_details.method)
        return grpc.unary_unary_rpc_method_handler(served, handler.request_deserializer, handler.response_serializer)


def _served(call: Any, path: str) -> Any:
    name, about = _named(path)

    async def served(request: Any, context: Any) -> Any:
        metadata = {key: value for key, value in context.invocation_metadata() or () if isinstance(value, str)}
        with tracing.span(name, "SERVER", about, tracing.sent_by(metadata)) as made:
            try:
                return await call(request, context)
            finally:
                _note(made, context.code() or grpc.StatusCode.OK)

    return served


class TracedClient(aio.UnaryUnaryClientInterceptor):
    """A span around every unary call that is made."""

    async def intercept_unary_unary(self, continuation: Any, client_call_details: Any, request: Any) -> Any:
        """The call, with the span's context in its metadata."""
        path = client_call_details.method
        name, about = _named(path.decode() if isinstance(path, bytes) else path)
        with tracing.span(name, "CLIENT", about) as made:
            metadata = aio.Metadata(*(client_call_details.metadata or ()), *tracing.hop().items())
            call = await continuation(client_call_details._replace(metadata=metadata), request)
            _note(made, await call.code())
            return call


def client_interceptors() -> list[aio.ClientInterceptor]:
    """What a channel of ours needs; nothing while no traces are made."""
    return [] if tracing.live() is None else [TracedClient()]


def _named(path: str) -> tuple[str, dict[str, str]]:
    method = path.lstrip("/")
    return method, {semconv.RPC_SYSTEM: "grpc", semconv.RPC_METHOD: method}


def _note(made: Any, code: Any) -> None:
    if made is None:
        return
    name = (
        code.name if isinstance(code, grpc.StatusCode) else next(c.name for c in grpc.StatusCode if c.value[0] == code)
    )
    made.set_attribute(semconv.RPC_STATUS, name)
    if name in _FAILURES:
        tracing.failed(made, name)


_FAILURES = frozenset(("UNKNOWN", "DEADLINE_EXCEEDED", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS"))
