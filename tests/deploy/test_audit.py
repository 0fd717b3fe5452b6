"""The list of what the product is made of is whole; an audit that found something fails, one that could not be made says so."""

import json
from pathlib import Path

from deploy import audit


def test_the_list_names_every_pinned_package_with_its_hashes(tmp_path: Path) -> None:
    pinned = {line.split("==")[0] for line in audit.PINNED.read_text().splitlines() if "==" in line}
    number = audit.write_sbom(to=tmp_path / "sbom.json")
    components = json.loads((tmp_path / "sbom.json").read_text())["components"]
    assert {one["name"] for one in components} == pinned
    assert number == len(components) > 50
    assert all(one["externalReferences"][0]["hashes"] for one in components)


def test_a_known_vulnerability_fails() -> None:
    flaw = {"id": "PYSEC-2026-1", "fix_versions": ["2.0"], "aliases": [], "description": ""}
    report = {
        "dependencies": [{"name": "a", "version": "1.0", "vulns": [flaw]}, {"name": "b", "version": "1", "vulns": []}]
    }
    code, line = audit.verdict(audit.read_report(report))
    assert code == 1
    assert "a 1.0: PYSEC-2026-1, fixed in 2.0" in line


def test_nothing_known_is_only_said_of_what_was_asked() -> None:
    told = {"name": "a", "version": "1.0", "vulns": []}
    untold = {"name": "b", "skip_reason": "not found"}
    assert audit.verdict(audit.read_report({"dependencies": [told, untold]})) == (
        0,
        "audit: nothing is known against 2 packages, 1 of them unknown to it",
    )
    assert "NOT DONE" in audit.verdict(audit.read_report({"dependencies": [untold]}))[1]


def test_without_a_service_nothing_is_claimed(tmp_path: Path) -> None:
    pinned = tmp_path / "run.txt"
    pinned.write_text("there-is-no-such-package-of-hearth==1.0 \\\n    --hash=sha256:" + "0" * 64 + "\n")
    assert audit.audit(pinned).untold == 1
