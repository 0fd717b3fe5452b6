"""Clients of loyalty's HTTP door: holds, captures, voids; each sent twice, each repeated until it is answered."""

import http.client
import json
import random
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from deploy.local import ports
from tests.faults.cluster import Member
from tests.faults.load import HOT, customers, spends


@dataclass
class Sent:
    """A command: what was asked, every answer that came, and when the first one did."""

    customer: str
    path: str
    body: dict[str, Any] | None
    key: str
    kind: str
    answers: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    attempts: int = 0
    at: float = 0.0

    @property
    def done(self) -> dict[str, Any] | None:
        """The answer of one that was carried out, else None."""
        return next((body for status, body in self.answers if status < 300), None)

    @property
    def consistent(self) -> bool:
        """Whether all who were told of success were told the same."""
        return len({json.dumps(body, sort_keys=True) for status, body in self.answers if status < 300}) <= 1


class Clients:
    """Some clients, each a thread that goes from hold to hold; a third of the holds are left to time out."""

    def __init__(
        self, apis: list[Member], *, seed: int = 1, count: int = 4, pause: float = 0.25, people: int = 40
    ) -> None:
        self.apis, self.seed, self.pause = apis, seed, pause
        self.people = [one for one in customers(people) if spends(one)]
        self.sent: list[Sent] = []
        self.unexpected: list[str] = []
        self._stopped = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(n,), name=f"client-{n}") for n in range(count)]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.daemon = True
            thread.start()

    def halt(self) -> None:
        """Begin nothing more."""
        self._stopped.set()

    def stop(self) -> None:
        """End, each after the answer to its last command."""
        self.halt()
        for thread in self._threads:
            thread.join(90)
        assert not any(thread.is_alive() for thread in self._threads), "a command was never answered"

    def _run(self, number: int) -> None:
        dice, count = random.Random(self.seed * 1000 + number), 0
        while not self._stopped.wait(self.pause * dice.random() * 2):
            count += 1
            customer = HOT if dice.random() < 1 / 3 else dice.choice(self.people)
            name, path = f"{self.seed}-{number}-{count}", f"/v1/accounts/{customer}/holds"
            hold = self._twice(Sent(customer, path, {"points": dice.randint(1, 4)}, f"{name}-hold", "hold"), dice)
            if hold.done is None:
                continue
            end = dice.choices(("capture", "void", ""), (30, 20, 50))[0]
            if end:
                self._stopped.wait(dice.random())
                self._twice(Sent(customer, f"{path}/{hold.done['hold_id']}/{end}", None, f"{name}-end", end), dice)

    def _twice(self, command: Sent, dice: random.Random) -> Sent:
        self.sent.append(command)
        for _ in range(2):
            command.answers.append(self._until_answered(command, dice))
            command.at = command.at or time.monotonic()
        return command

    def _until_answered(self, command: Sent, dice: random.Random) -> tuple[int, dict[str, Any]]:
        while True:
            command.attempts += 1
            try:
                status, body = self._ask(dice.choice(self.apis), command)
            except ConnectionRefusedError:
                time.sleep(0.1)
                continue
            except (OSError, http.client.HTTPException, ValueError):
                time.sleep(dice.choice((0.05, 6.0)))  # some are impatient, some leave time for the sweep
                continue
            if status < 500:
                if status not in (200, 201, 404, 409):
                    self.unexpected.append(f"{command.kind}: {status} {body.get('code')}")
                return status, body
            if status not in (503, 504):
                self.unexpected.append(f"{command.kind}: {status} {body.get('code')}")
            time.sleep(0.2)

    def _ask(self, api: Member, command: Sent) -> tuple[int, dict[str, Any]]:
        connection = http.client.HTTPConnection(ports.LOOPBACK, api.http, timeout=20)
        try:
            headers = {"Idempotency-Key": command.key, "Content-Type": "application/json"}
            body = json.dumps(command.body) if command.body is not None else None
            connection.request("POST", command.path, body, headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()
