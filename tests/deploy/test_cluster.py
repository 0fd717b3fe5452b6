"""What `make cluster-test` is made of, as far as no cluster is needed: its eyes, its pretended nodes, its definitions."""

import json
from typing import Any

import pytest
import yaml

from deploy.local.errors import LocalError
from deploy.testing import policy, render
from deploy.testing.cluster import __main__ as cluster
from deploy.testing.cluster import crds, nodes, programs
from deploy.testing.cluster.nodes import Seen

A, B = "hearth@sha256:a", "hearth@sha256:b"


def pod(role: str, image: str = A, *, waits: bool = True, **status: Any) -> dict[str, Any]:
    args = ["services.leads", "migrate", "--wait", "600"] if waits else ["services.leads", "migrate"]
    labels = {"app.kubernetes.io/name": "leads", "app.kubernetes.io/component": role}
    first = [{"args": args}] if role in ("api", "worker") else []
    spec = {"nodeName": "node-one", "initContainers": first, "containers": [{"image": image}]}
    return {"metadata": {"name": f"leads-{role}", "labels": labels}, "spec": spec, "status": status}


def ready(role: str, image: str = A, name: str = "") -> Seen:
    return Seen(name or f"leads-{role}-{image[-1]}", "leads", role, image, True, True, False, False)


def ended(image: str = A) -> Seen:
    return Seen(f"job-{image[-1]}", "leads", "migrate", image, False, False, True, False)


def test_a_module_stands_in_for_the_folders_that_no_module_has() -> None:
    told = "module k8s.io/kubernetes\nreplace (\n\tk8s.io/api => ./staging/src/k8s.io/api\n\tx => y v1\n)\n"
    assert programs.wrapper(told).splitlines()[1:] == [
        "go 1.26",
        f"require k8s.io/kubernetes {programs.VERSION}",
        f"replace k8s.io/api => k8s.io/api v0.{programs.VERSION.removeprefix('v1.')}",
    ]
    with pytest.raises(LocalError, match="replaces nothing"):
        programs.wrapper("module k8s.io/kubernetes\n")


def test_a_pod_that_waits_starts_when_its_migration_has_ended() -> None:
    assert nodes.due(pod("worker"), set(), set()) == []
    assert nodes.due(pod("worker"), {("leads", B)}, set()) == []
    assert nodes.due(pod("worker"), {("leads", A)}, set()) == [nodes.STARTED]
    assert nodes.due(pod("worker", waits=False), set(), set()) == [nodes.STARTED]
    assert nodes.due(pod("migrate"), set(), {A}) == [nodes.STARTED]


def test_a_job_ends_unless_somebody_holds_it_and_a_service_never_does() -> None:
    serving = {"conditions": [{"type": "Ready", "status": "True"}], "phase": "Running"}
    for role, held, marks in (("migrate", set[str](), [nodes.ENDED]), ("migrate", {A}, []), ("api", set[str](), [])):
        running = pod(role, **serving)
        running["metadata"]["annotations"] = {nodes.STARTED: "true"}
        assert nodes.due(running, {("leads", A)}, held) == marks


def test_a_pod_on_no_node_or_on_its_way_out_is_left_alone() -> None:
    unplaced, leaving = pod("migrate"), pod("migrate")
    unplaced["spec"].pop("nodeName")
    leaving["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    assert [nodes.due(each, set(), set()) for each in (unplaced, leaving)] == [[], []]


def test_who_serves_too_early_is_found() -> None:
    assert nodes.too_early([ended(), ready("api")]) == []
    assert nodes.too_early([ended(), ready("api", B), ended(B)]) == [
        "leads-api-b serves before its migration has ended"
    ]


def test_the_fewest_that_served_are_counted() -> None:
    gone = ready("api", name="one")._replace(ready=False, deleted=True)
    before = [ready("api", name="one"), ready("api", name="two")]
    assert nodes.fewest([gone, ready("api", name="three")], before) == {("leads", "api"): 1}
    assert nodes.fewest([ready("api", name="three"), gone], before) == {("leads", "api"): 2}


def test_each_forbidden_thing_is_a_change_of_the_pods_that_the_chart_makes() -> None:
    _, spec = next(policy.templates(render.golden("production")))
    for what, change in cluster.FORBIDDEN.items():
        ours = cluster._pod(json.loads(json.dumps(spec)))
        assert change(json.loads(json.dumps(ours))) != ours, what


def test_the_topics_of_strimzi_have_a_definition_an_api_server_takes() -> None:
    (version,) = crds.strimzi()["spec"]["versions"]
    described = version["schema"]["openAPIV3Schema"]["properties"]["spec"]
    made = next(policy.of(render.golden("production"), "KafkaTopic"))
    assert set(made["spec"]) <= set(described["properties"])
    assert "additionalProperties" not in described


def test_every_stage_is_one_of_pods_or_nodes() -> None:
    stages = list(yaml.safe_load_all(programs.STAGES.read_text()))
    assert {each["spec"]["resourceRef"]["kind"] for each in stages} == {"Node", "Pod"}
    marks = " ".join(json.dumps(each["spec"]["selector"]) for each in stages)
    assert nodes.STARTED in marks
    assert nodes.ENDED in marks
