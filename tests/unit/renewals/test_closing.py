"""How a renewal is decided: by acceptance, by a person who says why, or by silence."""

from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID

import pytest

from services.renewals.domain.opportunity.events import (
    RenewalLost,
    RenewalOpportunityOpened,
    RenewalSuperseded,
    RenewalWon,
)
from services.renewals.domain.opportunity.state import SuccessorMissing
from services.renewals.domain.reasons import UnknownReason
from shared.decider import NotAllowedNow
from shared.money import CurrencyMismatch, Money
from tests.unit.renewals.stories import (
    ACCEPTED,
    CUSTOMER,
    END,
    KNOWN,
    QUOTE,
    SILENCE,
    SUBSCRIPTION,
    SUCCESSOR,
    VALUE,
    after,
    events_of,
    given,
    local,
    lose,
    migrate,
    open_,
    quote,
    silence,
    track,
    win,
)

opened = (track(), open_())
second = timedelta(seconds=1)
other_quote = UUID(int=33)


def test_acceptance_wins_with_all_parts_of_its_value():
    assert given(*opened, quote())(win()) == [
        RenewalWon(
            subscription_id=SUBSCRIPTION,
            customer_id=CUSTOMER,
            customer_key="F9",
            term_number=1,
            due_on=date(2013, 12, 31),
            quote_id=QUOTE,
            base=Money(1_800_000, "USD"),
            value=VALUE,
            like_for_like=Money(1_872_000, "USD"),
            booked=Money(1_872_000, "USD"),
            term_months=12,
            decided_on=date(2013, 12, 10),
            on_time=True,
            late_days=0,
            at=ACCEPTED,
        )
    ]


def test_booked_is_list_minus_discount_plus_upsell_and_cross_sell():
    value = replace(VALUE, discount=Money(72_000, "USD"), upsell=Money(10_000, "USD"), cross_sell=Money(5_000, "USD"))
    (won,) = given(*opened)(win(value=value))
    assert (won.like_for_like, won.booked) == (Money(1_800_000, "USD"), Money(1_815_000, "USD"))


@pytest.mark.parametrize(
    ("at", "on_time", "late_days"),
    [
        (local("2013-12-31", hour=23), True, 0),
        (END - second, True, 0),
        (END, False, 1),
        (local("2014-01-20", hour=12), False, 20),
    ],
)
def test_on_time_is_a_matter_of_local_days(at, on_time, late_days):
    (won,) = given(*opened)(win(at))
    assert (won.on_time, won.late_days) == (on_time, late_days)


def test_a_renewal_accepted_before_the_opening_opens_and_wins():
    assert [type(event) for event in given(track())(win(KNOWN))] == [RenewalOpportunityOpened, RenewalWon]
    assert given(track(), win(KNOWN))(open_()) == []


def test_winning_twice_with_the_same_quote_changes_nothing():
    assert given(*opened, win())(win()) == []


def test_a_second_quote_cannot_win_the_same_term():
    with pytest.raises(NotAllowedNow):
        given(*opened, win())(win(quote_id=other_quote))


@pytest.mark.parametrize("closing", [lose(), migrate(), silence()])
def test_the_customers_signature_wins_over_our_closing(closing):
    (won,) = given(*opened, closing)(win())
    assert isinstance(won, RenewalWon)
    assert after(*opened, closing, win()) == after(*opened, win())


def test_a_renewal_in_another_currency_is_refused():
    euros = replace(VALUE, **{name: Money(1, "EUR") for name in VALUE.__slots__})
    with pytest.raises(CurrencyMismatch):
        given(*opened)(win(value=euros))


def test_closing_says_why_and_what_kind_of_loss_it_is():
    (lost,) = given(*opened, quote())(lose())
    assert isinstance(lost, RenewalLost)
    assert (lost.reason, lost.churn_class, lost.addressable) == ("budget_lost", "churn", "partly")
    assert (lost.quote_id, lost.decided_on, lost.by) == (QUOTE, date(2013, 12, 10), "ann")


def test_a_migration_supersedes_and_names_the_successor():
    (superseded,) = given(*opened)(migrate())
    assert isinstance(superseded, RenewalSuperseded)
    assert superseded.successor_subscription_id == SUCCESSOR


def test_a_migration_without_successor_is_refused():
    with pytest.raises(SuccessorMissing) as refused:
        given(*opened)(lose("migrated_to_successor"))
    assert refused.value.field == "/successor_subscription_id"


@pytest.mark.parametrize(
    ("reason", "successor", "event"),
    [
        ("consolidated_into_other_contract", None, RenewalSuperseded),
        ("channel_change", None, RenewalSuperseded),
        ("newly_released_product_chosen", SUCCESSOR, RenewalSuperseded),
        ("newly_released_product_chosen", None, RenewalLost),
        ("budget_lost", SUCCESSOR, RenewalLost),
    ],
)
def test_only_what_goes_on_elsewhere_leaves_the_cohort(reason, successor, event):
    assert [type(each) for each in given(*opened)(lose(reason, successor=successor))] == [event]


def test_an_unknown_reason_is_refused():
    with pytest.raises(UnknownReason):
        given(*opened)(lose("because"))


def test_closing_twice_for_the_same_reason_changes_nothing():
    assert given(*opened, lose())(lose()) == []
    assert given(*opened, lose("under_used"))(lose("no_perceived_value")) == []
    assert given(*opened, migrate())(migrate()) == []


@pytest.mark.parametrize("history", [(track(),), (*opened, win()), (*opened, lose("price_increase"))])
def test_what_is_not_open_cannot_be_closed(history):
    with pytest.raises(NotAllowedNow):
        given(*history)(lose())


def test_silence_loses_when_the_reinstatement_window_is_over():
    (lost,) = given(*opened)(silence())
    assert (lost.reason, lost.churn_class, lost.decided_on) == ("no_response", "unresolved", date(2015, 1, 15))


@pytest.mark.parametrize("history", [(track(),), (*opened, win()), (*opened, lose()), (*opened, migrate())])
def test_silence_is_no_answer_to_what_is_not_open(history):
    assert given(*history)(silence()) == []


def test_silence_needs_its_time():
    assert given(*opened)(silence(SILENCE - second)) == []


def test_opening_before_or_after_the_early_acceptance_ends_the_same():
    assert after(track(), win(), open_()) == after(track(), open_(), win())
    assert len(events_of(track(), win(), open_(), win(), silence())) == 3


def test_a_successor_named_with_an_ordinary_loss_makes_no_difference():
    assert given(*opened, lose(successor=SUCCESSOR))(lose()) == []
    assert given(*opened, lose())(lose(successor=SUCCESSOR)) == []
