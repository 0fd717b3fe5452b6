"""What each service may do in its database, collection by collection: MongoDB roles, for whoever runs it.

A service has no right on another's database, on databases as such, or on users. What is append-only may not be changed with
its rights either: it removes no version of a chain, and neither changes nor removes a line of its audit log.
"""

import json
from typing import Any, NamedTuple

import yaml

from contracts.catalog import ALL
from contracts.reference import MADE

ENTITIES = {"leads": "lead_books", "loyalty": "accounts", "profile": "customers", "service_tickets": "case_files"}
"""The kind of entity that each service is about, by its collection."""
MORE_ENTITIES = {"loyalty": ("rewards", "campaigns", "bonuses", "day_limits", "households")}
"""Further kinds."""

ADD = ("find", "insert")
CHANGE = (*ADD, "update")
REPLACE = (*CHANGE, "remove")

EVERY = {
    "slots": CHANGE,
    "topics": CHANGE,
    "dead": CHANGE,
    "policies": ADD,
    "quotas": CHANGE,
    "audit": ADD,
}
OWN = {
    "profile": {
        "inbox": CHANGE,
        "claims": CHANGE,
        "links": CHANGE,
        "people": ADD,
        "vault": ADD,
        "webhooks": REPLACE,
        "deliveries": REPLACE,
    },
}
MIGRATE = ("createIndex", "listIndexes")
"""Of every collection: the role `migrate` makes indexes, and others look whether they are there."""

EXAMPLES = "deploy/helm/hearth/examples"
HEAD = "# made by `make generate` from deploy/roles.py; change that, not this file\n"


class Right(NamedTuple):
    """What may be done with one collection, in MongoDB's words."""

    collection: str
    actions: tuple[str, ...]


def rights_of(service: str) -> list[Right]:
    """The rights of a service in its database."""
    entities = (ENTITIES[service], *MORE_ENTITIES.get(service, ()))
    told = {f"{entity}{part}": may for entity in entities for part, may in ((".chain", CHANGE), ("", REPLACE))}
    told |= {**EVERY, **OWN.get(service, {})}
    return [Right(collection, (*actions, *MIGRATE)) for collection, actions in told.items()]


def database_of(service: str, namespace: str = "") -> str:
    """The name of a service's database."""
    return f"{namespace}_hearth_{service}" if namespace else f"hearth_{service}"


def role_of(service: str, namespace: str = "") -> dict[str, Any]:
    """The command `createRole`, for the database `admin`."""
    place = database_of(service, namespace)
    privileges = [
        {"resource": {"db": place, "collection": each.collection}, "actions": list(each.actions)}
        for each in rights_of(service)
    ]
    return {"createRole": place, "privileges": privileges, "roles": []}


def documents() -> dict[str, str]:
    """`{path from the repository's root: text}`, for `deploy.generate`."""
    commands = [role_of(service) for service in ALL]
    return {
        f"{EXAMPLES}/mongodb-roles.json": json.dumps(commands, indent=2) + "\n",
        f"{EXAMPLES}/mongodb-operator.yaml": HEAD + ABOUT + yaml.safe_dump(_operated(), sort_keys=False, width=120),
        "docs/operations/mongodb-rights.md": _page(),
    }


ABOUT = """# MongoDB's community operator: a replica set with TLS, a role for each service with the rights it needs and no others,
# and its user. The operator writes the secret hearth-mongo-<service> with the key connectionString.standardSrv; name both in
# services.<service>.mongo.urlSecret.
"""


def _operated() -> dict[str, Any]:
    secure = {
        "authentication": {"modes": ["SCRAM"]},
        "tls": {
            "enabled": True,
            "certificateKeySecretRef": {"name": "hearth-mongodb-tls"},
            "caCertificateSecretRef": {"name": "hearth-mongodb-ca"},
        },
        "roles": [_operated_role(service) for service in ALL],
    }
    spec = {"members": 3, "type": "ReplicaSet", "version": "8.0.12", "security": secure, "users": [*map(_user, ALL)]}
    about = {"name": "hearth", "namespace": "mongodb"}
    return {
        "apiVersion": "mongodbcommunity.mongodb.com/v1",
        "kind": "MongoDBCommunity",
        "metadata": about,
        "spec": spec,
    }


def _operated_role(service: str) -> dict[str, Any]:
    made = role_of(service)
    return {"role": made["createRole"], "db": "admin", "privileges": made["privileges"], "roles": []}


def _user(service: str) -> dict[str, Any]:
    name = service.replace("_", "-")
    return {
        "name": name,
        "db": "admin",
        "passwordSecretRef": {"name": f"hearth-mongodb-{name}"},
        "connectionStringSecretName": f"hearth-mongo-{name}",
        "connectionStringSecretNamespace": "crm",
        "scramCredentialsSecretName": name,
        "roles": [{"name": database_of(service), "db": "admin"}],
    }


def _page() -> str:
    rows = "".join(
        f"| {service} | `{each.collection}` | {', '.join(word for word in each.actions if word not in MIGRATE)} |\n"
        for service in ALL
        for each in rights_of(service)
    )
    head = "| service | collection | may |\n| --- | --- | --- |\n"
    return f"# What each service may do in its database\n\n{MADE}\n{PAGE}\n{head}{rows}"


PAGE = """Of every collection besides: *createIndex* and *listIndexes*. The database is `hearth_<service>`; of a
`settings.namespace` that and an underscore stand in front. Nobody may remove a version of a chain, or change a line
of the audit log. As commands: `deploy/helm/hearth/examples/mongodb-roles.json`, each for
`db.getSiblingDB("admin").runCommand(…)`; for the operator: `mongodb-operator.yaml` beside it. `make test-real` runs
the story, repairs and dead letters with these rights on a database that enforces them, and tries what is not in the
table.

People need users of their own. `hearth backup` reads (`readAnyDatabase`), `hearth restore` writes
(`readWriteAnyDatabase`, `dbAdminAnyDatabase`), both with `MONGO_URL` set to such a user's.
"""
