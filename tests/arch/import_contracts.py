"""Two import contracts of our own, for what import-linter's built-in ones cannot say.

Both tolerate packages that nobody imports (yet): that is a rule kept, not a mistake in the rule.
"""

import re
import sys
from collections.abc import Iterable

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


class OnlyImports(Contract):
    """The source packages import themselves, `allowed_modules` and the standard library, and nothing else.

    forbidden_standard_library: the parts of the standard library that are not for them either.
    """

    type_name = "only_imports"

    source_modules = fields.SetField(subfield=fields.StringField())
    allowed_modules = fields.SetField(subfield=fields.StringField())
    forbidden_standard_library = fields.SetField(subfield=fields.StringField(), required=False, default=set())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Judge every direct import out of the source packages."""
        standard = sys.stdlib_module_names - _names(self.forbidden_standard_library)
        allowed = standard | _names(self.allowed_modules)
        found = [
            f"{importer} imports {imported}"
            for importer in sorted(graph.modules)
            for source in [_package_of(importer, _names(self.source_modules))]
            if source
            for imported in sorted(graph.find_modules_directly_imported_by(importer))
            if not _package_of(imported, {source, *allowed})
        ]
        return ContractCheck(kept=not found, metadata={"found": found})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """One line for each import that is not allowed."""
        _render(check)


class KnownOnlyTo(Contract):
    """`modules` are imported directly by `importers` (with everything below them) and by nobody else."""

    type_name = "known_only_to"

    modules = fields.SetField(subfield=fields.StringField())
    importers = fields.SetField(subfield=fields.StringField(), required=False, default=set())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Judge every direct import of the modules."""
        found = [
            f"{importer} imports {module}"
            for module in sorted(_names(self.modules) & graph.modules)
            for importer in sorted(graph.find_modules_that_directly_import(module))
            if not _package_of(importer, _names(self.importers) | {"tests"})
        ]
        return ContractCheck(kept=not found, metadata={"found": found})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """One line for each import that is not allowed."""
        _render(check)


def _names(field: object) -> set[str]:
    return set(field) if isinstance(field, Iterable) else set()


def _package_of(module: str, packages: Iterable[str]) -> str:
    """The package, of those named (`*` stands for one part of a name), that the module is or is in; "" if none."""
    for package in packages:
        pattern = re.escape(package).replace(r"\*", r"[^.]+")
        if found := re.match(rf"({pattern})(\.|$)", module):
            return found[1]
    return ""


def _render(check: ContractCheck) -> None:
    for line in check.metadata["found"]:
        output.print_error(line)
