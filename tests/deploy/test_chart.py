"""What can be said of the Helm chart without helm: its schema, the renders that were reviewed, alerts, dashboards, references.

`make chart-test` says the rest, and holds the renders to the chart.
"""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from typer.testing import CliRunner

from contracts.catalog import ALL, TOPICS
from deploy import chart
from deploy.dashboards import DASHBOARDS
from deploy.local.paths import ROOT
from deploy.testing import policy, render, schemas, seen
from hearth.cli.commands import app

SCHEMA = jsonschema.Draft202012Validator(json.loads((chart.CHART / "values.schema.json").read_text()))
CASES = {path.stem: yaml.safe_load(path.read_text()) for path in sorted(render.WRONG.glob("*.yaml"))}
BY_SCHEMA = sorted(name for name, case in CASES.items() if "at '" in case["refused"]["words"])


@pytest.mark.parametrize("name", render.SETS)
def test_each_value_set_fits_the_schema(name: str) -> None:
    assert [error.message for error in SCHEMA.iter_errors(render.values_of(name))] == []


@pytest.mark.parametrize("name", BY_SCHEMA)
def test_wrong_values_are_refused_where_they_are(name: str) -> None:
    case = CASES[name]
    found = list(SCHEMA.iter_errors(render.values_of(case["set"], case["values"])))
    (place,) = re.findall(r"at '([^']*)'", case["refused"]["words"]) or [""]
    assert place in ["".join(f"/{part}" for part in error.absolute_path) for error in found]


def test_the_schema_lets_nothing_through_that_it_does_not_name() -> None:
    open_ended = [
        path
        for path, node in objects(SCHEMA.schema)
        if "properties" in node and node.get("additionalProperties") is not False
    ]
    assert open_ended == []


def objects(node: Any, path: str = "") -> list[tuple[str, dict[str, Any]]]:
    found = [(path, node)] if isinstance(node, dict) and node.get("type") == "object" else []
    if isinstance(node, dict):
        found += [each for key, value in node.items() for each in objects(value, f"{path}/{key}")]
    return found


def test_there_are_enough_wrong_charts_and_each_says_who_refuses_it() -> None:
    assert len(CASES) >= 15
    assert {case["refused"]["by"] for case in CASES.values()} == {
        *("helm", "policy", "kubeconform", "kube-score", "promtool", "seen", "jobs"),
    }
    assert all(("edit" in case) != (case["refused"]["by"] == "helm") or "values" in case for case in CASES.values())


BAD_INPUT = {
    "an unknown value": ("unknown-value", "unknown-service", "unknown-setting", "misspelt-setting"),
    "a wrong type": ("wrong-type",),
    "HPA and fixed replicas at once": ("hpa-and-replicas",),
    "partitions below replicas": ("more-pods-than-partitions", "more-scaled-pods-than-partitions"),
    "plaintext in the production profile": (
        *("plaintext-kafka-in-production", "plaintext-mongo-in-production", "plaintext-grpc-in-production"),
    ),
    "a missing secret": ("missing-keys-secret", "missing-mongo-secret", "sasl-without-user", "secret-not-mounted"),
    "an old schema": ("old-api", "old-strimzi", "migration-as-hook", "no-waiting"),
}
"""What people get wrong, and the cases that hold it. A database of an older release is in tests/integration/test_migrating.py."""


@pytest.mark.parametrize("what", BAD_INPUT)
def test_what_people_get_wrong_is_refused_by_name(what: str) -> None:
    for name in BAD_INPUT[what]:
        case = CASES[name]
        changed = leaves(case["values"])[1:] if "values" in case else [str(case["edit"]["with"])]
        words = case["refused"]["words"].replace("\\", "").replace("/", ".")
        assert changed, name
        assert case["refused"]["by"] != "helm" or any(each.rpartition(".")[2] in words for each in changed), name


def leaves(values: Any, path: str = "") -> list[str]:
    """The paths of the values of a case."""
    if not isinstance(values, dict):
        return [path]
    return [path, *(leaf for key, value in values.items() for leaf in leaves(value, f"{path}.{key}"))]


def test_what_contradicts_itself_is_told_with_the_way_out() -> None:
    """Every line of the chart's own checks names a value and says what to do about it."""
    lines = re.findall(r'append \$wrong \(?(?:printf )?"([^"]+)"', (chart.CHART / "templates/_checks.tpl").read_text())
    assert len(lines) > 25
    way_out = re.compile(r"\b(name|set|say|says|make|needs|lower|put|take|or)\b.*$")
    assert [line for line in lines if not re.match(r"[a-zA-Z.%]+", line) or not way_out.search(line)] == []


@pytest.mark.parametrize("name", render.SETS)
def test_the_reviewed_render_keeps_our_rules(name: str, tmp_path: Path) -> None:
    assert policy.complaints(render.golden(name), tmp_path) == []


def test_topics_of_the_chart_are_the_catalogs() -> None:
    listed = {each["name"]: each for each in yaml.safe_load((chart.CHART / "files" / "topics.yaml").read_text())}
    assert {name: each["partitions"]["production"] for name, each in listed.items()} == {
        name: topic.partitions_production for name, topic in TOPICS.items()
    }
    made = [each["spec"]["topicName"] for each in policy.of(render.golden("production"), "KafkaTopic")]
    assert sorted(made) == sorted(TOPICS)
    assert not list(policy.of(render.golden("external"), "KafkaTopic"))


