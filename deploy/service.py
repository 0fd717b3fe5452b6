"""`make service NAME=surveys`: a new service with the layout all services have.

Takes the layout, start and settings of the service TEMPLATE, its name replaced and without its rules, and says what is
left to do by hand. It never overwrites anything.
"""

import re
import sys
from pathlib import Path

from deploy.local.paths import ROOT

TEMPLATE = "service_tickets"
KEPT = ("__main__.py", "settings.py")
FOLDERS = ("api", "domain", "migrations", "policy", "rpc", "store", "tasks", "timers", "worker")
ABOUT = '"""{camel}: not built yet: the layout is here, no rule is."""\n'
EMPTY = '"""Empty: {name} is not built yet."""\n'
APP = '''"""{camel}, not composed yet."""

from chassis.app import App
from chassis.settings import Settings, SettingsError


def build(settings: Settings) -> App:
    """Refuses: this service has no rule yet, and does not pretend to run."""
    raise SettingsError("the service {name} is not built yet: it has no rules, doors or topics, so nothing was started")
'''
STEPS = """\
services/{name} is there, alike the others and empty. What is left, in this order:
  1. contracts/catalog.py    its topics (crm.fact.{name}, crm.self.{name}, crm.dead.{name}) and types
  2. services/{name}/domain  its state and rules; worker/table.py says which fact which rule
  3. proto/hearth/{name}/v1  its questions and commands, then `make generate`
  4. deploy/local/services.py its three ports, so that `make run` starts it"""


def camel(name: str) -> str:
    """`service_tickets` -> `ServiceTickets`."""
    return "".join(part.capitalize() for part in name.split("_"))


def renamed(text: str, name: str) -> str:
    """The template's text, speaking of `name`."""
    pairs = {TEMPLATE: name, TEMPLATE.replace("_", "-"): name.replace("_", "-"), camel(TEMPLATE): camel(name)}
    for old, new in pairs.items():
        text = text.replace(old, new)
    return text


def create(name: str) -> Path:
    """The new service's folder. Exits with a reason if the name is no name or is taken."""
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name):
        sys.exit("hearth: make service NAME=name, in lower case with underscores, for example NAME=surveys")
    source, target = ROOT / "services" / TEMPLATE, ROOT / "services" / name
    if target.exists():
        sys.exit(f"hearth: services/{name} exists already")
    texts = {file: renamed((source / file).read_text(), name) for file in KEPT}
    texts |= {f"{folder}/__init__.py": EMPTY for folder in FOLDERS}
    texts |= {"__init__.py": ABOUT, "app.py": APP, "README.md": f"# {name}\n\nMade by `make generate`.\n"}
    for file, text in texts.items():
        (target / file).parent.mkdir(parents=True, exist_ok=True)
        (target / file).write_text(text.replace("{name}", name).replace("{camel}", camel(name)))
    return target


if __name__ == "__main__":
    create(sys.argv[1] if len(sys.argv) > 1 else "")
    print(STEPS.format(name=sys.argv[1]))
