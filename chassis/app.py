"""A service, running: what all roles share, and the roles `api`, `worker` and `all`."""

from __future__ import annotations

import asyncio
import contextlib
from functools import partial
from typing import Any

import structlog

from chassis.admin import make_admin
from chassis.background import TICK, Background, Compactor, TimerLoop, sweep
from chassis.clock import Clock
from chassis.commands import Commands
from chassis.faults import Faults
from chassis.fold.batch import Reader
from chassis.fold.doors import Door, Timers
from chassis.fold.model import Key
from chassis.fold.ports import Transient
from chassis.fold.resend import Resending
from chassis.fold.rules import Folder
from chassis.gate.audit_doors import audit_routes
from chassis.gate.gate import Gate
from chassis.gate.issuer import verifier_of
from chassis.gate.services import identity_of
from chassis.gate.table import load_table
from chassis.gate.tls import read_certificates
from chassis.policy import no_policy
from chassis.publish import Publisher
from chassis.rpc import add_port, make_server, open_channel, set_serving
from chassis.seal import Seal, read_key
from chassis.seeing import tracing
from chassis.seeing.checks import check_routes
from chassis.seeing.dead import dead_routes
from chassis.seeing.figures import Scrape
from chassis.seeing.http import TracedHttp
from chassis.seeing.repair import repair_routes
from chassis.seeing.semconv import SERVICE_NAME, SERVICE_NAMESPACE, SERVICE_VERSION
from chassis.service import Companion, Definition
from chassis.serving import HttpServer, PortTaken, listen
from chassis.settings import Settings
from chassis.store import MongoStore, connect
from chassis.store.audit import AuditLog
from chassis.store.quotas import Quotas
from chassis.store.system import load_policies, ping, read_epoch
from chassis.stream.lanes import Mounted
from chassis.stream.topics import Topics
from chassis.stream.worker import Worker, app_of
from chassis.web import make_web

log = structlog.get_logger()

ROLES = ("api", "worker", "all")
GRACE = 15.0


