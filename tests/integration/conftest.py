"""Four services, with authentication too, an issuer of tokens, and somebody they know of."""

from collections.abc import Iterator
from typing import Any

import grpc
import pytest

from deploy.local import stack
from deploy.local.issuer import Issuer
from hearth.loyalty.v1.loyalty_pb2_grpc import LoyaltyServiceStub
from tests.integration.access import Person
from tests.integration.members import member
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


@pytest.fixture
def customer(hearth: Hearth) -> str:
    """A customer with 70 points."""
    return member(hearth)


@pytest.fixture
def loyalty(hearth: Hearth) -> Iterator[Any]:
    """A gRPC client of loyalty."""
    with grpc.insecure_channel(hearth.service("loyalty").peer) as channel:
        yield LoyaltyServiceStub(channel)
