"""Every renewal metric of the reference cohort, against results worked out by hand."""

from dataclasses import replace
from datetime import date

import pytest

from services.renewals.domain.metrics import metrics_by, renewal_metrics
from services.renewals.domain.metrics.cohort import CohortMember
from shared.money import CurrencyMismatch, Money
from shared.periods import Days
from tests.unit.renewals.reference_cohort import COHORT, THIRD_QUARTER, dollars
from tests.unit.renewals.stories import VALUE

whole = renewal_metrics(COHORT, period=THIRD_QUARTER, currency="USD")
counts, values, bridge = whole.counts, whole.values, whole.bridge


def metrics(members):
    return renewal_metrics(members, period=THIRD_QUARTER, currency="USD")


def test_the_cohort_in_numbers():
    assert (counts.due, counts.resolved, counts.won, counts.lost, counts.open) == (10, 9, 7, 2, 1)
    assert (values.base.due, values.base.resolved) == (dollars(400_000), dollars(391_000))
    assert (values.base.won, values.base.lost, values.base.open) == (dollars(377_000), dollars(14_000), dollars(9_000))


def test_what_was_won_adds_up():
    won = values.won
    assert (won.prior_at_quantity, won.list_value, won.discount) == tuple(map(dollars, (367_000, 382_350, 13_350)))
    assert (won.like_for_like, won.upsell, won.cross_sell) == tuple(map(dollars, (369_000, 29_250, 15_000)))
    assert (won.booked, won.capped_at_opportunity) == (dollars(413_250), dollars(363_000))


@pytest.mark.parametrize(
    ("name", "rate"),
    [
        ("resolution_rate", "0.9775"),
        ("close_rate", "0.9642"),
        ("gross_conversion", "0.9629"),
        ("like_for_like_conversion", "0.9788"),
        ("net_conversion", "1.0962"),
        ("gross_renewal_rate_at_opportunity", "0.9075"),
        ("gross_renewal_rate_at_customer", "0.9175"),
        ("net_renewal_rate", "1.0331"),
        ("on_time_rate", "0.8175"),
        ("in_period_closed_rate", "0.9425"),
        ("list_uplift", "0.0418"),
        ("discount_rate", "0.0349"),
        ("realised_uplift", "0.0054"),
        ("uplift_consumed_by_discount", "0.8697"),
        ("upsell_rate", "0.0776"),
        ("cross_sell_rate", "0.0398"),
        ("multi_year_share", "0.3466"),
        ("cost_to_sell", "0.0290"),
    ],
)
def test_rates_by_value(name, rate):
    assert getattr(values, name).text == rate


@pytest.mark.parametrize(
    ("name", "rate"),
    [
        ("resolution_rate", "0.9000"),
        ("close_rate", "0.7778"),
        ("renewal_rate", "0.7000"),
        ("on_time_rate", "0.5000"),
        ("late_rate", "0.2000"),
        ("logo_renewal_rate", "0.6667"),
        ("upsell_attach_rate", "0.2857"),
        ("cross_sell_attach_rate", "0.2857"),
        ("multi_year_rate", "0.2857"),
    ],
)
def test_rates_by_count(name, rate):
    assert getattr(counts, name).text == rate


def test_three_factors_make_the_renewal_rate_exactly():
    resolved_and_closed = values.resolution_rate * values.close_rate
    assert resolved_and_closed * values.gross_conversion == values.gross_renewal_rate_at_opportunity
    assert resolved_and_closed * values.net_conversion == values.net_renewal_rate
    assert counts.resolution_rate * counts.close_rate == counts.renewal_rate


def test_counts_and_values_have_no_product():
    with pytest.raises(TypeError):
        counts.resolution_rate * counts.close_rate * values.net_conversion
    with pytest.raises(TypeError):
        values.net_conversion * counts.close_rate


def test_two_were_late():
    assert [member.late_days for member in COHORT if member.state == "won" and member.late_days] == [19, 10]
    assert (counts.on_time, counts.late, values.base.on_time) == (5, 2, dollars(327_000))


def test_memos_of_contract_value_and_cost():
    assert values.won.tcv == dollars(663_000)
    assert values.won.booked_multi_year == dollars(143_250)
    assert (values.cost, values.cost_per_won) == (dollars(12_000), Money(171_429, "USD"))


def test_the_bridge_leads_from_due_to_booked():
    losses = (bridge.due, bridge.open, bridge.lost, bridge.quantity, bridge.discount)
    assert losses == tuple(map(dollars, (400_000, 9_000, 14_000, 10_000, 13_350)))
    gains = (bridge.uplift, bridge.upsell, bridge.cross_sell, bridge.booked)
    assert gains == tuple(map(dollars, (15_350, 29_250, 15_000, 413_250)))
    assert bridge.reconciles


