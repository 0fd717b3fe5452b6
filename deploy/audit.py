"""What the product is made of, and what is known against it: `python -m deploy.audit`, part of `make check`.

Writes `build/sbom.cdx.json` (CycloneDX, of `requirements/run.txt`, which is all that the image installs), validated; then
asks pip-audit for known vulnerabilities of everything pinned for running. A vulnerability fails. Where no advisory service
can be reached, that is said, and nothing else is claimed.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

from deploy.local.paths import ROOT

PINNED = ROOT / "requirements" / "run.txt"
SBOM = ROOT / "build" / "sbom.cdx.json"


class Found(NamedTuple):
    """What an audit came to: packages asked about, those nobody could tell of, and lines on what is known."""

    asked: int
    untold: int
    known: list[str]


def write_sbom(pinned: Path = PINNED, to: Path = SBOM) -> int:
    """Write the list; returns how many components it has. Raises `CalledProcessError` if it is not valid CycloneDX."""
    to.parent.mkdir(exist_ok=True)
    made = ["requirements", str(pinned), "--output-format", "JSON", "--validate", "--output-file", str(to)]
    _run("cyclonedx_py", *made).check_returncode()
    return len(json.loads(to.read_text())["components"])


def audit(pinned: Path = PINNED) -> Found:
    """Ask for known vulnerabilities. What cannot be asked about is counted, whether or not the service is there at all."""
    asked = _run(
        "pip_audit", "--requirement", str(pinned), "--disable-pip", "--format", "json", "--progress-spinner=off"
    )
    packages = sum(1 for line in pinned.read_text().splitlines() if "==" in line)
    try:
        report = json.loads(asked.stdout)
    except ValueError:
        return Found(packages, packages, [])
    return read_report(report)


def read_report(report: Any) -> Found:
    """What pip-audit's JSON says."""
    found = report["dependencies"]
    known = [
        f"{one['name']} {one['version']}: {flaw['id']}, fixed in {', '.join(flaw['fix_versions']) or 'no version yet'}"
        for one in found
        for flaw in one.get("vulns", ())
    ]
    return Found(len(found), sum("skip_reason" in one for one in found), known)


def verdict(found: Found) -> tuple[int, str]:
    """Exit code and closing line."""
    if found.known:
        return 1, "\n".join([*found.known, f"audit: {len(found.known)} known vulnerabilities"])
    if found.untold == found.asked:
        return 0, "audit: NOT DONE, no advisory service can be reached from here"
    untold = f", {found.untold} of them unknown to it" if found.untold else ""
    return 0, f"audit: nothing is known against {found.asked} packages{untold}"


def _run(module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", module, *arguments], capture_output=True, text=True, check=False)


def main() -> int:
    """Both, with a line each."""
    print(f"sbom: {write_sbom()} components in {SBOM.relative_to(ROOT)}")
    code, line = verdict(audit())
    print(line)
    return code


if __name__ == "__main__":
    sys.exit(main())
