"""Where things are: the repository, the data of local runs, and the cache of downloaded engines."""

import os
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def data_dir() -> Path:
    """The folder of local data, keys, logs and locks: `HEARTH_DATA_DIR`, or `.hearth` in the repository."""
    return Path(os.environ.get("HEARTH_DATA_DIR") or ROOT / ".hearth").absolute()


def cache_dir() -> Path:
    """The folder of downloaded engines, kept between clones, one sub-folder per version."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    path = Path(base) / "hearth"
    path.mkdir(parents=True, exist_ok=True)
    return path


def scratch_dir(prefix: str) -> Path:
    """A new folder for data nobody needs afterwards. The caller removes it."""
    return Path(tempfile.mkdtemp(prefix=f"hearth-{prefix}-"))
