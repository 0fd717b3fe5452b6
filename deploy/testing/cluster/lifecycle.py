"""A release's life in a cluster, step by step; each step answers what is wrong. They build on each other, in this order."""

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from deploy.chart import CHART
from deploy.local.errors import LocalError
from deploy.local.process import Process
from deploy.testing import policy, render, tools
from deploy.testing.cluster import nodes
from deploy.testing.cluster.api import APPLY, Api, Object, Refused
from deploy.testing.cluster.programs import ControlPlane
from deploy.testing.render import NAMESPACE, RELEASE

SECONDS = 300
GIVEN_UP = "30s"
"""How long helm waits for an upgrade that cannot succeed."""

APPS = f"/apis/apps/v1/namespaces/{NAMESPACE}/deployments"
JOBS = f"/apis/batch/v1/namespaces/{NAMESPACE}/jobs"
PODS = f"/api/v1/namespaces/{NAMESPACE}/pods"
BUDGETS = f"/apis/policy/v1/namespaces/{NAMESPACE}/poddisruptionbudgets"
RESTRICTED = {f"pod-security.kubernetes.io/{what}": "restricted" for what in ("enforce", "warn", "audit")}
Step = tuple[str, Callable[[], list[str]]]


def image(letter: str) -> dict[str, Any]:
    """Values that say which image, named by one letter."""
    return {"image": {"digest": f"sha256:{letter * 64}"}}


