"""The roles in the database: every collection the code names is in them, and no service has a right on another's.

`make test-real` shows that a database which enforces them lets each service do its work (tests/integration/test_rights.py).
"""

import importlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from chassis.app import database_name
from chassis.policy import no_policy
from chassis.settings import read
from chassis.store.system import indexes_of
from contracts.catalog import ALL
from deploy import roles
from deploy.local import keys
from deploy.local.paths import ROOT

NAMED = re.compile(r'database\["([a-z_.]+)"\]')


def built(service: str, folder: Path, **more: Any) -> Any:
    """The service, composed and not started."""
    files = keys.ensure(folder)
    settings = importlib.import_module(f"services.{service}.settings")
    model = getattr(settings, "ProfileSettings", settings.Settings)
    given = {"kek_file": files["HEARTH_KEK_FILE"], "index_key_file": files["HEARTH_INDEX_KEY_FILE"], **more}
    where: dict[str, Any] = {"KAFKA_BOOTSTRAP": "127.0.0.1:1", "MONGO_URL": "mongodb://127.0.0.1:1"}
    return importlib.import_module(f"services.{service}.app").build(read(model, **given, **where))


@pytest.mark.parametrize("service", ALL)
async def test_every_collection_that_the_code_names_is_in_the_role(service: str, tmp_path: Path) -> None:
    app = built(service, tmp_path)
    try:
        kinds = app.definition.kinds(no_policy())
        made = {collection for collection, *_ in indexes_of(kinds.values(), app.definition.indexes)}
    finally:
        await app.stop()
    sources = [*(ROOT / "chassis/store").rglob("*.py"), *(ROOT / f"services/{service}/store").rglob("*.py")]
    webhooks = {"webhooks", "deliveries"} if service != "profile" else set()
    named = {name for path in sources for name in NAMED.findall(path.read_text())} - webhooks
    assert len(named) >= 6
    assert made | named == {each.collection for each in roles.rights_of(service)}


async def test_the_database_is_the_one_that_the_service_uses(tmp_path: Path) -> None:
    for namespace in ("", "eu"):
        app = built("leads", tmp_path, namespace=namespace)
        assert roles.database_of("leads", namespace) == database_name(app.settings, "leads")
        await app.stop()


def test_what_is_written_for_good_stays() -> None:
    for service in ALL:
        rights = {each.collection: set(each.actions) for each in roles.rights_of(service)}
        assert rights["audit"] == {"find", "insert", *roles.MIGRATE}
        assert "remove" not in rights[f"{roles.ENTITIES[service]}.chain"]
        assert not any({"dropCollection", "dropIndex", "collMod"} & actions for actions in rights.values())


def test_a_role_is_for_one_database_and_names_each_collection() -> None:
    for service in ALL:
        places = [each["resource"] for each in roles.role_of(service, "eu")["privileges"]]
        assert {each["db"] for each in places} == {f"eu_hearth_{service}"}
        assert all(each["collection"] for each in places)


def test_the_examples_are_the_roles() -> None:
    folder = ROOT / roles.EXAMPLES
    commands = json.loads((folder / "mongodb-roles.json").read_text())
    assert commands == [roles.role_of(service) for service in ALL]
    spec = yaml.safe_load((folder / "mongodb-operator.yaml").read_text())["spec"]
    assert [each["privileges"] for each in spec["security"]["roles"]] == [each["privileges"] for each in commands]
    values = yaml.safe_load((ROOT / "deploy/helm/hearth/values-production.yaml").read_text())["services"]
    secrets = {each["connectionStringSecretName"] for each in spec["users"]}
    assert secrets == {each["mongo"]["urlSecret"]["name"] for each in values.values()}
