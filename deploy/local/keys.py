"""The two secrets of a local run, made once and kept beside its data: as `hearth keys` makes those of an installation."""

from hearth.cli.keys import NAMES, ensure

__all__ = ["NAMES", "ensure"]
