"""`make chart-test`: everything that can be said of the chart without a cluster. `--write` accepts the renders as they are.

Prints a line a check, at the end `N checks, N passed`; ends with 1 if one failed. Runs helm 4 and 3, kubeconform (strict)
against three releases of Kubernetes and the CRDs of KEDA, prometheus-operator, cert-manager, gateway-api, external-secrets,
kube-score, promtool, hadolint, and our own rules (`policy.py`). Every file in `wrong/` must be refused, in its words.
"""

import difflib
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import jsonschema
import yaml

from deploy import image
from deploy.chart import CHART
from deploy.local.errors import LocalError
from deploy.testing import policy, render, schemas, seen, tools

UPGRADES: dict[str, Any] = {
    "the image": {"image": {"digest": f"sha256:{'b' * 64}"}},
    "a setting": {"settings": {"timezone": "UTC"}},
    "a label of pods": {"podLabels": {"team": "crm"}},
    "an annotation of pods": {"podAnnotations": {"reloader": "true"}},
    "a secret's name": {"keysSecret": {"name": "other"}},
    "the nodes": {"nodeSelector": {"pool": "crm"}},
    "resources": {"migrate": {"resources": {"limits": {"memory": "1Gi"}}}},
}

Check = tuple[str, Callable[[], list[str]]]
SCORE_KUBERNETES = "v1.34"
ONE_POD = "deployment-replicas"
"""The one thing kube-score is not asked of the set for one node: how many pods there are."""


def checks(write: bool) -> Iterator[Check]:
    """Every check with its name; each answers what is wrong."""
    yield "hadolint Dockerfile", lambda: _ran([tools.hadolint(), image.DOCKERFILE])
    yield "compose.yaml fits the compose schema", _compose
    for name in render.SETS:
        for tool in (tools.HELM4, tools.HELM3):
            yield f"helm {tool.version} lint --strict {name}", lambda tool=tool, name=name: _lint(tool, name)
        yield f"helm 3 renders {name} as helm 4", lambda name=name: _same(name)
        yield f"golden render of {name}", lambda name=name: _golden(name, write)
        for version in schemas.KUBERNETES:
            yield f"kubeconform {version} {name}", lambda name=name, version=version: conform(_rendered(name), version)
        yield f"kube-score {name}", lambda name=name: score(_rendered(name), name)
        yield f"our rules {name}", lambda name=name: _own(_rendered(name))
    for what, values in UPGRADES.items():
        yield f"an upgrade that changes {what} makes new Jobs", lambda values=values: _new_jobs(CHART, values)
    yield "promtool alerts", lambda: promtool(CHART)
    yield "metrics of alerts and dashboards", lambda: asked(CHART)
    yield "metrics of alerts and dashboards in a scrape of make demo", lambda: seen.absent(seen.queries(), seen.demo())
    for path in sorted(render.WRONG.glob("*.yaml")):
        yield f"refused: {path.stem}", lambda path=path: _refused(path)


def _rendered(name: str) -> str:
    return render.template(tools.HELM4, name)


def _ran(command: Sequence[str | Path], text: str | None = None) -> list[str]:
    """What a program says if it does not end well."""
    done = subprocess.run([str(each) for each in command], input=text, capture_output=True, text=True, check=False)
    return [] if done.returncode == 0 else [(done.stdout + done.stderr).strip() or f"exit code {done.returncode}"]


def _compose() -> list[str]:
    judge = jsonschema.Draft202012Validator(json.loads(schemas.compose().read_text()))
    found = judge.iter_errors(yaml.safe_load(image.COMPOSE.read_text()))
    return [f"{'.'.join(str(part) for part in one.absolute_path)}: {one.message}" for one in found]


def _lint(tool: tools.GoTool, name: str) -> list[str]:
    done = render.helm(
        tool, "lint", CHART, [render.SETS[name], render.HOUSE], "--strict", "--kube-version", render.OLDEST
    )
    return [] if done.returncode == 0 else [done.stdout + done.stderr]


def _same(name: str) -> list[str]:
    first, second = (
        {policy.name_of(each): each for each in render.documents(render.template(tool, name))}
        for tool in (tools.HELM4, tools.HELM3)
    )
    return [f"{one} differs" for one in sorted(set(first) | set(second)) if first.get(one) != second.get(one)]


def _golden(name: str, write: bool) -> list[str]:
    path, made = render.GOLDEN / f"{name}.yaml", _rendered(name)
    if write:
        path.write_text(made)
    there = path.read_text() if path.exists() else ""
    lines = difflib.unified_diff(there.splitlines(), made.splitlines(), "golden", "now", n=1, lineterm="")
    return ["\n".join([*list(lines)[:40], "(make chart-test ARGS=--write accepts it)"])] if there != made else []


def conform(text: str, version: str) -> list[str]:
    """What the schemas of a release refuse."""
    places = (schemas.folder(version), schemas.crds())
    where = [
        word
        for place in places
        for word in ("-schema-location", f"{place}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json")
    ]
    return _ran([tools.program(tools.KUBECONFORM), "-strict", *where, "-"], text)


