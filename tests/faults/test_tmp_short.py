import pytest
from tests.faults.storm import PLACES
from tests.faults.test_crashes import storm
@pytest.mark.real
@pytest.mark.timeout(600)
def test_short(make_engines, make_cluster):
    storm(make_engines, make_cluster, PLACES, wanted=20, seconds=170, seed=15)
