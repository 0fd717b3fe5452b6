"""Nodes that run nothing, with kwok: what their kubelets would find out is decided here, and what happens is written down.

A migrate Job's pod ends well when nobody holds it up; from then on the database would say that this image's migration of
that service is through, and init containers that wait for it end. A pod that does not wait starts at once.
"""

import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from deploy.testing.cluster.api import MERGE, Api, Object, Refused

STARTED, ENDED = "hearth.test/started", "hearth.test/ended"
WATCH_SECONDS = 3600
ZONES = ("one", "two", "three")


class Seen(NamedTuple):
    """A pod at one moment. `waits`: it begins with `migrate --wait`. `ready`: it serves."""

    name: str
    service: str
    role: str
    image: str
    waits: bool
    ready: bool
    succeeded: bool
    deleted: bool


def seen(pod: Mapping[str, Any], gone: bool = False) -> Seen:
    """What is to be known of a pod."""
    about, spec, status = pod["metadata"], pod["spec"], pod["status"]
    first = [word for each in spec.get("initContainers", ()) for word in each.get("args", ())]
    marks = {each["type"]: each["status"] for each in status.get("conditions", ())}
    return Seen(
        about["name"],
        about["labels"].get("app.kubernetes.io/name", ""),
        about["labels"].get("app.kubernetes.io/component", ""),
        spec["containers"][0]["image"],
        "migrate" in first and "--wait" in first,
        marks.get("Ready") == "True" and not gone and "deletionTimestamp" not in about,
        status.get("phase") == "Succeeded",
        gone or "deletionTimestamp" in about,
    )


def node(zone: str) -> Object:
    """A node of a zone."""
    name = f"node-{zone}"
    labels = {"kubernetes.io/hostname": name, "topology.kubernetes.io/zone": zone, "kubernetes.io/os": "linux"}
    return {"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels}}


class Nodes:
    """Watches the pods of a namespace and moves them on. `history`: what was seen, in order. Migrate Jobs of the images in
    `held` do not end; while `still` is set nothing starts or ends at all.
    """

    def __init__(self, api: Api, namespace: str) -> None:
        self._api, self._place = api, f"/api/v1/namespaces/{namespace}/pods"
        self._pods: dict[str, Object] = {}
        self._over = threading.Event()
        self.history: list[Seen] = []
        self._since = 0
        self.held: set[str] = set()
        self.still = threading.Event()
        self.failed: BaseException | None = None

    def start(self) -> None:
        """Make the nodes and go to work."""
        for zone in ZONES:
            self._api("POST", "/api/v1/nodes", node(zone))
        for work in (self._watch, self._move):
            threading.Thread(target=self._guarded, args=(work,), daemon=True).start()

    def forget(self) -> None:
        """From now on the database is an empty one: no migration has ended."""
        self._since = len(self.history)

    def stop(self) -> None:
        """Do no more."""
        self._over.set()

    def now(self) -> list[Seen]:
        """The pods that are there."""
        return [seen(pod) for pod in list(self._pods.values())]

    def _guarded(self, work: Any) -> None:
        try:
            work()
        except BaseException as error:
            if not self._over.is_set():
                self.failed = error

    def _watch(self) -> None:
        for kind, pod in self._api.events(self._place, WATCH_SECONDS):
            name, gone = pod["metadata"]["name"], kind == "DELETED"
            self._pods.pop(name, None) if gone else self._pods.update({name: pod})
            self.history.append(seen(pod, gone))

    def _move(self) -> None:
        while not self._over.wait(0.1):
            through = migrated(self.history[self._since :])
            for pod in [] if self.still.is_set() else list(self._pods.values()):
                for mark in due(pod, through, self.held):
                    self._try("PATCH", pod, {"metadata": {"annotations": {mark: "true"}}}, MERGE)
                if seen(pod).deleted:
                    self._try("DELETE", pod, {"gracePeriodSeconds": 0})

    def _try(self, method: str, pod: Object, *body: Any) -> None:
        try:
            self._api(method, f"{self._place}/{pod['metadata']['name']}", *body)
        except Refused as error:
            if error.code not in (404, 409):  # it has gone just now
                raise


def migrated(history: Sequence[Seen]) -> set[tuple[str, str]]:
    """(service, image) of the migrations that have ended well."""
    return {(each.service, each.image) for each in history if each.role == "migrate" and each.succeeded}


def due(pod: Mapping[str, Any], through: Collection[tuple[str, str]], held: Collection[str]) -> list[str]:
    """The marks that a pod is to get now; `through`: the migrations that have ended, `held`: images whose may not end."""
    about, one = pod["metadata"], seen(pod)
    has = about.get("annotations", {})
    if one.deleted or not pod["spec"].get("nodeName"):
        return []
    if STARTED not in has:
        return [] if one.waits and (one.service, one.image) not in through else [STARTED]
    ends = one.role == "test" or (one.role == "migrate" and one.image not in held)
    return [ENDED] if ends and one.ready and ENDED not in has else []


# ---- what the history tells -----------------------------------------------------------------------------------------


def too_early(history: Sequence[Seen]) -> list[str]:
    """Pods that served before the migration of their service and image had ended."""
    through: set[tuple[str, str]] = set()
    found = []
    for each in history:
        if each.role == "migrate" and each.succeeded:
            through.add((each.service, each.image))
        if each.role in ("api", "worker") and each.ready and (each.service, each.image) not in through:
            found.append(f"{each.name} serves before its migration has ended")
    return list(dict.fromkeys(found))


def fewest(history: Sequence[Seen], before: Iterable[Seen]) -> dict[tuple[str, str], int]:
    """The smallest number of pods of each component that served at any moment, `before` being those of the beginning."""
    serving = {each.name: each for each in before if each.ready and each.role in ("api", "worker")}
    least = counted(serving.values())
    for each in history:
        if each.role in ("api", "worker"):
            serving.update({each.name: each}) if each.ready else serving.pop(each.name, None)
            now = counted(serving.values())
            least = {place: min(count, now.get(place, 0)) for place, count in least.items()}
    return least


def counted(pods: Iterable[Seen]) -> dict[tuple[str, str], int]:
    """How many pods of each service and role."""
    found: dict[tuple[str, str], int] = {}
    for each in pods:
        found[each.service, each.role] = found.get((each.service, each.role), 0) + 1
    return found
