"""The tools of fault runs themselves: a proxy that really disturbs, a slope test that sees a leak and no noise."""

import random
import socket
import threading
from collections.abc import Iterator

import pytest

from deploy.local import ports
from tests.faults.cluster import until
from tests.faults.proxy import Proxy
from tests.faults.soak import growth


@pytest.fixture
def echo() -> Iterator[Proxy]:
    """A proxy in front of a server that says everything again."""
    server = socket.create_server((ports.LOOPBACK, 0))

    def serve() -> None:
        while True:
            try:
                accepted, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=answer, args=(accepted,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    proxy = Proxy(server.getsockname()[1])
    proxy.start()
    yield proxy
    proxy.stop()
    server.close()


def answer(accepted: socket.socket) -> None:
    with accepted:
        try:
            while data := accepted.recv(4_096):
                accepted.sendall(data)
        except OSError:
            return


def test_the_proxy_passes_everything_on(echo: Proxy) -> None:
    with socket.create_connection((ports.LOOPBACK, echo.port), 60) as line:
        sent = random.Random(1).randbytes(200_000)
        threading.Thread(target=line.sendall, args=(sent,), daemon=True).start()
        assert received(line, len(sent)) == sent


def test_the_proxy_cuts(echo: Proxy) -> None:
    with socket.create_connection((ports.LOOPBACK, echo.port), 60) as line:
        line.sendall(b"a")
        assert received(line, 1) == b"a"
        assert echo.cut() == 1
        with pytest.raises(OSError, match=r"reset|Broken"):
            assert line.recv(1), "it was closed in order"
            raise AssertionError("it answers")


def test_the_proxy_slows_and_swallows(echo: Proxy) -> None:
    with socket.create_connection((ports.LOOPBACK, echo.port), 60) as line:
        with echo.slowed(0.01):
            line.sendall(b"a")
            assert received(line, 1) == b"a"
        assert echo.done["slowed"] == 2
        with echo.swallowed():
            line.sendall(b"b")
            line.settimeout(0.3)
            with pytest.raises(TimeoutError):
                line.recv(1)
            until(lambda: echo.done["swallowed"] == 1, 60, lambda: "nothing was swallowed")


def received(line: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        data += line.recv(count - len(data))
    return data


@pytest.mark.parametrize("seed", range(20))
def test_noise_and_bad_minutes_are_no_growth(seed: int) -> None:
    dice = random.Random(seed)
    grown, allowed = growth([100 + dice.random() * 30 + (900 if dice.random() < 0.1 else 0) for _ in range(60)], 40)
    assert grown < allowed


@pytest.mark.parametrize("seed", range(20))
def test_a_leak_is_growth(seed: int) -> None:
    dice = random.Random(seed)
    grown, allowed = growth([100 + 2 * minute + dice.random() * 30 for minute in range(60)], 40)
    assert grown > allowed