def test_every_service_runs_in_both_roles_and_migrates_first() -> None:
    for name in render.SETS:
        args = [
            each["spec"]["template"]["spec"]["containers"][0]["args"]
            for each in policy.of(render.golden(name), "Deployment", "Job")
        ]
        assert sorted(args) == sorted(
            [f"services.{service}", role] for service in ALL for role in ("api", "worker", "migrate")
        )


def test_helm_test_is_a_command_of_ours() -> None:
    """`tests/journeys` runs it against services that run."""
    (pod,) = (each for each in policy.of(render.golden("production"), "Pod"))
    module, command, *arguments = pod["spec"]["containers"][0]["args"]
    assert (module, command, len([each for each in arguments if each.startswith("http://")])) == (
        "hearth.cli",
        "ready",
        8,
    )
    local = ["http://127.0.0.1:1" if each.startswith("http") else each for each in arguments]
    asked = CliRunner().invoke(app, [command, *[each if each != "120" else "0" for each in local]])
    assert "not ready: http://127.0.0.1:1: no answer" in str(asked.exception)


def test_metrics_of_alerts_and_dashboards_are_ours() -> None:
    queries = seen.queries()
    assert len(queries) > 30
    assert {panel.query for _, panels in DASHBOARDS.values() for panel in panels} <= set(queries.values())
    assert seen.unknown(queries) == []
    assert seen.unknown({"x": "rate(hearth_fact_total[5m])"}) == [
        "x: hearth_fact_total is no metric of ours (docs/metrics.md)"
    ]


SCRAPE = """# HELP a_total What.
# TYPE a_total counter
# HELP b_seconds What.
# TYPE b_seconds histogram
b_seconds_bucket{le="+Inf"} 0.0
c{x="y"} 1.0
d 2.0
"""


def test_what_a_scrape_lacks_is_named() -> None:
    assert seen.scraped(SCRAPE) == {
        *("a_total", "b_seconds", "b_seconds_bucket", "b_seconds_sum", "b_seconds_count", "c", "d"),
    }
    assert seen.absent({"panel": "rate(a_total[5m]) / d", "up": "up == 0"}, SCRAPE) == []
    assert seen.absent({"panel": "e + d"}, SCRAPE) == ["panel: e is not in a scrape of make demo"]


@pytest.mark.parametrize(
    ("query", "metrics"),
    [
        ('sum by (service, le) (rate(a_bucket{service=~"b"}[5m])) > 10', {"a_bucket"}),
        ("absent(a) or absent(b) unless on (x) c / 2", {"a", "b", "c"}),
        ('topk(3, a{x="b"}) + avg without (y) (d:e)', {"a", "d:e"}),
    ],
)
def test_metrics_are_found_in_queries(query: str, metrics: set[str]) -> None:
    assert seen.metrics_in(query) == metrics


def test_every_alert_has_words_a_runbook_and_tests() -> None:
    runbook, tests = seen.RUNBOOK.read_text(), seen.alert_tests()
    assert seen.alerts(runbook, tests) == []
    assert seen.alerts("", [], [{"alert": "A", "labels": {}, "annotations": {}}]) == [
        *("A has no summary", "A has no description", "A has no runbook_url", "A: severity is warning or critical"),
        *("A has no section in docs/operations/runbook.md", "A needs a test that it fires and one that it is quiet"),
    ]


def test_commands_of_the_runbook_are_there() -> None:
    """Every `hearth …` in the operations' documents names a command, and every option it is given."""
    from typer.main import get_command

    root: Any = get_command(app)
    for path in sorted((ROOT / "docs" / "operations").glob("*.md")):
        for line in re.findall(r"(?:^|`|\$ )hearth ([a-z][^`\n|]*)", path.read_text(), re.MULTILINE):
            known_command(root, line.split(), f"{path.name}: hearth {line}")


def known_command(command: Any, words: list[str], where: str) -> None:
    while getattr(command, "commands", None) and words:
        assert words[0] in command.commands, where
        command, words = command.commands[words[0]], words[1:]
    options = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    given = {word.partition("=")[0] for word in words if word.startswith("--")}
    assert given <= {*options, "--help"}, where


def test_schemas_are_made_strict_and_whole() -> None:
    told = {
        "type": "object",
        "properties": {"port": {"x-kubernetes-int-or-string": True}, "any": {"type": "object"}},
        "x-kubernetes-group-version-kind": [],
    }
    made = schemas.stricter(told)
    assert made == {
        "type": "object",
        "additionalProperties": False,
        "properties": {"port": {"anyOf": [{"type": "integer"}, {"type": "string"}]}, "any": {"type": "object"}},
    }
    assert (
        schemas.stricter({"properties": {"a": {}}, "x-kubernetes-preserve-unknown-fields": True}).get(
            "additionalProperties"
        )
        is None
    )
    definitions = {"a": {"$ref": "#/definitions/b"}, "b": {"items": [{"$ref": "#/definitions/a"}]}, "c": {}}
    assert schemas.reachable(definitions, "a") == {"a", "b"}
    assert schemas.file_name("apps", "v1", "Deployment") == "deployment-apps-v1.json"
    assert schemas.file_name("", "v1", "Pod") == "pod-v1.json"
    assert schemas.file_name("cert-manager.io", "v1", "Certificate") == "certificate-cert-manager-v1.json"
