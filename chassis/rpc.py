"""The gRPC door: one way to make a server, rich errors, health, reflection, deadlines."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import grpc
import structlog
from google.protobuf import any_pb2
from google.protobuf.duration_pb2 import Duration
from google.rpc import code_pb2, error_details_pb2, status_pb2
from grpc import aio
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from chassis.errors import ChassisError, DeadlineExceeded, Unavailable
from chassis.fold.ports import Transient
from chassis.gate.device import DEVICE
from chassis.gate.gate import Gate, Shown, ids_in
from chassis.gate.services import HOP
from chassis.gate.table import PUBLIC
from chassis.gate.tls import Certificates
from chassis.seeing.calls import TracedServer, client_interceptors

log = structlog.get_logger()

DOMAIN = "hearth"
LONGEST = 15.0
"""Seconds a call may take, whatever deadline its caller set."""

BALANCED = [("grpc.lb_policy_name", "round_robin")]

CODES = {
    400: code_pb2.INVALID_ARGUMENT,
    401: code_pb2.UNAUTHENTICATED,
    403: code_pb2.PERMISSION_DENIED,
    404: code_pb2.NOT_FOUND,
    409: code_pb2.FAILED_PRECONDITION,
    412: code_pb2.ABORTED,
    413: code_pb2.INVALID_ARGUMENT,
    422: code_pb2.INVALID_ARGUMENT,
    429: code_pb2.RESOURCE_EXHAUSTED,
    503: code_pb2.UNAVAILABLE,
    504: code_pb2.DEADLINE_EXCEEDED,
}

_GRPC = {code.value[0]: code for code in grpc.StatusCode}


def make_server(
    add: Callable[[aio.Server], Sequence[str]], refusals: type[Exception], reflect: bool, gate: Gate
) -> tuple[aio.Server, Any]:
    """A server with our interceptor; `add` mounts servicers and returns their full names. Returns it and its health."""
    server = aio.server(
        interceptors=[TracedServer(), _Guard((ChassisError, refusals), gate)],
        options=[
            ("grpc.max_receive_message_length", 1 << 20),
            ("grpc.max_connection_age_ms", 300_000),
            ("grpc.max_connection_age_grace_ms", 20_000),
            ("grpc.so_reuseport", 0),
        ],
    )
    names = [*add(server), health.SERVICE_NAME]
    servicer = health.aio.HealthServicer()  # pyright: ignore[reportAttributeAccessIssue]
    health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
    if reflect:
        reflection.enable_server_reflection([*names, reflection.SERVICE_NAME], server)
    return server, servicer


def add_port(server: aio.Server, address: str, certificates: Certificates | None) -> None:
    """Listen: with certificates only to callers who show one of the same authority. Raises RuntimeError if taken."""
    if certificates is None:
        server.add_insecure_port(address)
        return
    own = [(certificates.key, certificates.chain)]
    server.add_secure_port(address, grpc.ssl_server_credentials(own, certificates.authority, require_client_auth=True))


def open_channel(address: str, certificates: Certificates | None) -> aio.Channel:
    """A connection to another service; with certificates both show theirs. All addresses that a name has are asked in turn,
    and the name again whenever the server ends a connection for its age: `dns:///` with a headless Service finds new pods.
    """
    if certificates is None:
        return aio.insecure_channel(address, BALANCED, interceptors=client_interceptors())
    shown = (certificates.authority, certificates.key, certificates.chain)
    return aio.secure_channel(
        address, grpc.ssl_channel_credentials(*shown), BALANCED, interceptors=client_interceptors()
    )


async def set_serving(servicer: Any, serving: bool) -> None:
    """Tell health checks (service "" is the whole server)."""
    status = health_pb2.HealthCheckResponse.SERVING if serving else health_pb2.HealthCheckResponse.NOT_SERVING
    await servicer.set("", status)


def rich_status(error: Any) -> status_pb2.Status:
    """An error as `google.rpc.Status` with `ErrorInfo`: the reason is the code in upper case, the domain is ours."""
    info = error_details_pb2.ErrorInfo(reason=error.code.upper(), domain=DOMAIN)
    if getattr(error, "pointer", ""):
        info.metadata["pointer"] = error.pointer
    found: list[Any] = [info]
    if error.status == 429:
        found.append(error_details_pb2.RetryInfo(retry_delay=Duration(seconds=error.retry_after)))
    detail = str(getattr(error, "detail", "") or error)
    code = CODES.get(error.status, code_pb2.INTERNAL)
    return status_pb2.Status(code=code, message=detail, details=[_packed(each) for each in found])


def _packed(message: Any) -> any_pb2.Any:
    packed = any_pb2.Any()
    packed.Pack(message)
    return packed


class _Guard(aio.ServerInterceptor):
    """Asks the gate, turns our errors into rich statuses, and bounds every unary call in time.

    What streams cannot be asked about: it is open if the policy table calls it public, else there is no such method.
    """

    def __init__(self, known: tuple[type[Exception], ...], gate: Gate) -> None:
        self.known, self.gate = known, gate

    async def intercept_service(self, continuation: Any, handler_call_details: Any) -> Any:
        handler = await continuation(handler_call_details)
        package, _, method = handler_call_details.method[1:].partition("/")
        door = f"{package.rpartition('.')[2]}/{method}"
        if handler is None or self.gate.table.operation(self.gate.service, door) == PUBLIC:
            return handler
        if handler.unary_unary is None:
            return None
        call = self._guarded(handler.unary_unary, door)
        return grpc.unary_unary_rpc_method_handler(call, handler.request_deserializer, handler.response_serializer)

    def _guarded(self, call: Any, door: str) -> Any:
        async def guarded(request: Any, context: Any) -> Any:
            try:
                async with asyncio.timeout(LONGEST):
                    await self.gate.know(door, _shown(context))
                    await self.gate.admit(door, ids_in({field.name: value for field, value in request.ListFields()}))
                    answer = await call(request, context)
                    if self.gate.is_counted(door):
                        await self.gate.spend("exports_per_day", _records_in(answer))
                    return answer
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


def _shown(context: Any) -> Shown:
    own, hop, device = (metadata(context, name) for name in ("authorization", HOP, DEVICE))
    return Shown(own, _address(context), hop, (), device)


def _records_in(answer: Any) -> int:
    """How many records an answer hands out: its longest list, or one."""
    return max(1, *(len(value) for field, value in answer.ListFields() if field.is_repeated), 1)


def _address(context: Any) -> str:
    """The caller's address without its port, from gRPC's `ipv4:127.0.0.1:50000`."""
    return context.peer().partition(":")[2].rpartition(":")[0]


async def _abort(context: Any, error: Any) -> None:
    status = rich_status(error)
    await context.abort(_GRPC[status.code], status.message, (("grpc-status-details-bin", status.SerializeToString()),))


def metadata(context: Any, name: str) -> str | None:
    """A value of the caller's metadata, or None."""
    return next((value for key, value in context.invocation_metadata() or () if key == name), None)
