"""Hypothesis strategies: facts of one customer, with few names so that they meet."""

from datetime import timedelta
from decimal import Decimal

from hypothesis import strategies as st

from contracts.fact import Fact
from contracts.facts import deals, surveys, visits
from contracts.fields import About, Money, Price
from tests.unit.facts import START, fact

times = st.integers(0, 60 * 24).map(lambda hours: START + timedelta(hours=hours))
deal_ids = st.sampled_from(("D1", "D2", "D3"))
project_ids = st.sampled_from(("P1", "P2"))
amounts = st.decimals(Decimal("0.01"), Decimal("9999999.99"), places=2).map(lambda amount: f"{amount:.2f}")
prices = amounts.map(Price)

data = st.one_of(
    st.builds(visits.VisitCompleted, st.sampled_from(("V1", "V2")), project_ids),
    st.builds(
        surveys.SurveyAnswered,
        st.sampled_from(("csat", "nps")),
        st.just((surveys.Answer(value=1, min=0, max=10),)),
        about=st.one_of(st.none(), st.builds(About, st.just("visit"), st.sampled_from(("V1", "V2")))),
    ),
    st.builds(deals.DealSigned, deal_ids, project_ids, prices),
    st.builds(deals.PaymentReceived, deal_ids, st.just("PAY"), prices),
    st.builds(deals.DealHandedOver, deal_ids),
    st.builds(deals.DealChanged, deal_ids, st.one_of(st.none(), prices)),
    st.builds(deals.DealCancelled, deal_ids, st.sampled_from(("reserved", "signed")), amounts.map(Money)),
)


@st.composite
def histories(draw: st.DrawFn, most: int = 25) -> list[Fact]:
    """Distinct facts of one customer, in the order of their ids."""
    contents = draw(st.lists(st.tuples(data, times), max_size=most))
    return [fact(content, time, f"f{number:03}") for number, (content, time) in enumerate(contents)]


@st.composite
def shuffled_histories(draw: st.DrawFn) -> tuple[list[Fact], list[Fact]]:
    """The same distinct facts in two orders."""
    history = draw(histories())
    return history, draw(st.permutations(history))
