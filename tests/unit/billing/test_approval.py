"""Who has to agree to an offer, by percentage, amount and margin, and whether whoever decides stands high enough."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given as given_any
from hypothesis import strategies as st

from services.billing.domain.agreement import AgreedLine, RampPhase
from services.billing.domain.coupon import AgreedCoupon
from services.billing.domain.pricing.limits import NegativeNumber
from services.billing.domain.quote.alternatives import AlternativeTerms
from services.billing.domain.quote.approval import (
    DEFAULT_APPROVAL,
    LEVELS,
    ApprovalLimits,
    ApprovalMatrix,
    GivenAway,
    LimitsOutOfOrder,
    validate_matrix,
)
from services.billing.domain.quote.commands import ApproveQuote, RefuseQuote, SubmitQuote
from services.billing.domain.quote.events import QuoteApprovalRequested, QuoteApproved, QuoteRefused
from services.billing.domain.quote.giveaway import given_away, lowest_margin
from services.billing.domain.quote.state import ApproverIsRequester, ApproverLevelTooLow
from shared.errors import DomainError
from shared.money import Money
from tests.unit.billing.offers import PARTY, after, draft, given, line, submit
from tests.unit.billing.prices import flat

USD = "USD"
MATRIX = ApprovalMatrix(
    own=ApprovalLimits(discount_percent=Decimal(5), discount_amount={USD: Decimal(500)}, margin_percent=Decimal(40)),
    manager=ApprovalLimits(
        discount_percent=Decimal(15), discount_amount={USD: Decimal(2000)}, margin_percent=Decimal(25)
    ),
    director=ApprovalLimits(discount_percent=Decimal(30), margin_percent=Decimal(10)),
    approvers={"mia": "manager", "dora": "director", "eve": "executive"},
)


def costed(cost: str, discount: str = "0", **changes: Any) -> AgreedLine:
    charge = replace(flat("platform", "1500.00", in_advance=True), unit_cost=Decimal(cost))
    return line(discount, charges=(charge,), **changes)


def asked(*lines: AgreedLine, **changes: Any) -> QuoteApprovalRequested | None:
    [event] = given(draft(*lines, **changes))(SubmitQuote(by="rita", matrix=MATRIX))
    return event if isinstance(event, QuoteApprovalRequested) else None


def test_the_amount_of_the_whole_term_decides_as_well_as_the_percentage() -> None:
    assert asked(line("2")) is None
    beyond = asked(line("3"))
    assert beyond is not None
    assert (beyond.level, beyond.discount, beyond.beyond) == ("manager", Money(54_000, USD), ("discount_amount",))
    further = asked(line("12"))
    assert further is not None
    assert (further.level, further.beyond) == ("director", ("discount_percent", "discount_amount"))


def test_the_alternative_that_gives_away_the_most_decides() -> None:
    three_years = AlternativeTerms(term_months=36, discount_percent=Decimal(2))
    beyond = asked(line(), alternatives=(three_years,))
    assert beyond is not None
    assert (beyond.level, beyond.discount) == ("manager", Money(108_000, USD))


@pytest.mark.parametrize(
    ("cost", "margin", "level"),
    [("900", "40", None), ("900.01", "39.9993", "manager"), ("1125", "25", "manager"), ("1400", "6.6666", "executive")],
)
def test_what_is_left_of_the_price_decides_too(cost: str, margin: str, level: str | None) -> None:
    assert lowest_margin([costed(cost)], USD) == Decimal(margin)
    beyond = asked(costed(cost))
    assert (beyond and beyond.level) == level


def test_the_margin_is_that_after_the_discount_of_the_dearest_phase() -> None:
    ramp = (RampPhase(after_months=3, discount_percent=Decimal(25)),)
    assert lowest_margin([costed("900", ramp=ramp)], USD) == Decimal(20)
    assert lowest_margin([costed("900", discount="100")], USD) == Decimal(-100)
    assert lowest_margin([line("50")], USD) is None


def test_a_coupon_is_nothing_that_sales_gives_away() -> None:
    coupon = AgreedCoupon(code="HELLO", name="Hello", percent=Decimal(50))
    given = given_away([(line("1", coupons=(coupon,)),)], PARTY)
    assert (given.discount_percent, given.discount) == (Decimal(1), Money(18_000, USD))


def test_who_decides_stands_at_least_as_high_as_was_asked_for() -> None:
    pending = (draft(line("12")), SubmitQuote(by="rita", matrix=MATRIX))
    assert after(*pending).level_needed == "director"
    for by in ("mia", "olga"):
        for decision in (
            ApproveQuote(by=by, level=MATRIX.level_of(by)),
            RefuseQuote(by=by, reason="no", level=MATRIX.level_of(by)),
        ):
            with pytest.raises(ApproverLevelTooLow):
                given(*pending)(decision)
    for by in ("dora", "eve"):
        assert given(*pending)(ApproveQuote(by=by, level=MATRIX.level_of(by))) == [
            QuoteApproved(version=1, by=by, automatic=False)
        ]
    assert given(*pending)(RefuseQuote(by="eve", reason="no", level="executive")) == [
        QuoteRefused(version=1, by="eve", reason="no")
    ]


def test_no_level_lets_anybody_approve_their_own() -> None:
    with pytest.raises(ApproverIsRequester):
        given(draft(line("12"), requested_by="eve"), submit("rita"))(ApproveQuote(by="eve", level="executive"))


def test_without_listed_approvers_whoever_may_approve_decides_at_any_level() -> None:
    assert DEFAULT_APPROVAL.level_of("anybody") == "executive"


given_aways = st.builds(
    GivenAway,
    discount_percent=st.decimals(0, 100, places=2),
    discount=st.builds(Money, st.integers(0, 500_000), st.just(USD)),
    margin_percent=st.none() | st.decimals(-100, 100, places=2),
)


@given_any(given_aways, st.decimals(0, 50, places=2), st.integers(0, 100_000))
def test_who_gives_away_more_never_needs_less(given: GivenAway, percent: Decimal, cents: int) -> None:
    more = replace(
        given,
        discount_percent=given.discount_percent + percent,
        discount=given.discount + Money(cents, USD),
        margin_percent=None if given.margin_percent is None else given.margin_percent - percent,
    )
    ranks = [-1 if level is None else LEVELS.index(level) for level in map(MATRIX.level_needed, (given, more))]
    assert ranks == sorted(ranks)


@pytest.mark.parametrize(
    ("changes", "error", "field"),
    [
        ({"own": ApprovalLimits(discount_percent=Decimal(16))}, LimitsOutOfOrder, "/approval/manager/discount_percent"),
        ({"own": ApprovalLimits()}, LimitsOutOfOrder, "/approval/manager/discount_percent"),
        (
            {"director": ApprovalLimits(discount_percent=Decimal(25), discount_amount={USD: Decimal(1)})},
            LimitsOutOfOrder,
            "/approval/director/discount_amount/USD",
        ),
        (
            {"director": ApprovalLimits(margin_percent=Decimal(26))},
            LimitsOutOfOrder,
            "/approval/director/margin_percent",
        ),
        (
            {"own": ApprovalLimits(discount_percent=Decimal(-1))},
            NegativeNumber,
            "/approval/own/discount_percent",
        ),
    ],
)
def test_a_matrix_in_which_the_higher_may_less_is_refused(
    changes: dict[str, Any], error: type[DomainError], field: str
) -> None:
    with pytest.raises(error) as caught:
        validate_matrix(replace(MATRIX, **changes), "/approval")
    assert caught.value.field == field
