"""Four services with authentication, an issuer of tokens, and somebody they know of."""

from collections.abc import Iterator

import pytest

from deploy.local import stack
from deploy.local.issuer import Issuer
from tests.integration.access import Person
from tests.running import Hearth, running


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with Issuer() as made:
        yield made


@pytest.fixture(scope="module")
def guarded(engines: stack.Engines, issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hearth]:
    settings = {"HEARTH_AUTH": "oidc", "HEARTH_OIDC_ISSUER": issuer.url}
    with running(engines, tmp_path_factory.mktemp("guarded"), **settings) as hearth:
        yield hearth


@pytest.fixture(scope="module")
def person(guarded: Hearth, issuer: Issuer) -> Person:
    return Person(guarded, issuer)
