"""One of the clients of `benchmarks.doors`: connects, says `ready`, and from the moment it is told asks until the end.

usage: python -m benchmarks.client http|grpc reads|writes ADDRESS ACCOUNT...; on its input a line with two times
(seconds of the epoch); prints what every answer took, in seconds, as JSON. Imports little, for there are 32 of it.
"""

from __future__ import annotations

import http.client
import itertools
import json
import sys
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

Request = Callable[[str], None]
"""One read of an account, or a hold of a point of it, and the next time its end."""


def ask_until(send: Request, accounts: list[str], begin: float, end: float) -> list[float]:
    """What the answers took that came in time; from `begin` on, one request after the other."""
    took: list[float] = []
    time.sleep(max(0.0, begin - time.time()))
    for account in itertools.cycle(accounts):
        if time.time() >= end:
            return took
        at = time.perf_counter()
        send(account)
        if time.time() < end:
            took.append(time.perf_counter() - at)
    return took


def http_requests(what: str, address: str) -> Request:
    """Over one connection; a write is every second time a hold, else its end."""
    connection = http.client.HTTPConnection(address, timeout=30)
    held: list[str] = []

    def ask(method: str, path: str, body: Any = None) -> Any:
        headers = {"Content-Type": "application/json", "Idempotency-Key": str(uuid4())}
        connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        said = answer.read()
        assert answer.status < 300, said
        return json.loads(said)

    def read(account: str) -> None:
        ask("GET", f"/v1/accounts/{account}")

    def write(account: str) -> None:
        holds = f"/v1/accounts/{account}/holds"
        if held:
            ask("POST", f"{holds}/{held.pop()}/void")
        else:
            held.append(ask("POST", holds, {"points": 1})["hold_id"])

    return read if what == "reads" else write


def grpc_requests(what: str, address: str) -> Request:
    """The same over one channel."""
    import grpc

    from hearth.loyalty.v1 import loyalty_pb2 as pb
    from hearth.loyalty.v1.loyalty_pb2_grpc import LoyaltyServiceStub

    stub, held = LoyaltyServiceStub(grpc.insecure_channel(address)), list[str]()

    def read(account: str) -> None:
        stub.GetAccount(pb.GetAccountRequest(customer_id=account), timeout=30)

    def write(account: str) -> None:
        key = (("idempotency-key", str(uuid4())),)
        if held:
            stub.VoidHold(pb.VoidHoldRequest(customer_id=account, hold_id=held.pop()), timeout=30, metadata=key)
        else:
            done = stub.HoldPoints(pb.HoldPointsRequest(customer_id=account, points=1), timeout=30, metadata=key)
            held.append(done.hold_id)

    return read if what == "reads" else write


if __name__ == "__main__":
    door, what, address, *accounts = sys.argv[1:]
    request = {"http": http_requests, "grpc": grpc_requests}[door](what, address)
    print("ready", flush=True)
    start, stop = map(float, sys.stdin.readline().split())
    print(json.dumps(ask_until(request, accounts, start, stop)), flush=True)
