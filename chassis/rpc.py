"""The gRPC door: one way to make a server, rich errors, health, reflection, deadlines."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import grpc
import structlog
from google.protobuf import any_pb2
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc import aio
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from chassis.errors import ChassisError, DeadlineExceeded, Unavailable
from chassis.fold.ports import Transient
from chassis.seeing.calls import TracedServer

log = structlog.get_logger()

DOMAIN = "hearth"
LONGEST = 15.0
"""Seconds a call may take, whatever deadline its caller set."""

CODES = {
    400: code_pb2.INVALID_ARGUMENT,
    404: code_pb2.NOT_FOUND,
    409: code_pb2.FAILED_PRECONDITION,
    412: code_pb2.ABORTED,
    413: code_pb2.INVALID_ARGUMENT,
    422: code_pb2.INVALID_ARGUMENT,
    503: code_pb2.UNAVAILABLE,
    504: code_pb2.DEADLINE_EXCEEDED,
}

_GRPC = {code.value[0]: code for code in grpc.StatusCode}


def make_server(
    add: Callable[[aio.Server], Sequence[str]], refusals: type[Exception], reflect: bool
) -> tuple[aio.Server, Any]:
    """A server with our interceptor; `add` mounts servicers and returns their full names. Returns it and its health."""
    server = aio.server(
        interceptors=[TracedServer(), _Errors((ChassisError, refusals))],
        options=[
            ("grpc.max_receive_message_length", 1 << 20),
            ("grpc.max_connection_age_ms", 300_000),
            ("grpc.so_reuseport", 0),
        ],
    )
    names = [*add(server), health.SERVICE_NAME]
    servicer = health.aio.HealthServicer()  # pyright: ignore[reportAttributeAccessIssue]
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    if reflect:
        reflection.enable_server_reflection([*names, reflection.SERVICE_NAME], server)
    return server, servicer


async def set_serving(servicer: Any, serving: bool) -> None:
    """Tell health checks (service "" is the whole server)."""
    status = health_pb2.HealthCheckResponse.SERVING if serving else health_pb2.HealthCheckResponse.NOT_SERVING
    await servicer.set("", status)


def rich_status(error: Any) -> status_pb2.Status:
    """An error as `google.rpc.Status` with `ErrorInfo`: the reason is the code in upper case, the domain is ours."""
    info = error_details_pb2.ErrorInfo(reason=error.code.upper(), domain=DOMAIN)
    if getattr(error, "pointer", ""):
        info.metadata["pointer"] = error.pointer
    packed = any_pb2.Any()
    packed.Pack(info)
    detail = str(getattr(error, "detail", "") or error)
    return status_pb2.Status(code=CODES.get(error.status, code_pb2.INTERNAL), message=detail, details=[packed])


class _Errors(aio.ServerInterceptor):
    """Turns our errors into rich statuses and bounds every unary call in time."""

    def __init__(self, known: tuple[type[Exception], ...]) -> None:
        self.known = known

    async def intercept_service(self, continuation: Any, handler_call_details: Any) -> Any:
        handler = await continuation(handler_call_details)
        if handler is None or handler.unary_unary is None:
            return handler
        return grpc.unary_unary_rpc_method_handler(
            self._guarded(handler.unary_unary), handler.request_deserializer, handler.response_serializer
        )

    def _guarded(self, call: Any) -> Any:
        async def guarded(request: Any, context: Any) -> Any:
            try:
                async with asyncio.timeout(LONGEST):
                    return await call(request, context)
            except self.known as error:
                await _abort(context, error)
            except Transient:
                await _abort(context, Unavailable())
            except TimeoutError:
                await _abort(context, DeadlineExceeded())
            except aio.AbortError:
                raise
            except Exception as error:
                log.exception("call failed", error=type(error).__name__)
                await _abort(context, ChassisError())
            return None

        return guarded


async def _abort(context: Any, error: Any) -> None:
    status = rich_status(error)
    await context.abort(_GRPC[status.code], status.message, (("grpc-status-details-bin", status.SerializeToString()),))


def metadata(context: Any, name: str) -> str | None:
    """A value of the caller's metadata, or None."""
    return next((value for key, value in context.invocation_metadata() or () if key == name), None)
