"""What must hold of the rendered objects, whatever schemas allow. Each function tells what is wrong, by name."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic_settings import BaseSettings

from chassis.settings import Settings, SettingsError, environment_name, read
from contracts.access import ACCESS
from contracts.catalog import ALL, TOPICS
from deploy.testing.render import Docs
from services.profile.settings import PEERS, ProfileSettings

Object = Mapping[str, Any]
MOUNT = "/run/hearth"
OTHERS = {"FORWARDED_ALLOW_IPS"}
"""Settings that are uvicorn's own."""

TRIGGER = {
    "allowIdleConsumers": "false",
    "excludePersistentLag": "true",
    "scaleToZeroOnInvalidOffset": "false",
    "offsetResetPolicy": "earliest",
}


def complaints(docs: Docs, where: Path) -> list[str]:
    """Everything that is wrong with a render. `where`: an empty folder to lay secrets out in."""
    checks = (pods, probes, exposed, selected, scaled, topics, policies, peers, jobs, routes)
    return [text for check in checks for text in check(docs)] + list(started(docs, where))


def of(docs: Docs, *kinds: str) -> Iterator[Object]:
    """The objects of some kinds."""
    return (each for each in docs if each["kind"] in kinds)


def name_of(each: Object) -> str:
    """`Kind name`."""
    return f"{each['kind']} {each['metadata']['name']}"


def templates(docs: Docs) -> Iterator[tuple[str, Object]]:
    """The pods of a render: what they belong to, and their spec."""
    for each in of(docs, "Deployment", "Job", "Pod"):
        yield name_of(each), each["spec"] if each["kind"] == "Pod" else each["spec"]["template"]["spec"]


def pods(docs: Docs) -> Iterator[str]:
    """Pod Security "restricted", a root that cannot be written, no token, no secret in an environment."""
    for name, spec in templates(docs):
        inside = spec.get("securityContext", {})
        if inside.get("runAsNonRoot") is not True or inside.get("runAsUser", 0) < 10_000:
            yield f"{name} may run as root: securityContext needs runAsNonRoot and runAsUser >= 10000"
        if inside.get("seccompProfile", {}).get("type") != "RuntimeDefault":
            yield f"{name} has no seccompProfile RuntimeDefault"
        if spec.get("automountServiceAccountToken") is not False:
            yield f"{name} mounts a service account's token"
        if any(key in spec for key in ("hostNetwork", "hostPID", "hostIPC")):
            yield f"{name} shares the host's namespaces"
        for container in (*spec.get("initContainers", ()), *spec["containers"]):
            yield from _container(f"{name} container {container['name']}", container)


def _container(name: str, container: Object) -> Iterator[str]:
    inside = container.get("securityContext", {})
    wanted = {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]}}
    yield from (
        f"{name}: securityContext.{key} must be {value}" for key, value in wanted.items() if inside.get(key) != value
    )
    if not container.get("resources", {}).get("limits", {}).get("memory"):
        yield f"{name} has no memory limit"
    if "@sha256:" not in container["image"]:
        yield f"{name}: image {container['image']} is not named by digest"
    known = {environment_name(model, field) for model in _models() for field in model.model_fields} | OTHERS
    for variable in container.get("env", ()):
        if "valueFrom" in variable:
            yield f"{name}: {variable['name']} is taken from elsewhere; secrets are files"
        if variable["name"] not in known:
            yield f"{name}: {variable['name']} is no setting (docs/settings.md)"


def _models() -> tuple[type[BaseSettings], ...]:
    return Settings, ProfileSettings


def probes(docs: Docs) -> Iterator[str]:
    """Started, moving and can serve are three questions; a pod that is told to end has time to."""
    for each in of(docs, "Deployment"):
        spec = each["spec"]["template"]["spec"]
        (container,) = spec["containers"]
        asked = [str({key: value for key, value in container.get(probe, {}).items() if key in ("httpGet", "grpc")})
                 for probe in ("startupProbe", "livenessProbe", "readinessProbe")]  # fmt: skip
        if len(set(asked)) != 3 or "{}" in asked:
            yield f"{name_of(each)}: startup, liveness and readiness must be three different probes"
        pause = container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)
        if not pause or spec.get("terminationGracePeriodSeconds", 30) < pause + 30:
            yield f"{name_of(each)}: preStop must sleep, and the grace period last 30 s longer"
        if not any(one["args"][1:3] == ["migrate", "--wait"] for one in spec.get("initContainers", ())):
            yield f"{name_of(each)} does not wait for its migration"