class Life:
    """A release of a value set by one helm. `chart`: another one than ours, to show what this would find."""

    def __init__(
        self, plane: ControlPlane, seen: nodes.Nodes, values: str, tool: tools.GoTool, chart: Path = CHART
    ) -> None:
        self.plane, self.api, self.nodes = plane, plane.api, seen
        self.values, self.tool, self.chart = values, tool, chart
        self.began = len(seen.history)
        seen.forget()

    # ---- tools

    def helm(self, verb: str, *more: str, values: Mapping[str, Any] | None = None) -> Process:
        """Helm at work on the release; `values`: those of an install or upgrade, over the set's."""
        extra = self.plane.folder / "values.yaml"
        extra.write_text(json.dumps(values))
        files = [render.SETS[self.values], render.HOUSE, extra]
        given = [str(self.chart), *(word for path in files for word in ("--values", str(path)))]
        command = [str(tools.program(self.tool)), verb, RELEASE, *(given if values is not None else [])]
        env = {"HOME": str(self.plane.folder), "KUBECONFIG": str(self.plane.kubeconfig)}
        log = self.plane.folder / "helm.log"
        process = Process(f"helm {verb}", [*command, "--namespace", NAMESPACE, *more], log, env)
        process.spawn()
        return process

    def ended(self, process: Process, *, well: bool = True) -> list[str]:
        """What is wrong with the end of a helm: it must be a good one, and without a warning; or a bad one."""
        self.until(lambda: not process.alive, f"{process.name} does not end")
        if (process.exit_code == 0) != well:
            return [f"{process.name} ended with {process.exit_code}. {process.report()}"]
        said = process.report().lower()
        return [f"{process.name} warns. {process.report()}"] if well and "violate" in said else []

    def until(self, condition: Callable[[], object], complaint: str, seconds: float = SECONDS) -> None:
        """Wait for a condition. Raises LocalError after the deadline, or when a part of the cluster has died."""
        deadline = time.monotonic() + seconds
        while not condition():
            self.plane.complain()
            if self.nodes.failed or time.monotonic() > deadline:
                raise LocalError(f"{complaint} ({self.nodes.failed or f'{seconds:.0f} s'})")
            time.sleep(0.1)

    def pods(self, *roles: str, image: str = "") -> list[nodes.Seen]:
        """Pods that are there, of these roles and this image."""
        return [each for each in self.nodes.now() if each.role in roles and not each.deleted and image in each.image]

    def settled(self) -> bool:
        """Whether every Deployment has come to its end: as many pods as it wants, all of the newest template, all there."""
        return all(
            each["status"].get("observedGeneration", 0) >= each["metadata"]["generation"]
            and each["status"].get("updatedReplicas", 0)
            == each["status"].get("availableReplicas", 0)
            == each["status"].get("replicas", 0)
            == each["spec"]["replicas"]
            for each in self.api.items(APPS)
        )

    def jobs(self) -> dict[str, str]:
        """The Jobs that are there: name and uid."""
        return {each["metadata"]["name"]: each["metadata"]["uid"] for each in self.api.items(JOBS)}

    # ---- steps

    def install(self) -> list[str]:
        """Nothing serves before the Jobs have ended, and helm, which waits for all, does not keep them from running."""
        self._hold("a")
        going = self.helm("install", "--wait", "--timeout", f"{SECONDS}s", values=image("a"))
        self.until(lambda: self._waiting("a") or not going.alive, "the pods of the release do not come")
        wrong = [f"{each.name} serves already" for each in self.pods("api", "worker") if each.ready]
        wrong += [] if going.alive else ["helm did not wait for the pods"]
        self._release("a")
        return wrong + self.ended(going) + self._all_well("a")

    def again(self) -> list[str]:
        """The same release again changes nothing and migrates nothing."""
        before, jobs = {each.name for each in self.pods("api", "worker")}, self.jobs()
        wrong = self.ended(self.helm("upgrade", "--wait", "--timeout", f"{SECONDS}s", values=image("a")))
        wrong += [] if self.jobs() == jobs else ["its Jobs ran once more"]
        return wrong + ([] if {each.name for each in self.pods("api", "worker")} == before else ["pods were replaced"])

    def scaled(self) -> list[str]:
        """The HorizontalPodAutoscaler owns the number of pods: one pod becomes its smallest number."""
        self.until(lambda: len([each for each in self.pods("api") if each.ready]) == 8, "the api pods stay alone")
        return []

    def upgrade(self) -> list[str]:
        """The old pods serve until the Jobs of the new release have ended; a Job whose pod is evicted runs again."""
        before, since = self.nodes.now(), len(self.nodes.history)
        self._hold("b")
        going = self.helm("upgrade", "--wait", "--timeout", f"{SECONDS}s", values=image("b"))
        self.until(lambda: self._waiting("b") or not going.alive, "the pods of the upgrade do not come")
        wrong = [] if going.alive else ["helm did not wait for the pods"]
        wrong += [f"{each.name} serves already" for each in self.pods("api", "worker", image=_name("b")) if each.ready]
        first = self.pods("migrate", image=_name("b"))[0]
        self._evict(first.name)
        self.until(
            lambda: [
                one for one in self.pods("migrate", image=_name("b")) if one.service == first.service and one != first
            ],
            "the Job whose pod was evicted has no new one",
        )
        self._release("b")
        return wrong + self.ended(going) + self._all_well("b") + self._never_fewer(before, since)

    def failing(self) -> list[str]:
        """An upgrade whose migration does not end is given up and taken back; nobody notices."""
        before, since = self.nodes.now(), len(self.nodes.history)
        self._hold("c")
        undo = "--rollback-on-failure" if self.tool is tools.HELM4 else "--atomic"
        wrong = self.ended(self.helm("upgrade", undo, "--timeout", GIVEN_UP, values=image("c")), well=False)
        wrong += [
            f"{each.name} serves"
            for each in self.nodes.history
            if _name("c") in each.image and each.role != "migrate" and each.ready
        ]
        return wrong + self._all_well("b") + self._never_fewer(before, since)

    def rollback(self) -> list[str]:
        """Back to the first revision: its Jobs run again, for what was removed is made anew, and nothing stops."""
        before, since, jobs = self.nodes.now(), len(self.nodes.history), self.jobs()
        wrong = self.ended(self.helm("rollback", "1", "--wait", "--timeout", f"{SECONDS}s"))
        ran = {each.service for each in self.nodes.history[since:] if each.role == "migrate" and each.succeeded}
        wrong += [] if len(ran) == 4 and not set(jobs) & set(self.jobs()) else [f"Jobs that ran again: {sorted(ran)}"]
        return wrong + self._all_well("a") + self._never_fewer(before, since)

    def evicted(self) -> list[str]:
        """A drained node takes one pod of a component at a time."""
        one, other = [each for each in self.pods("api") if each.service == "profile"]
        self.nodes.still.set()
        self._evict(one.name)
        budget = f"{BUDGETS}/{RELEASE}-profile-api"
        self.until(lambda: self.api("GET", budget)["status"]["disruptionsAllowed"] == 0, "the budget stays")
        try:
            self._evict(other.name)
        except Refused as error:
            return [] if error.code == 429 else [str(error)]
        finally:
            self.nodes.still.clear()
            self.until(self.settled, "the pod is not replaced")
        return ["both pods of a component could be evicted at once"]

    def tested(self) -> list[str]:
        """`helm test` may run its pod, and it ends."""
        return self.ended(self.helm("test", "--timeout", f"{SECONDS}s"))

    def strict(self) -> list[str]:
        """Every object of every value set is what the server understands, to the last field."""
        wrong = []
        for name in render.SETS:
            self.api.warnings.clear()
            for each in render.documents(render.template(tools.HELM4, name)):
                try:
                    understood(self.api, each)
                except Refused as error:
                    wrong.append(f"{name}: {policy.name_of(each)}: {error}")
            wrong += [f"{name}: {warning}" for warning in self.api.warnings]
        return wrong

    def uninstall(self) -> list[str]:
        """Nothing of the release stays."""
        wrong = self.ended(self.helm("uninstall", "--wait", "--timeout", f"{SECONDS}s"))
        deadline = time.monotonic() + SECONDS
        while (stays := left(self.api)) and time.monotonic() < deadline:
            self.plane.complain()
            time.sleep(0.5)
        return wrong + stays

    # ---- parts of steps

    def _hold(self, letter: str) -> None:
        self.nodes.held = {self._full(letter)}

    def _release(self, letter: str) -> None:
        self.nodes.held.discard(self._full(letter))

    def _full(self, letter: str) -> str:
        return f"{render.values_of(self.values)['image']['repository']}@{_name(letter)}"

    def _waiting(self, letter: str) -> bool:
        """Whether every Job of an image is at work and every component has a pod of it."""
        at_work = [each for each in self.pods("migrate", image=_name(letter)) if each.ready]
        return len(at_work) == 4 and len(nodes.counted(self.pods("api", "worker", image=_name(letter)))) == 8

    def _evict(self, name: str) -> None:
        about = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name, "namespace": NAMESPACE}}
        self.api("POST", f"{PODS}/{name}/eviction", about)

    def _all_well(self, letter: str) -> list[str]:
        """All components serve, all with this image, and none did so before its migration."""
        self.until(self.settled, "the Deployments do not come to their end")
        images = {each.image for each in self.pods("api", "worker")}
        wrong = [] if images == {self._full(letter)} else [f"pods have {sorted(images)}"]
        serving = nodes.counted(each for each in self.pods("api", "worker") if each.ready)
        wrong += [] if len(serving) == 8 else [f"only {sorted(serving)} serve"]
        return wrong + nodes.too_early(self.nodes.history[self.began :])

    def _never_fewer(self, before: list[nodes.Seen], since: int) -> list[str]:
        had = nodes.counted(each for each in before if each.ready and each.role in ("api", "worker"))
        least = nodes.fewest(self.nodes.history[since:], before)
        return [
            f"{place} had {had[place]} pods that serve, at one time {count}"
            for place, count in least.items()
            if count < had[place]
        ]