def score(text: str, name: str) -> list[str]:
    """What kube-score says above OK."""
    skipped = ["--ignore-test", ONE_POD] if name == "small" else []
    program = tools.program(tools.KUBE_SCORE)
    told = [
        program,
        "score",
        "--kubernetes-version",
        SCORE_KUBERNETES,
        "--exit-one-on-warning",
        "-o",
        "ci",
        *skipped,
        "-",
    ]
    return [
        "\n".join(line for line in each.splitlines() if not line.startswith(("[OK]", "[SKIPPED]")))
        for each in _ran(told, text)
    ]


def _new_jobs(chart: Path, values: Any) -> list[str]:
    """A Job's pods cannot be changed: whoever differs must have another name, and who does not must keep it."""
    before, after = ({each["metadata"]["name"]: each["spec"] for each in _jobs(chart, more)} for more in ({}, values))
    clash = [
        f"Job {name} would be changed, which Kubernetes refuses"
        for name in after
        if before.get(name, after[name]) != after[name]
    ]
    return clash or ([] if before.keys() != after.keys() else ["no Job has a new name"])


def _jobs(chart: Path, values: Any) -> list[Any]:
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as more:
        more.write(json.dumps(values))
        more.flush()
        given = [render.SETS["small"], render.HOUSE, Path(more.name)]
        done = render.helm(tools.HELM4, "template", chart, given, "--kube-version", render.OLDEST)
    if done.returncode != 0:
        raise LocalError(done.stderr)
    return list(policy.of(render.documents(done.stdout), "Job"))


def _own(text: str) -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        return policy.complaints(render.documents(text), Path(folder))


def promtool(chart: Path) -> list[str]:
    """The rules as Prometheus reads them, and their tests."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        shutil.copyfile(chart / "files" / "alerts.yaml", place / "rules.yaml")
        tests = (render.HERE / "alerts.test.yaml").read_text()
        (place / "test.yaml").write_text(tests.replace("- RULES", "- rules.yaml"))
        program = tools.program(tools.PROMTOOL)
        return _ran([program, "check", "rules", place / "rules.yaml"]) or _ran(
            [program, "test", "rules", place / "test.yaml"]
        )


def asked(chart: Path) -> list[str]:
    """Metrics that are asked for and not there; alerts without words, runbook or tests."""
    tests = seen.alert_tests()
    return seen.unknown(seen.queries(chart)) + seen.alerts(seen.RUNBOOK.read_text(), tests, seen.rules(chart))


# ---- what must be refused -------------------------------------------------------------------------------------------


def _refused(path: Path) -> list[str]:
    case = yaml.safe_load(path.read_text())
    with tempfile.TemporaryDirectory() as folder:
        chart = Path(folder) / "hearth"
        shutil.copytree(CHART, chart)
        edit(chart, case.get("edit"))
        said = "\n".join(_said(case, chart, Path(folder)))
    words = case["refused"]["words"]
    if not said:
        return [f"{case['refused']['by']} accepts it"]
    return [] if re.search(words, said) else [f"refused in other words than {words}:\n{said[:1500]}"]


def edit(chart: Path, change: Any) -> None:
    """Replace what a case replaces in a file of a chart. Raises LocalError where there is nothing to replace."""
    if change is None:
        return
    file = chart / change["file"]
    text = file.read_text()
    if change["replace"] not in text:
        raise LocalError(f"{change['file']} has no {change['replace']!r}: the case no longer breaks anything")
    file.write_text(text.replace(change["replace"], change["with"]))


def _said(case: Any, chart: Path, folder: Path) -> list[str]:
    """What the one who must refuse says; nothing before that one may have refused."""
    judge = case["refused"]["by"]
    if judge == "promtool":
        return promtool(chart)
    if judge == "jobs":
        return _new_jobs(chart, case["upgrade"])
    if judge == "seen":
        return asked(chart)
    more = folder / "values.yaml"
    more.write_text(yaml.safe_dump(case.get("values", {})))
    given = [render.SETS[case["set"]], render.HOUSE, more]
    done = render.helm(tools.HELM4, "template", chart, given, "--kube-version", render.OLDEST)
    if judge == "helm":
        return [done.stderr] if done.returncode != 0 else []
    if done.returncode != 0:
        raise LocalError(f"helm refused it before {judge}: {done.stderr}")
    if judge == "policy":
        return policy.complaints(render.documents(done.stdout), folder / "secrets")
    return conform(done.stdout, schemas.KUBERNETES[0]) if judge == "kubeconform" else score(done.stdout, case["set"])


def run(found: Iterator[Check]) -> int:
    """Run them; returns the exit code."""
    count = failed = 0
    for name, check in found:
        count += 1
        try:
            wrong = check()
        except LocalError as error:
            wrong = [str(error)]
        failed += bool(wrong)
        print(
            f"{'FAILED' if wrong else 'ok    '} {name}"
            + "".join(f"\n       {line}" for each in wrong for line in each.splitlines()),
            flush=True,
        )
    print(f"{count} checks, {count - failed} passed")
    return 1 if failed or not count else 0


if __name__ == "__main__":
    sys.exit(run(checks("--write" in sys.argv[1:])))