@pytest.mark.parametrize(
    ("segment", "due", "base", "net", "gross", "count", "cost"),
    [
        ("ENT", 3, 270_000, "1.1352", "0.9852", "1.0000", "0.0212"),
        ("MID", 2, 70_000, "0.9536", "0.8571", "1.0000", "0.0449"),
        ("SMB", 5, 60_000, "0.6667", "0.6167", "0.4000", "0.0625"),
    ],
)
def test_a_good_total_hides_bad_segments(segment, due, base, net, gross, count, cost):
    part = metrics_by("segment", COHORT, period=THIRD_QUARTER, currency="USD")[segment]
    assert (part.counts.due, part.values.base.due) == (due, dollars(base))
    assert part.values.net_renewal_rate.text == net
    assert part.values.gross_renewal_rate_at_opportunity.text == gross
    assert (part.counts.renewal_rate.text, part.values.cost_to_sell.text) == (count, cost)


@pytest.mark.parametrize(
    ("region", "due", "base", "net", "count"),
    [
        ("NA", 4, 220_000, "1.1216", "1.0000"),
        ("WE", 3, 157_000, "1.0605", "1.0000"),
        ("EE", 3, 23_000, "0.0000", "0.0000"),
    ],
)
def test_a_good_total_hides_bad_regions(region, due, base, net, count):
    part = metrics_by("region", COHORT, period=THIRD_QUARTER, currency="USD")[region]
    assert (part.counts.due, part.values.base.due) == (due, dollars(base))
    assert (part.values.net_renewal_rate.text, part.counts.renewal_rate.text) == (net, count)


def test_the_cap_works_at_the_level_of_its_name():
    first = metrics_by("customer", COHORT, period=THIRD_QUARTER, currency="USD")["C1"]
    assert first.values.won.capped_at_opportunity == dollars(176_000)
    assert first.values.won.capped_at_customer == dollars(180_000)
    assert values.won.capped_at_customer == dollars(367_000)


def test_growth_of_one_customer_never_covers_the_loss_of_another():
    def customer(name: str, booked: int) -> CohortMember:
        value = replace(VALUE, prior_at_quantity=dollars(100), list_value=dollars(booked))
        return replace(COHORT[0], customer=name, base=dollars(100), value=value)

    gone = replace(COHORT[3], customer="C", base=dollars(100))
    four = metrics([customer("A", 130), customer("B", 60), gone, customer("D", 100)])
    assert four.values.gross_renewal_rate_at_customer.text == "0.6500"
    assert four.values.net_renewal_rate.text == "0.7250"


def test_what_was_superseded_leaves_the_cohort():
    moved = replace(COHORT[3], state="superseded")
    more = metrics([*COHORT, moved])
    assert (more.counts.superseded, more.values.base.superseded) == (1, dollars(8_000))
    assert replace(more.counts, superseded=0) == counts
    assert replace(more.values.base, superseded=dollars(0)) == values.base
    assert (more.bridge, more.values.cost) == (bridge, values.cost)


def test_the_cohort_is_what_is_due_not_what_was_booked_in_the_period():
    september = renewal_metrics(COHORT, period=Days(date(2026, 9, 1), date(2026, 10, 1)), currency="USD")
    assert (september.counts.due, september.counts.won) == (5, 3)


def test_a_renewal_after_the_period_is_not_closed_in_it():
    late = replace(COHORT[9], decided_on=date(2026, 10, 1))
    assert metrics([*COHORT[:9], late]).values.in_period_closed_rate.text == "0.8750"


def test_where_nothing_was_due_there_is_no_rate():
    nothing = metrics([])
    assert nothing.counts.renewal_rate.text is None
    assert nothing.values.net_renewal_rate.text is None
    assert nothing.values.cost_per_won is None
    assert (nothing.values.resolution_rate * nothing.values.close_rate).exact is None
    assert nothing.bridge.reconciles


def test_currencies_are_not_mixed():
    with pytest.raises(CurrencyMismatch):
        metrics([*COHORT, replace(COHORT[7], base=Money(1, "EUR"))])


def test_a_won_renewal_has_a_value():
    with pytest.raises(ValueError, match="value"):
        replace(COHORT[0], value=None)


def test_a_member_without_the_dimension_stands_by_itself():
    lonely = replace(COHORT[0], dimensions={})
    assert list(metrics_by("segment", [lonely, COHORT[1]], period=THIRD_QUARTER, currency="USD")) == ["", "ENT"]