def _name(letter: str) -> str:
    return str(image(letter)["image"]["digest"])


def understood(api: Api, thing: Object) -> None:
    """Have the server look at an object as if it were applied, under a name that nothing has. Raises Refused."""
    thing["metadata"]["name"] = f"try-{thing['metadata']['name']}"
    asked = "dryRun=All&fieldValidation=Strict&fieldManager=cluster-test&force=true"
    api("PATCH", f"{api.path_of(thing, NAMESPACE)}/{thing['metadata']['name']}?{asked}", thing, APPLY)


def kept(thing: Object) -> bool:
    """Whether helm is told to leave it: topics outlive a release."""
    return thing["metadata"].get("annotations", {}).get("helm.sh/resource-policy") == "keep"


def left(api: Api) -> list[str]:
    """Objects of the release that are there, of whatever kind, and were not meant to stay."""
    found = []
    for place, about in api.resources():
        if about["namespaced"] and "list" in about["verbs"]:
            path = (
                f"{place}/namespaces/{NAMESPACE}/{about['name']}?labelSelector=app.kubernetes.io/instance%3D{RELEASE}"
            )
            found += [
                f"{about['kind']} {each['metadata']['name']} is left" for each in api.items(path) if not kept(each)
            ]
    secrets = api.items(f"/api/v1/namespaces/{NAMESPACE}/secrets?labelSelector=owner%3Dhelm")
    return found + [f"helm's {each['metadata']['name']} is left" for each in secrets]
