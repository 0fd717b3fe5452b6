"""The rights at the broker: as the catalog says, and no more."""

import pytest
import yaml

from contracts.catalog import ALL, TOPICS
from deploy import acls
from deploy.local.paths import ROOT


@pytest.mark.parametrize("service", ALL)
def test_a_service_may_what_the_catalog_says(service: str) -> None:
    rights = {each.name: set(each.operations) for each in acls.rights_of(service, creates=True) if each.kind == "topic"}
    for name, topic in TOPICS.items():
        owns, reads = topic.owner == service, service in topic.readers
        may = rights.get(name, set())
        assert ("Create" in may, "Write" in may) == (owns, owns or reads), name
        assert not reads or {"Read", "Describe"} <= may, name
        assert "Read" not in may or reads or service == "profile", name
    assert not any("Create" in each.operations for each in acls.rights_of(service))


def test_only_profile_reads_what_others_say_of_themselves() -> None:
    for service in ("leads", "loyalty", "service_tickets"):
        names = {each.name for each in acls.rights_of(service)}
        others = {f"crm.self.{other}" for other in ALL if other != service}
        assert not names & (others | {name for name in TOPICS if name.startswith("crm.intake.")})


def test_groups_and_topics_are_those_of_the_namespace() -> None:
    assert {each.name.partition(".")[0] for each in acls.rights_of("profile", "eu")} == {"eu"}
    assert [each.name for each in acls.rights_of("profile") if each.kind == "group"] == [
        "hearth.profile",
        "hearth.webhooks",
    ]


def test_senders_write_to_intake_and_read_nothing() -> None:
    rights = acls.rights_of_senders()
    assert {each.name for each in rights} == {name for name in TOPICS if name.startswith("crm.intake.")}
    assert {each.operations for each in rights} == {("Describe", "Write")}


def test_the_users_for_strimzi_are_those_that_the_values_name() -> None:
    users = {each["metadata"]["name"] for each in yaml.safe_load_all((ROOT / acls.USERS).read_text())}
    values = yaml.safe_load((ROOT / "deploy/helm/hearth/values-production.yaml").read_text())
    assert {each["kafka"]["user"] for each in values["services"].values()} == users - {"hearth-senders"}
