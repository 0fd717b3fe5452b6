"""The local runner's command line: `python -m deploy.local run|engines|install|reset|cdnow|issuer`."""

import argparse
import os
import shutil
import sys
import time
from pathlib import Path

from deploy.local import cdnow, identity, ports, runner, services, stack
from deploy.local.errors import LocalError
from deploy.local.issuer import Issuer
from deploy.local.lock import only_one
from deploy.local.paths import data_dir


def run(args: argparse.Namespace) -> int:
    """Start everything, play the story, wait for Ctrl-C."""
    if args.demo:
        return demo(args)
    data, say = data_dir(), runner.Progress()
    with only_one(data, "make run"):
        placed = services.shifted(ports.offset())
        return runner.serve(runner.Run(_engines(args), placed, data, data / "log", say))


def demo(args: argparse.Namespace) -> int:
    """Start everything on free ports with fresh data, check the story, stop; logs stay only if it failed."""
    root, say = data_dir(), runner.Progress()
    root.mkdir(parents=True, exist_ok=True)
    runner.remove_dead_demos(root)
    data, logs = root / f"demo-{os.getpid()}", root / "log" / f"demo-{os.getpid()}"
    try:
        if args.real:
            stack.install_real(say)
        engines = stack.on_free_ports(data, logs, real=args.real)
        code = runner.demo(runner.Run(engines, services.on_free_ports(), data, logs, say), args.scrape)
    finally:
        shutil.rmtree(data, ignore_errors=True)
    if code == 0:
        shutil.rmtree(logs, ignore_errors=True)
    return code


def engines(args: argparse.Namespace) -> int:
    """Start the engines alone and print the settings that point at them."""
    with only_one(data_dir(), "make engines"):
        return runner.engines_only(_engines(args), runner.Progress())


def install(args: argparse.Namespace) -> int:
    """Fetch and build the real engines; nothing is started."""
    stack.install_real(runner.Progress())
    return 0


def reset(args: argparse.Namespace) -> int:
    """Erase data, keys and logs of local runs. Refuses while one is running."""
    data = data_dir()
    with only_one(data, "make reset"):
        for entry in data.iterdir():
            if entry.name in {"lock", "bench-venv", "cdnow"}:
                continue
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    print(f"{data} is empty: the next `make run` starts from nothing, with new keys")
    return 0


def fetch_cdnow(args: argparse.Namespace) -> int:
    """Fetch the CDNOW purchase log."""
    print(cdnow.fetch())
    return 0


def issuer(args: argparse.Namespace) -> int:
    """An issuer of tokens for services with authentication; gives anybody any token. Ctrl-C stops it."""
    port, keys = ports.ISSUER + ports.offset(), data_dir() / "keys"
    ports.require_free("the issuer", port)
    shown = identity.signing_keys(keys / "services", [each.name for each in services.SERVICES])
    certificates = identity.certificates(keys / "tls")
    with Issuer(port) as running:
        print(
            f"""HEARTH_AUTH=oidc HEARTH_OIDC_ISSUER={running.url}
HEARTH_IDENTITY_DIR={shown}
HEARTH_TLS_DIR={certificates}

A token, for HEARTH_TOKEN and the header Authorization:
  curl -s {running.url}/token -d '{{"sub": "user-7", "roles": ["consultant"], "projects": ["P1"]}}'""",
            flush=True,
        )
        while True:
            time.sleep(3600)


def _engines(args: argparse.Namespace) -> stack.Engines:
    data, shift = data_dir(), ports.offset()
    if args.real:
        stack.install_real()
    broker, database = ports.BROKER + shift, ports.DATABASE + shift
    logs, durable = data / "log", args.command == "run"  # what `make run` has accepted survives a kill of everything
    places = {"broker_port": broker, "database_port": database}
    return stack.build(data, logs, real=args.real, **places, sync_on_commit=durable)


def parser() -> argparse.ArgumentParser:
    """The command line's grammar."""
    top = argparse.ArgumentParser(prog="python -m deploy.local", description=__doc__)
    commands = top.add_subparsers(dest="command", required=True)
    for function, name in (
        (run, "run"),
        (engines, "engines"),
        (install, "install"),
        (reset, "reset"),
        (fetch_cdnow, "cdnow"),
        (issuer, "issuer"),
    ):
        command = commands.add_parser(name, help=(function.__doc__ or "").splitlines()[0])
        command.set_defaults(function=function)
        if name in {"run", "engines"}:
            command.add_argument("--real", action="store_true", help="Apache Kafka and the Rust database")
        if name == "run":
            command.add_argument("--demo", action="store_true", help="free ports, fresh data, check, stop")
            command.add_argument("--scrape", type=Path, help="with --demo: a file for the metrics of all services")
    return top


def main(argv: list[str] | None = None) -> int:
    """Run a command; an error a person can put right is one clear message and exit code 1."""
    args = parser().parse_args(argv)
    try:
        return args.function(args)
    except LocalError as error:
        print(f"hearth: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
