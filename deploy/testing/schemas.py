"""JSON schemas for kubeconform, strict ones, made of what the projects themselves publish as Go modules.

Kubernetes' own kinds come out of its OpenAPI document, the others out of their CustomResourceDefinitions. Strimzi has no
Go module: the one kind of it that the chart makes is described here by hand, after its reference.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from deploy.local import download
from deploy.testing import tools

KUBERNETES = ("v1.36.3", "v1.35.0", "v1.34.8")

CRDS = {
    ("github.com/kedacore/keda/v2", "v2.21.0"): "config/crd/bases/*.yaml",
    ("github.com/prometheus-operator/prometheus-operator", "v0.85.0"): "example/prometheus-operator-crd/*.yaml",
    ("github.com/cert-manager/cert-manager", "v1.21.2"): "deploy/crds/*.yaml",
    ("sigs.k8s.io/gateway-api", "v1.6.3"): "config/crd/standard/*.yaml",
    (
        "github.com/external-secrets/external-secrets",
        "v1.3.2",
    ): "config/crds/bases/external-secrets.io_externalsecrets.yaml",
}

COMPOSE = ("github.com/compose-spec/compose-go/v2", "v2.16.2")

KAFKA_TOPIC: dict[str, Any] = {
    "type": "object",
    "required": ["apiVersion", "kind", "metadata", "spec"],
    "additionalProperties": False,
    "properties": {
        "apiVersion": {"const": "kafka.strimzi.io/v1"},
        "kind": {"const": "KafkaTopic"},
        "metadata": {"type": "object", "required": ["name", "labels"]},
        "spec": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "topicName": {"type": "string"},
                "partitions": {"type": "integer", "minimum": 1},
                "replicas": {"type": "integer", "minimum": 1, "maximum": 32767},
                "config": {"type": "object"},
            },
        },
    },
}


class _Plain(yaml.SafeLoader):
    """Reads a bare `=` as the text it is: YAML 1.1 gives it a meaning that no CustomResourceDefinition has in mind."""


_Plain.add_constructor("tag:yaml.org,2002:value", _Plain.construct_yaml_str)


def folder(version: str, say: Callable[[str], None] = print) -> Path:
    """The schemas of a release of Kubernetes. Raises LocalError."""
    return download.cached(f"kubernetes-schemas-{version}", lambda into: _kubernetes(version, into), say)


def crds(say: Callable[[str], None] = print) -> Path:
    """The schemas of everything that is not Kubernetes' own. Raises LocalError."""
    return download.cached(f"crd-schemas-{_mark()}", _crds, say)


def definitions(say: Callable[[str], None] = print) -> Path:
    """The CustomResourceDefinitions themselves, each a JSON file. Raises LocalError."""
    return download.cached(f"crd-definitions-{_mark()}", _definitions, say)


def _mark() -> str:
    return hex(hash_of(sorted(CRDS)))[2:]


def compose() -> Path:
    """The schema of compose files, as Docker Compose itself checks them. Raises LocalError."""
    name, version = COMPOSE
    file = "schema/compose-spec.json"
    return download.cached(f"compose-schema-{version}", lambda into: tools.module(name, version, [file], into)) / file


def hash_of(value: Any) -> int:
    """A number that changes with the value, the same on every machine."""
    import zlib

    return zlib.crc32(json.dumps(value).encode())


def _kubernetes(version: str, into: Path) -> None:
    tools.module("k8s.io/kubernetes", version, ["api/openapi-spec/swagger.json"], into)
    definitions = json.loads((into / "api/openapi-spec/swagger.json").read_text())["definitions"]
    strict = {name: stricter(schema) for name, schema in definitions.items()}
    for name, schema in definitions.items():
        for kind in schema.get("x-kubernetes-group-version-kind", ()):
            reached = {each: strict[each] for each in reachable(strict, name)}
            written = {"$ref": f"#/definitions/{name}", "definitions": reached}
            (into / file_name(kind["group"], kind["version"], kind["kind"])).write_text(json.dumps(written))
    (into / "api/openapi-spec/swagger.json").unlink()


def _definitions(into: Path) -> None:
    for (name, version), pattern in CRDS.items():
        tools.module(name, version, [pattern], into)
    for path in sorted(into.rglob("*.yaml")):
        for document in yaml.load_all(path.read_text(), _Plain):
            if document and document.get("kind") == "CustomResourceDefinition":
                (into / f"{document['metadata']['name']}.json").write_text(json.dumps(document))
        path.unlink()


def _crds(into: Path) -> None:
    for path in sorted(definitions().glob("*.json")):
        _write_crd(json.loads(path.read_text())["spec"], into)
    (into / file_name("kafka.strimzi.io", "v1", "KafkaTopic")).write_text(json.dumps(KAFKA_TOPIC))


def _write_crd(spec: Mapping[str, Any], into: Path) -> None:
    for version in spec["versions"]:
        target = into / file_name(spec["group"], version["name"], spec["names"]["kind"])
        target.write_text(json.dumps(stricter(version["schema"]["openAPIV3Schema"])))


def file_name(group: str, version: str, kind: str) -> str:
    """As kubeconform asks for it: `{{.ResourceKind}}{{.KindSuffix}}.json`."""
    first = group.partition(".")[0]
    return "-".join(part for part in (kind, first, version) if part).lower() + ".json"


def stricter(schema: Any) -> Any:
    """The schema with every field that it does not name refused, and Kubernetes' own words in JSON Schema's."""
    if isinstance(schema, list):
        return [stricter(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("x-kubernetes-int-or-string") or schema.get("format") == "int-or-string":
        return {"anyOf": [{"type": "integer"}, {"type": "string"}]}
    made = {name: stricter(value) for name, value in schema.items() if not name.startswith("x-kubernetes-")}
    made.pop("format", None) if isinstance(made.get("format"), str) else None
    open_ended = schema.get("x-kubernetes-preserve-unknown-fields") or "additionalProperties" in schema
    if isinstance(schema.get("properties"), dict) and not open_ended:
        made["additionalProperties"] = False
    return made


def reachable(definitions: Mapping[str, Any], start: str) -> set[str]:
    """The names of the definitions that one refers to, itself included."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += references(definitions[name])
    return found


def references(schema: Any) -> Iterator[str]:
    """The definitions that a schema refers to."""
    if isinstance(schema, list):
        for each in schema:
            yield from references(each)
    elif isinstance(schema, dict):
        for name, value in schema.items():
            if name == "$ref" and isinstance(value, str):
                yield value.rpartition("/")[2]
            else:
                yield from references(value)