def exposed(docs: Docs) -> Iterator[str]:
    """Services lead to ports that their pods have, by the numbers of the code; gRPC is headless."""
    ports: dict[str, dict[str, int]] = {}
    for each in of(docs, "Deployment"):
        (container,) = each["spec"]["template"]["spec"]["containers"]
        labels = each["spec"]["selector"]["matchLabels"]
        ports[str(sorted(labels.items()))] = {port["name"]: port["containerPort"] for port in container["ports"]}
    for each in of(docs, "Service"):
        there = ports.get(str(sorted(each["spec"]["selector"].items())), {})
        for port in each["spec"]["ports"]:
            if there.get(port["targetPort"]) != port["port"]:
                yield f"{name_of(each)}: port {port['name']} {port['port']} leads nowhere"
        if any(port["name"] == "grpc" for port in each["spec"]["ports"]) and each["spec"].get("clusterIP") != "None":
            yield f"{name_of(each)}: a ClusterIP pins gRPC to one pod; clusterIP must be None"


def selected(docs: Docs) -> Iterator[str]:
    """Every Deployment has a PodDisruptionBudget that lets a node be drained."""
    budgets = [each["spec"] for each in of(docs, "PodDisruptionBudget")]
    for each in of(docs, "Deployment"):
        own = [one for one in budgets if one["selector"] == each["spec"]["selector"]]
        if [one.get("maxUnavailable") for one in own] != [1]:
            yield f"{name_of(each)} needs one PodDisruptionBudget with maxUnavailable 1"


def scaled(docs: Docs) -> Iterator[str]:
    """One scaler for a Deployment and no fixed number beside it; lag scaling as KEDA understands it."""
    targets: dict[str, int] = {}
    for each in of(docs, "HorizontalPodAutoscaler", "ScaledObject"):
        target = each["spec"]["scaleTargetRef"]["name"]
        targets[target] = targets.get(target, 0) + 1
    for each in of(docs, "Deployment"):
        count = targets.get(each["metadata"]["name"], 0)
        if count > 1 or (count == 1) == ("replicas" in each["spec"]):
            yield f"{name_of(each)}: either replicas or one scaler, never both, never none"
    for each in of(docs, "ScaledObject"):
        yield from _lag(each)


def _lag(each: Object) -> Iterator[str]:
    spec, name = each["spec"], name_of(each)
    if spec.get("minReplicaCount", 0) < 1:
        yield f"{name}: minReplicaCount must be at least 1, timers need a worker"
    service = next((one for one in ALL if f"-{one.replace('_', '-')}-worker" in each["metadata"]["name"]), "")
    read_by = {topic.name: topic for topic in TOPICS.values() if service in topic.readers}
    asked = set()
    for trigger in spec["triggers"]:
        told = trigger["metadata"]
        yield from (f'{name}: {key} must be "{value}"' for key, value in TRIGGER.items() if told.get(key) != value)
        yield from (f"{name}: {key} must be a string" for key, value in told.items() if not isinstance(value, str))
        asked.add(re.sub(r"^.*?(?=crm\.)", "", told.get("topic", "")))
        if not told["consumerGroup"].endswith(f"hearth.{service}"):
            yield f"{name}: consumerGroup {told['consumerGroup']} is not the worker's"
    if asked != set(read_by):
        yield f"{name}: triggers for {sorted(asked ^ set(read_by))} are missing or too many"
    most = max(topic.partitions_production for topic in read_by.values()) if read_by else 0
    if spec["maxReplicaCount"] > most:
        yield f"{name}: maxReplicaCount {spec['maxReplicaCount']} is above the {most} partitions"


def topics(docs: Docs) -> Iterator[str]:
    """Where Strimzi makes the topics, they are those of the catalog."""
    found = {each["spec"]["topicName"]: each for each in of(docs, "KafkaTopic")}
    if found and set(found) != set(TOPICS):
        yield f"KafkaTopics differ from the catalog: {sorted(set(found) ^ set(TOPICS))}"
    for name, each in found.items():
        topic, spec = TOPICS.get(name), each["spec"]
        if each["apiVersion"] != "kafka.strimzi.io/v1":
            yield f"{name_of(each)}: Strimzi 1.0 serves kafka.strimzi.io/v1 only"
        if topic and (spec["partitions"], spec["config"]["retention.ms"]) != (
            topic.partitions_production,
            str(topic.retention_days * 86_400_000),
        ):
            yield f"{name_of(each)}: partitions or retention are not the catalog's"


