"""Terms that renew by themselves: only where the customer was told before, and not above the cap."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.billing.domain.agreement import AutoRenewal
from services.billing.domain.subscription.commands import (
    CancelSubscription,
    PauseSubscription,
    RecordLegalNotice,
    RenewTerm,
    RequestNonRenewal,
)
from services.billing.domain.subscription.events import AutoRenewalRefused, LegalNoticeRecorded, TermRenewed
from services.billing.domain.subscription.renewing import NoticeOver, NoticeTooLate
from shared.decider import NotAllowedNow
from tests.unit.billing.lifetime import Lifetime
from tests.unit.billing.test_cancellation import AGREED, TAXED
from tests.unit.billing.test_subscription import LINE, NEXT_QUOTE, POLICY, new_york

DEADLINE = new_york(2013, 12, 2)  # 30 days before the 1st of January


def agreed(uplift: str = "4", cap: str = "7", **changed: Any) -> Lifetime:
    auto = AutoRenewal(notice_days=30, price_cap_percent=Decimal(cap))
    renewal = replace(POLICY, uplift_percent=Decimal(uplift), auto=auto)
    line = replace(AGREED, charges=(TAXED,), renewal=renewal, **changed)
    life = Lifetime(line, new_york(2012, 12, 1))
    life.move(new_york(2013, 11, 1))
    return life


def notice(at: datetime, sent_at: datetime | None = None) -> RecordLegalNotice:
    return RecordLegalNotice(at=at, sent_at=sent_at or at, channel="mail", reference="letter 4711")


def told(life: Lifetime, kind: type) -> list[Any]:
    events = life.events["subscription", life.subscription.subscription_id]
    return [event for event in events if isinstance(event, kind)]


def test_with_a_notice_the_term_renews_on_the_day_until_which_one_could_say_no() -> None:
    life = agreed()
    [recorded] = life.say(notice(life.now))
    assert isinstance(recorded, LegalNoticeRecorded)
    assert recorded.notice.reference == "letter 4711"
    assert life.say(notice(life.now)) == []
    life.move(DEADLINE)
    [renewed] = told(life, TermRenewed)
    assert (renewed.mode, renewed.renewed_at, renewed.reinstated) == ("auto", DEADLINE, False)
    assert (renewed.term.starts_on, renewed.term.ends_on) == (date(2014, 1, 1), date(2015, 1, 1))
    assert renewed.facts.base.minor == 12 * 156_000  # 4 % more
    life.move(new_york(2015, 3, 1))
    assert life.subscription.status == "lapsed"  # of the second term nobody was told
    assert len(told(life, TermRenewed)) == 1
    assert life.invoices[12].totals.subtotal.minor == 156_000
    assert life.differences() == []


def test_without_proof_that_the_notice_was_sent_it_is_refused_and_the_term_ends() -> None:
    life = agreed()
    life.move(new_york(2014, 1, 1))
    assert [event.reason for event in told(life, AutoRenewalRefused)] == ["no_legal_notice"]
    assert life.subscription.status == "lapsed"


def test_who_was_asked_and_said_no_is_not_renewed_and_too_late_is_too_late() -> None:
    said = agreed()
    said.say(notice(said.now))
    said.say(RequestNonRenewal(reason="budget_lost", at=said.now))
    said.move(new_york(2014, 1, 1))
    assert (told(said, TermRenewed), said.subscription.status) == ([], "lapsed")
    late = agreed()
    late.say(notice(late.now))
    late.move(DEADLINE)
    with pytest.raises(NoticeOver):
        late.say(RequestNonRenewal(reason="budget_lost", at=DEADLINE))
    late.say(RequestNonRenewal(reason="budget_lost"))  # a closed opportunity is never too late
    late.move(new_york(2015, 1, 1))
    assert (len(late.subscription.terms), late.subscription.status) == (2, "lapsed")


def test_a_renewal_that_was_won_before_is_not_renewed_again() -> None:
    life = agreed()
    life.say(notice(life.now))
    life.say(RenewTerm(term_number=2, line=LINE, quote_id=NEXT_QUOTE, at=life.now))
    life.move(DEADLINE)
    assert [event.mode for event in told(life, TermRenewed)] == ["assisted"]


def test_what_will_be_cancelled_is_not_renewed() -> None:
    life = agreed()
    life.say(notice(life.now))
    life.say(CancelSubscription(at=life.now, when=date(2013, 12, 15), credit="unused_time", reason="moving"))
    life.move(new_york(2014, 2, 1))
    assert (told(life, TermRenewed), told(life, AutoRenewalRefused), life.subscription.status) == ([], [], "cancelled")


def test_a_term_that_was_extended_renews_before_its_later_end() -> None:
    life = agreed()
    life.say(PauseSubscription(at=life.now, until=date(2013, 11, 11), reason="holidays", extend=True))
    life.say(notice(life.now))
    life.move(DEADLINE)
    assert told(life, TermRenewed) == []
    life.move(new_york(2013, 12, 12))
    [renewed] = told(life, TermRenewed)
    assert (renewed.renewed_at, renewed.term.starts_on) == (new_york(2013, 12, 12), date(2014, 1, 11))
    assert renewed.term.line.starts_on == date(2014, 1, 11)


def test_what_is_no_notice() -> None:
    life = agreed()
    with pytest.raises(NoticeTooLate):
        life.say(notice(life.now, sent_at=DEADLINE))
    life.move(DEADLINE)
    with pytest.raises(NoticeTooLate):
        life.say(notice(life.now))
    assisted = Lifetime(replace(AGREED, charges=(TAXED,)), new_york(2012, 12, 1))
    assisted.move(new_york(2013, 11, 1))
    with pytest.raises(NotAllowedNow):
        assisted.say(notice(assisted.now))


@settings(deadline=None, max_examples=15)
@given(
    uplift=st.decimals("-20", "20", places=2),
    cap=st.decimals("0", "15", places=2),
    price=st.decimals("1", "9999", places=2),
)
def test_no_price_rises_by_more_than_the_cap(uplift: Decimal, cap: Decimal, price: Decimal) -> None:
    charge = replace(TAXED, price=replace(TAXED.price, unit_amount=price))
    auto = AutoRenewal(notice_days=30, price_cap_percent=cap)
    line = replace(
        AGREED, charges=(charge,), renewal=replace(POLICY, uplift_percent=max(uplift, Decimal(0)), auto=auto)
    )
    life = Lifetime(line, new_york(2013, 12, 1))
    life.move(new_york(2013, 12, 1))
    life.say(notice(life.now))
    life.move(DEADLINE)
    renewed, refused = told(life, TermRenewed), told(life, AutoRenewalRefused)
    assert len(renewed) + len(refused) == 1
    assert [event.reason for event in refused] == (["price_above_cap"] if uplift > cap else [])
    for event in renewed:
        [raised] = event.term.line.charges
        assert raised.price.unit_amount <= price * (1 + cap / 100) + Decimal("0.005")  # rounded to the cent
