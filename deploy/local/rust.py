"""The Rust build of the embedded database, several times as fast as the Python one; built with cargo."""

from collections.abc import Callable, Sequence
from pathlib import Path

from deploy.local import download
from deploy.local.engines import Database

VERSION = "0.5.3-beta.196"
WHY = "the Rust database is built with cargo, Rust's package manager (on Debian: apt install cargo)"


def _build(folder: Path) -> None:
    cargo = download.tool("cargo", WHY)
    package = ["install", "secantus-mdb", "--version", VERSION, "--locked", "--ignore-rust-version"]
    work = ["--root", str(folder), "--target-dir", str(folder / "target")]
    download.build_step([cargo, *package, *work], folder, f"secantus-mdb-{VERSION}")
    download.discard(folder / "target")


def install(say: Callable[[str], None] = print) -> Path:
    """The database's program, built if this machine lacks it (about five minutes on 2 cores). Raises LocalError."""
    return download.cached(f"secantus-mdb-{VERSION}", _build, say) / "bin" / "secantusd-rs"


class SecantusRust(Database):
    """The database in Rust: the same protocol, storage engine and options."""

    name = "secantus-rust"

    def command(self) -> Sequence[str]:
        """A small cache: its default is 4 GiB, more than a laptop's share."""
        return [str(install()), *self.arguments(), "--cache-size", "1G"]