def policies(docs: Docs) -> Iterator[str]:
    """Deny by default, and no rule that means everybody."""
    found = list(of(docs, "NetworkPolicy"))
    denying = [
        each
        for each in found
        if set(each["spec"]["policyTypes"]) == {"Ingress", "Egress"}
        and not each["spec"].get("ingress")
        and not each["spec"].get("egress")
    ]
    if not denying:
        yield "no NetworkPolicy denies by default in both directions"
    for each in found:
        for way, peers_ in (("ingress", "from"), ("egress", "to")):
            for rule in each["spec"].get(way, ()):
                if not rule.get(peers_) or not rule.get("ports"):
                    yield f"{name_of(each)}: a rule of {way} without {peers_} or ports is open to everybody"


def peers(docs: Docs) -> Iterator[str]:
    """Whoever asks by gRPC asks a Service that is there, in turns."""
    services = {each["metadata"]["name"]: each["spec"] for each in of(docs, "Service")}
    for name, spec in templates(docs):
        for container in spec["containers"]:
            env = {one["name"]: one.get("value", "") for one in container.get("env", ())}
            for peer in PEERS:
                address = env.get(f"HEARTH_PEER_{peer.upper()}")
                if address is None:
                    continue
                host, _, port = address.removeprefix("dns:///").rpartition(":")
                there = services.get(host.partition(".")[0], {"ports": []})
                if not address.startswith("dns:///") or int(port) not in [each["port"] for each in there["ports"]]:
                    yield f"{name}: HEARTH_PEER_{peer.upper()}={address} leads to no Service (dns:///name:port)"


def jobs(docs: Docs) -> Iterator[str]:
    """Migrations are plain Jobs, one for each service, named by what they apply."""
    found = {each["metadata"]["name"] for each in of(docs, "Job")}
    for each in of(docs, "Job"):
        if any("hook" in key for key in each["metadata"].get("annotations", {})):
            yield f"{name_of(each)} is a hook: it would deadlock with --wait"
        if not re.search(r"-[0-9a-f]{8}$", each["metadata"]["name"]):
            yield f"{name_of(each)} is not named by a hash of what it applies"
    for service in ALL:
        if not any(f"-migrate-{service.replace('_', '-')}-" in name for name in found):
            yield f"no Job migrates {service}"


def routes(docs: Docs) -> Iterator[str]:
    """Every HTTP door that is not public is routed to its service and to no other."""
    doors = yaml.safe_load(ACCESS.read_text())["doors"]
    for each in of(docs, "HTTPRoute"):
        for service in ALL:
            for door in (door for door in doors[service] if re.match(r"[A-Z]+ /", door)):
                path = re.sub(r"\{\w+\}", "0190b1c2", door.partition(" ")[2])
                found = {rule["backendRefs"][0]["name"] for rule in each["spec"]["rules"]
                         if any(re.fullmatch(match["path"]["value"], path) for match in rule["matches"])}  # fmt: skip
                if len(found) != 1 or f"-{service.replace('_', '-')}-api" not in found.pop():
                    yield f"{name_of(each)}: {door} of {service} is not routed to it alone"


def started(docs: Docs, where: Path) -> Iterator[str]:
    """The settings of every pod are accepted by the code that reads them, its secrets laid out as its volume says."""
    for number, (name, spec) in enumerate(templates(docs)):
        folder = where / str(number)
        for volume in spec["volumes"]:
            for source in volume.get("projected", {}).get("sources", ()):
                for item in source["secret"]["items"]:
                    file = folder / item["path"]
                    file.parent.mkdir(parents=True, exist_ok=True)
                    file.write_text("-----BEGIN ")
        for container in (*spec.get("initContainers", ()), *spec["containers"]):
            if container.get("env"):
                yield from _accepted(f"{name} container {container['name']}", container, folder)


def _accepted(name: str, container: Object, folder: Path) -> Iterator[str]:
    model = ProfileSettings if container["args"][0] == "services.profile" else Settings
    fields = {environment_name(model, field): field for field in model.model_fields}
    given = {one["name"]: str(one["value"]).replace(MOUNT, str(folder)) for one in container["env"]}
    shared = {key: value for key, value in given.items() if key in ("KAFKA_BOOTSTRAP", "MONGO_URL")}
    own = {fields[key]: value for key, value in given.items() if key in fields and key not in shared}
    try:
        settings = read(model, **shared, **own)
    except SettingsError as error:
        yield f"{name} would not start: {error}"
        return
    for path in (settings.kek_file, settings.index_key_file, settings.identity_dir, settings.tls_dir):
        if path is not None and not path.exists():
            yield f"{name} would not find {path.relative_to(folder)}"
