"""Every door there is, found by looking: HTTP routes, gRPC methods, admin routes, commands of the command line."""

import importlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import typer
from google.protobuf.descriptor import FileDescriptor
from starlette.routing import Route

from chassis.admin import make_admin
from chassis.app import App
from chassis.gate.audit_doors import audit_routes
from chassis.gate.table import Table, load_table
from chassis.seeing.checks import check_routes
from chassis.seeing.dead import dead_routes
from chassis.seeing.figures import Scrape
from chassis.seeing.repair import repair_routes
from chassis.web import make_web
from contracts.access import ACCESS
from deploy.local import keys
from hearth.cli import commands

SERVICES = ("profile", "leads", "loyalty", "service_tickets")


@cache
def table() -> Table:
    """The table as it is shipped."""
    return load_table(ACCESS, None)


def app_of(service: str, folder: Path) -> App:
    """A service, built and not started."""
    secrets = keys.ensure(folder)
    module = importlib.import_module(f"services.{service}.settings")
    settings = module.read_settings().model_copy(
        update={"kek_file": Path(secrets["HEARTH_KEK_FILE"]), "index_key_file": Path(secrets["HEARTH_INDEX_KEY_FILE"])}
    )
    return importlib.import_module(f"services.{service}.app").build(settings)


def http_doors(app: App) -> Iterator[str]:
    """`METHOD path` of every route of the HTTP door."""
    own = app.definition
    web = make_web("x", "0", own.routers(app), own.refusals, app.gate)
    yield from _routes(web.router.routes)


def admin_doors(app: App) -> Iterator[str]:
    """`admin METHOD path` of every route of the admin door."""
    more = [*dead_routes(app), *check_routes(app), *repair_routes(app), *audit_routes(app.audit)]
    admin = make_admin(app, app.clock, Scrape(app).text, app.state, app.gate, more)
    yield from (f"admin {door}" for door in _routes(admin.router.routes))


def _routes(routes: Any) -> Iterator[str]:
    for route in routes:
        assert isinstance(route, Route), f"{route} is mounted: whatever it serves has no door of its own"
        yield from (f"{method} {route.path}" for method in (route.methods or {"GET"}) - {"HEAD"})


def grpc_doors(service: str) -> Iterator[str]:
    """`Service/Method` of every method of a service's gRPC door."""
    for name in (service, "facts"):
        module = importlib.import_module(f"hearth.{name}.v1.{name}_pb2")
        file: FileDescriptor = module.DESCRIPTOR
        for found in file.services_by_name.values():
            yield from (f"{found.name}/{method.name}" for method in found.methods)


def cli_doors() -> Iterator[str]:
    """`group command` of everything `hearth` can be told."""
    yield from _commands(typer.main.get_command(commands.app), "")


def _commands(command: Any, prefix: str) -> Iterator[str]:
    for name, inner in command.commands.items():
        if hasattr(inner, "commands"):
            yield from _commands(inner, f"{prefix}{name} ")
        else:
            yield f"{prefix}{name}"
