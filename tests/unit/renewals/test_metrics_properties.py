"""Whatever the cohort: the bridge reconciles, factors multiply to the rate, parts add up to the whole."""

from datetime import date, timedelta
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from services.renewals.domain.metrics import metrics_by, renewal_metrics
from services.renewals.domain.metrics.cohort import CohortMember
from services.renewals.domain.metrics.rates import four_places, money
from services.renewals.domain.opportunity.value import RenewalValue
from shared.money import Money
from shared.periods import Days

YEAR = Days(date(2026, 1, 1), date(2027, 1, 1))
amounts = st.integers(1, 10**9).map(lambda minor: Money(minor, "USD"))
days = st.integers(0, 364).map(lambda n: YEAR.start + timedelta(days=n))
members = st.lists(
    st.builds(
        CohortMember,
        customer=st.sampled_from("ABC"),
        state=st.sampled_from(["open", "won", "lost", "superseded"]),
        base=amounts,
        due_on=days,
        decided_on=days,
        value=st.builds(
            RenewalValue,
            prior_at_quantity=amounts,
            list_value=amounts,
            discount=amounts,
            upsell=amounts,
            cross_sell=amounts,
        ),
        cost=amounts,
        dimensions=st.sampled_from([{"region": "NA"}, {"region": "EE"}, {}]),
    ),
    max_size=8,
)


@given(members)
def test_the_bridge_always_reconciles(cohort):
    assert renewal_metrics(cohort, period=YEAR, currency="USD").bridge.reconciles


@given(members)
def test_the_three_factors_always_make_the_rate(cohort):
    values = renewal_metrics(cohort, period=YEAR, currency="USD").values
    product = values.resolution_rate * values.close_rate * values.net_conversion
    assert product.exact is None or product == values.net_renewal_rate


@given(members)
def test_segments_add_up_to_the_whole(cohort):
    whole = renewal_metrics(cohort, period=YEAR, currency="USD")
    parts = metrics_by("region", cohort, period=YEAR, currency="USD").values()
    assert sum(part.counts.due for part in parts) == whole.counts.due
    assert Money.total((part.bridge.booked for part in parts), "USD") == whole.bridge.booked
    assert Money.total((part.values.base.due for part in parts), "USD") == whole.values.base.due


@given(st.integers(-(10**9), 10**9))
def test_a_half_is_rounded_away_from_zero(n):
    towards = 1 if n >= 0 else -1
    assert money(Fraction(2 * n + towards, 2), "USD") == Money(n + towards, "USD")


def test_rates_have_four_places():
    assert four_places(Fraction(13, 14)) == "0.9286"
    assert four_places(Fraction(1, 20_000)) == "0.0001"
    assert four_places(Fraction(-1, 20_000)) == "-0.0001"
    assert four_places(Fraction(0)) == "0.0000"
    assert four_places(Fraction(12_345)) == "12345.0000"
    assert four_places(None) is None
