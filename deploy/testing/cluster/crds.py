"""The CustomResourceDefinitions of what the chart makes beside Kubernetes' own kinds, for an API server."""

import json
from typing import Any

from deploy.testing import render, schemas
from deploy.testing.cluster.api import Api, Object

PLACE = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"


def kinds() -> set[str]:
    """The kinds in the reviewed renders."""
    return {each["kind"] for name in render.SETS for each in render.golden(name)}


def needed() -> list[Object]:
    """The definitions of those kinds."""
    used = kinds()
    found = [json.loads(path.read_text()) for path in sorted(schemas.definitions().glob("*.json"))]
    return [each for each in [*found, strimzi()] if each["spec"]["names"]["kind"] in used]


def strimzi() -> Object:
    """A definition for Strimzi's topics, of the description that kubeconform is given."""
    spec = json.loads(json.dumps(schemas.KAFKA_TOPIC["properties"]["spec"]))
    spec.pop("additionalProperties")
    spec["properties"]["config"]["x-kubernetes-preserve-unknown-fields"] = True
    schema = {"type": "object", "properties": {"spec": spec}}
    version: dict[str, Any] = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    names = {"kind": "KafkaTopic", "listKind": "KafkaTopicList", "plural": "kafkatopics", "singular": "kafkatopic"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "kafkatopics.kafka.strimzi.io"},
        "spec": {"group": "kafka.strimzi.io", "scope": "Namespaced", "names": names, "versions": [version]},
    }


def load(api: Api) -> None:
    """Make them all; `established` says when they are in force."""
    for definition in needed():
        definition["metadata"].pop("creationTimestamp", None)
        definition.pop("status", None)
        api("POST", PLACE, definition)


def missing(api: Api) -> list[str]:
    """Kinds that are defined and not in force yet."""
    return [
        each["metadata"]["name"]
        for each in api.items(PLACE)
        if not any(
            mark["type"] == "Established" and mark["status"] == "True"
            for mark in each.get("status", {}).get("conditions") or ()
        )
    ]