class App:
    """One process of a service. Built by `services/<name>/app.py`; started with a role, stopped once."""

    def __init__(self, definition: Definition, settings: Settings) -> None:
        self.definition, self.settings = definition, settings
        self.clock = Clock(settings.clock)
        self.seal = Seal(read_key(settings.kek_file))
        tracing.begin(settings.otlp_endpoint, settings.trace_ratio, resource_of(definition, settings.namespace))
        self.client = connect(settings.database_url, **settings.database_tls)
        self.database = self.client[database_name(settings, definition.name)]
        self.topics = Topics(settings.kafka_bootstrap, settings.security())
        self.faults = Faults()
        self.audit = AuditLog(self.database)
        self.gate = self._gate()
        self.certificates = read_certificates(settings.tls_dir)
        self.worker: Worker | None = None
        self.timer_loop: TimerLoop | None = None
        self.companion: Companion | None = None
        self.role = ""
        self._closing = contextlib.AsyncExitStack()
        self._started = False

    def _gate(self) -> Gate:
        """Raises `TableError` if the policy table is wrong, `IdentityError` if this service's key is."""
        own, settings, often = self.definition, self.settings, self.settings.requests_per_second
        table, where = load_table(own.access, settings.policy_dir), own.whereabouts(self)
        verifier = verifier_of(settings) if settings.auth == "oidc" else None
        identity = identity_of(own.name, settings.identity_dir) if settings.identity_dir is not None else None
        counts, key = Quotas(self.database), read_key(settings.index_key_file) if own.devices else b""
        return Gate(own.name, table, verifier, where, self.audit, self.clock.now, often, counts, identity, key)

    def channel(self, address: str) -> Any:
        """A connection to the gRPC door of another service, to be closed by whoever asked for it."""
        return open_channel(address, self.certificates)

    async def prepare(self) -> None:
        """What every role needs: the store, the folder with the policies in force, the publisher, the commands."""
        self.epoch = await read_epoch(self.database)
        self.policies = no_policy()
        if self.definition.policy_from is not None:
            self.policies = await load_policies(self.database, self.definition.policy_from)
        self.kinds = self.definition.kinds(self.policies)
        self.store = MongoStore(self.database, self.kinds, self.seal.close, self.epoch)
        own = self.definition
        self.folder = Folder(own.rules, own.language, self.policies, self.epoch, self.kinds)
        self.compactor = Compactor(self.faults.around("compaction", self.store))
        self.broker = Publisher(self.settings.kafka_bootstrap, f"hearth.{own.name}", self.settings.security())
        self._closing.callback(self.broker.close)
        self.door = self._door("door")
        self.commands = Commands(self.door)
        besides = [partial(own.said_besides, self)] if own.said_besides else []
        days = {name: plan.retention_days for name, plan in own.topics.items()}
        around = self.faults.around("resend", self.store), self.faults.around("resend", self.broker)
        self.resending = Resending(*around, days, self.topics.find, [*besides, self.store.said_since])

    def _door(self, role: str) -> Door:
        around = self.faults.around(role, self.store), self.faults.around(role, self.broker)
        return Door(*around, self.folder, self.kinds, self.compactor.note)

    async def start(self, role: str) -> None:
        """Start a role; raises `PortTaken` before anything else is started."""
        self.role = role
        await self._serve_admin()
        await self.prepare()
        if role in ("api", "all"):
            await self._serve_api()
        if role in ("worker", "all"):
            await self._work()
        self._keep_up()
        self._started = True
        log.info("started", role=role)

    def _keep_up(self) -> None:
        """What every role does: who writes versions compacts their chains; policies published later come into force by
        themselves, and what each fact was folded with is recorded with it.
        """
        beside, check = Background(), self.definition.policy_from
        beside.every(1.0, "compaction", self.compactor.tick)
        if check is not None:
            beside.every(10.0, "policies", lambda: self._renew_policies(check))
        self._closing.push_async_callback(beside.stop)

    async def _renew_policies(self, check: Any) -> None:
        self.policies.renew((await load_policies(self.database, check, self.policies.versions)).versions)

    # ---- doors ------------------------------------------------------------------------------------------------------

    def port(self, name: str) -> int:
        """The port of a door: set, or the service's default plus the offset."""
        own = getattr(self.settings, f"{name}_port")
        return own or getattr(self.definition.ports, name) + self.settings.port_offset

    async def _serve_admin(self) -> None:
        scrape, more = Scrape(self), [*dead_routes(self), *check_routes(self), *repair_routes(self)]
        self._closing.push_async_callback(scrape.samples.stop)
        await self._serve(
            make_admin(self, self.clock, scrape.text, self.state, self.gate, [*more, *audit_routes(self.audit)]),
            "admin",
        )

    async def _serve(self, app: Any, name: str) -> None:
        server = HttpServer(app, listen(self.settings.bind, self.port(name)), self.settings.trusted_proxies)
        await server.start()
        self._closing.push_async_callback(server.stop)

    async def _serve_api(self) -> None:
        own = self.definition
        web = make_web(f"Hearth {own.name}", own.version, own.routers(self), own.refusals, self.gate)
        await self._serve(TracedHttp(web), "http")
        reflect, add = self.settings.reflection, lambda made: own.servicers(self, made)
        server, health = make_server(add, own.refusals, reflect, self.gate)
        address = f"{self.settings.bind}:{self.port('grpc')}"
        try:
            add_port(server, address, self.certificates)
        except RuntimeError:
            raise PortTaken(self.settings.bind, self.port("grpc")) from None
        await server.start()
        await set_serving(health, True)
        self._closing.push_async_callback(server.stop, 5)
        self._closing.push_async_callback(set_serving, health, False)

    # ---- the worker -------------------------------------------------------------------------------------------------

    async def _work(self) -> None:
        own, around = self.definition, self.faults.around
        ports = around("lane", self.store), around("view", self.store), around("lane", self.broker)
        shared = (
            self.folder,
            dict(self.kinds),
            Reader(own.rules, own.language),
            self.topics,
            own.table,
            self.compactor.note,
        )
        mounted = Mounted(
            *ports,
            *shared,
            group=self.settings.named(f"hearth.{own.name}"),
            handler=own.relay(self) if own.relay is not None else None,
            relayed=frozenset(own.relayed),
        )
        faust_app = app_of(mounted.group, self.settings)
        self.worker = Worker(faust_app, own.reads, mounted)
        await self.worker.start()
        self._closing.push_async_callback(self.worker.stop, GRACE)
        self._run_background()
        if own.companion is not None:
            self.companion = own.companion(self)
            await self.companion.start()
            self._closing.push_async_callback(self.companion.stop)

    def _run_background(self) -> None:
        beside = Background()
        timers = Timers(self._door("timer"), self.definition.make_due)
        self.timer_loop = TimerLoop(self.store, timers, self.kinds, self.clock, self._horizon_of)
        beside.every(TICK, "timers", self.timer_loop.tick)
        beside.every(5.0, "sweep", sweep(self._door("sweep"), self.clock))
        beside.every(1.0, "resend", self._resend)
        each_second = self.definition.every_second
        if each_second is not None:
            beside.every(1.0, "every second", lambda: each_second(self))
        self._closing.push_async_callback(beside.stop)

    async def _resend(self) -> None:
        sent = await self.resending.resend(self.clock.now())
        if sent:
            log.warning("topics were made again, and got everything again", facts=sent)

    def _horizon_of(self, key: Key) -> Any:
        assert self.worker is not None
        return self.worker.horizon(self.definition.journal, self.worker.partition_of(self.definition.journal, key))

    # ---- health -----------------------------------------------------------------------------------------------------

    @property
    def started(self) -> bool:
        """Whether everything it was started with is there."""
        return self._started

    @property
    def not_started(self) -> list[str]:
        """Reasons why this process is not through its start."""
        return [] if self._started else ["starting"]

    @property
    def not_live(self) -> list[str]:
        """Reasons to restart this process: crashed, or assigned, behind, waiting for nobody and not moving."""
        if self.worker is None:
            return []
        crashed = ["the consumer crashed"] if self.worker.app.crashed else []
        failed = [f"lane {name} failed" for name in self.worker.failed]
        return crashed + failed + [f"lane {name} does not move" for name in self.worker.stalled]

    async def not_ready(self) -> list[str]:
        """Reasons not to send requests here."""
        reasons = [f"lane {name} stopped: {why}" for name, why in (self.worker.stopped if self.worker else {}).items()]
        if self.worker is not None and not self.worker.ready:
            reasons += self.worker.waits
        try:
            await asyncio.wait_for(ping(self.database), 2)
        except (Transient, TimeoutError):
            reasons.append("the database does not answer")
        return reasons

    def state(self) -> dict[str, Any]:
        """What the admin door shows of the worker."""
        worker = self.worker
        lanes = {
            f"{tp.topic}[{tp.partition}]": {
                "slot": lane.mark.slot if lane.mark else "",
                "position": lane.position,
                "waiting_for": lane.waits,
                "stopped_by": lane.stopped_by,
                "quiet": lane.quiet,
            }
            for tp, lane in (worker.lanes if worker else {}).items()
        }
        counts = {} if worker is None else worker.mounted.counts.numbers
        return {
            "service": self.definition.name,
            "role": self.role,
            "lanes": lanes,
            "counts": counts,
            "timers_fired": self.timer_loop.fired if self.timer_loop else 0,
        }

    async def stop(self) -> None:
        """Drain and end: the loops beside, the lanes, the doors, the publisher, the client."""
        self._started = False
        await self._closing.aclose()
        await self.client.close()
        await asyncio.to_thread(tracing.end)


def resource_of(definition: Definition, namespace: str) -> dict[str, str]:
    """What OpenTelemetry is told of a process."""
    named = {SERVICE_NAME: f"hearth.{definition.name}", SERVICE_VERSION: definition.version}
    return {**named, SERVICE_NAMESPACE: namespace} if namespace else named


def database_name(settings: Settings, service: str) -> str:
    """The database of a service in this namespace."""
    return f"{settings.namespace}_hearth_{service}" if settings.namespace else f"hearth_{service}"
