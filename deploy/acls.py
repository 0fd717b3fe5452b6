"""What each service may do at the broker, out of the catalog: for Kafka's authorizer, and for whoever runs it.

A service writes what it owns, and reads what it reads. It also writes to what it reads: a dead letter that is sent again goes to
the very partition that it was read from (`chassis/seeing/dead.py`).
"""

from typing import Any, NamedTuple

import yaml

from contracts.catalog import ALL, TOPICS
from contracts.reference import MADE
from contracts.topics import named
from services.profile.worker.webhooks import FOLLOWED

USERS = "deploy/helm/hearth/examples/kafka-users.yaml"
HEAD = """# made by `make generate` from contracts/catalog.py; change that, not this file
#
# Strimzi 1.0: a user for each service, with the rights it needs and no others, for topics that Strimzi makes
# (kafka.topics.by: strimzi). Its password becomes a secret of the user's name, key `password`: values-production.yaml
# names both. `hearth-senders` is an example of a system that sends events.
"""


class Right(NamedTuple):
    """What may be done with one topic or consumer group, in Kafka's words."""

    kind: str
    name: str
    operations: tuple[str, ...]


def rights_of(service: str, namespace: str = "", *, creates: bool = False) -> list[Right]:
    """The rights of a service; `creates`: its migrate Job makes its topics."""
    found = []
    for topic in TOPICS.values():
        owns, reads = topic.owner == service, service in topic.readers
        follows = service == "profile" and topic.name in FOLLOWED
        may = ["Describe"] * (owns or reads or follows) + ["Read"] * (reads or follows)
        may += ["Write"] * (owns or reads) + ["Create"] * (owns and creates)
        found += [Right("topic", named(topic.name, namespace), tuple(may))] if may else []
    groups = [f"hearth.{service}", *(["hearth.webhooks"] if service == "profile" else [])]
    return found + [Right("group", named(group, namespace), ("Describe", "Read")) for group in groups]


def rights_of_senders(namespace: str = "") -> list[Right]:
    """What a system that sends events needs: to write to the intake topics."""
    intake = (named(name, namespace) for name in TOPICS if name.startswith("crm.intake."))
    return [Right("topic", name, ("Describe", "Write")) for name in intake]


def documents() -> dict[str, str]:
    """`{path from the repository's root: text}`, for `deploy.generate`."""
    users = [_user(f"hearth-{name.replace('_', '-')}", rights_of(name)) for name in ALL]
    users.append(_user("hearth-senders", rights_of_senders()))
    text = yaml.safe_dump_all(users, sort_keys=False, width=120)
    return {USERS: HEAD + text, "docs/operations/kafka-rights.md": _page()}


def _user(name: str, rights: list[Right]) -> dict[str, Any]:
    acls = [
        {
            "resource": {"type": each.kind, "name": each.name, "patternType": "literal"},
            "operations": list(each.operations),
        }
        for each in rights
    ]
    spec = {"authentication": {"type": "scram-sha-512"}, "authorization": {"type": "simple", "acls": acls}}
    labels = {"strimzi.io/cluster": "kafka"}
    about = {"name": name, "namespace": "crm", "labels": labels}
    return {"apiVersion": "kafka.strimzi.io/v1", "kind": "KafkaUser", "metadata": about, "spec": spec}


def _page() -> str:
    rows = "".join(
        f"| {service} | {each.kind} | `{each.name}` | {', '.join(each.operations)} |\n"
        for service in ALL
        for each in rights_of(service, creates=True)
    )
    head = "| service | what | name | may |\n| --- | --- | --- | --- |\n"
    return f"# What each service may do at the broker\n\n{MADE}\n{PAGE}\n{head}{rows}"


PAGE = """*Create* only where the migrate Jobs make the topics (`kafka.topics.by: job`). *Write* on what is only read is for dead
letters that are sent again to where they were read. With `settings.namespace` all names begin with it and a dot. Strimzi's
users with these rights: `deploy/helm/hearth/examples/kafka-users.yaml`. `make test-real` runs the story with these rights on
Apache Kafka's own authorizer, and tries what is not in the table.
"""
