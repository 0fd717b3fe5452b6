"""`make cluster-test`: a release's life in a real Kubernetes control plane. Prints a line a check, at last how many passed.

API server, controllers, scheduler and etcd are the real ones, of Kubernetes 1.36; admission ("restricted" Pod Security),
custom resources, Jobs, rollouts, budgets and helm's waiting are what they would be anywhere. Nodes are kwok's: no container
runs, no network policy is enforced, no operator (KEDA, cert-manager, ...) acts on its resources.
"""

import copy
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from deploy.chart import CHART
from deploy.local.errors import LocalError
from deploy.testing import chart, policy, render, tools
from deploy.testing.cluster import crds, lifecycle, nodes, programs
from deploy.testing.cluster.api import Refused
from deploy.testing.cluster.lifecycle import Life
from deploy.testing.render import NAMESPACE

UNREADY_CHART = render.WRONG / "no-waiting.yaml"
CHANGED_JOB = render.WRONG / "job-that-would-be-changed.yaml"
NOT_RUN = "No container ran: this shows admission, order and rollout; `make image-test` runs the image."


def checks(plane: programs.ControlPlane, seen: nodes.Nodes) -> Iterator[chart.Check]:
    """The lives of two releases, and what must be refused."""
    yield "custom resources are defined", lambda: _prepared(plane, seen)
    yield "a pod that is not restricted is refused, ours is not", lambda: _admission(plane)
    life = Life(plane, seen, "production", tools.HELM4)
    for name in ("install", "again", "scaled", "upgrade", "evicted", "failing", "rollback", "tested", "strict"):
        yield _told(life, name), getattr(life, name)
    yield _told(life, "uninstall"), life.uninstall
    older = Life(plane, seen, "small", tools.HELM3)
    for name in ("install", "again", "upgrade", "failing", "rollback", "tested", "uninstall"):
        yield _told(older, name), getattr(older, name)
    yield "found: pods that do not wait for their migration", lambda: _too_early(plane, seen)
    yield "refused: a Job that would be changed", lambda: _changed(plane, seen)


def _told(life: Life, name: str) -> str:
    about = (getattr(life, name).__doc__ or "").partition("\n")[0]
    return f"helm {life.tool.version} {life.values} {name}: {about}"


def _prepared(plane: programs.ControlPlane, seen: nodes.Nodes) -> list[str]:
    about = {"name": NAMESPACE, "labels": lifecycle.RESTRICTED}
    plane.api("POST", "/api/v1/namespaces", {"apiVersion": "v1", "kind": "Namespace", "metadata": about})
    crds.load(plane.api)
    seen.start()
    life = Life(plane, seen, "small", tools.HELM4)
    life.until(lambda: not crds.missing(plane.api), "definitions do not come into force", 60)
    account = f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts/default"
    life.until(lambda: plane.api.there(account), "the controllers do not make a service account", 60)
    return [] if len(plane.api.items(crds.PLACE)) >= 8 else ["definitions are missing"]


def _admission(plane: programs.ControlPlane) -> list[str]:
    """A pod of each kind as the chart makes it, and each with one thing that "restricted" forbids."""
    wrong = []
    for name, spec in policy.templates(render.golden("production")):
        ours = _pod(spec)
        wrong += [f"{name} is refused: {said}" for said in _refusal(plane, ours)]
        for what, change in FORBIDDEN.items():
            said = " ".join(_refusal(plane, change(copy.deepcopy(ours))))
            wrong += [] if "violates PodSecurity" in said else [f"{name} with {what} is not refused ({said})"]
    return wrong


def _pod(spec: Any) -> Any:
    about = {"name": "try", "namespace": NAMESPACE}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": about, "spec": {**spec, "serviceAccountName": "default"}}


def _refusal(plane: programs.ControlPlane, pod: Any) -> list[str]:
    try:
        plane.api("POST", f"{lifecycle.PODS}?dryRun=All&fieldValidation=Strict", pod)
    except Refused as error:
        return [error.words]
    return []


def _set(place: str, value: Any) -> Any:
    """A change of a pod: the field at a place of the first container (`container.…`) or of the pod."""

    def change(pod: Any) -> Any:
        at = pod["spec"]
        *path, last = place.split(".")
        for part in path:
            at = at["containers"][0] if part == "container" else at.setdefault(part, {})
        at[last] = value
        return pod

    return change


FORBIDDEN = {
    "root": _set("container.securityContext.runAsUser", 0),
    "privileges": _set("container.securityContext.allowPrivilegeEscalation", True),
    "capabilities": _set("container.securityContext.capabilities", {"add": ["NET_ADMIN"]}),
    "the node's network": _set("hostNetwork", True),
    "the node's disk": lambda pod: pod["spec"]["volumes"].append({"name": "disk", "hostPath": {"path": "/"}}) or pod,
    "no seccomp profile": _set("securityContext.seccompProfile", {"type": "Unconfined"}),
}


def _too_early(plane: programs.ControlPlane, seen: nodes.Nodes) -> list[str]:
    """The step that shows the order finds a chart without it."""
    with tempfile.TemporaryDirectory() as folder:
        life = Life(plane, seen, "small", tools.HELM4, _edited(UNREADY_CHART, Path(folder)))
        found = life.install()
        wrong = life.uninstall()
    return wrong + ([] if any("before its migration" in each for each in found) else [f"not found: {found}"])


def _changed(plane: programs.ControlPlane, seen: nodes.Nodes) -> list[str]:
    """What `_new_jobs` of `make chart-test` says is right: a real server refuses the upgrade of such a chart."""
    case = yaml.safe_load(CHANGED_JOB.read_text())
    with tempfile.TemporaryDirectory() as folder:
        life = Life(plane, seen, "small", tools.HELM4, _edited(CHANGED_JOB, Path(folder)))
        wrong = life.install()
        going = life.helm("upgrade", "--timeout", "60s", values=render.merged(lifecycle.image("a"), case["upgrade"]))
        wrong += life.ended(going, well=False)
        wrong += [] if "immutable" in going.report() else [f"refused in other words: {going.report()}"]
        return wrong + life.uninstall()


def _edited(case: Path, folder: Path) -> Path:
    copied = folder / "hearth"
    shutil.copytree(CHART, copied)
    chart.edit(copied, yaml.safe_load(case.read_text())["edit"])
    return copied


def main() -> int:
    """Run it all; the exit code."""
    with tempfile.TemporaryDirectory(prefix="hearth-cluster-") as folder:
        try:
            with programs.running(Path(folder)) as plane:
                seen = nodes.Nodes(plane.api, NAMESPACE)
                code = chart.run(checks(plane, seen))
                seen.stop()
        except LocalError as error:
            print(f"cluster-test: {error}", file=sys.stderr)
            return 1
    print(NOT_RUN)
    return code


if __name__ == "__main__":
    sys.exit(main())
