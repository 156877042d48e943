"""Credit pays invoices when they are issued: once, never below zero, and it comes back with what is taken back."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from services.billing.domain.applied_credit import PaidLine
from services.billing.domain.invoice.events import InvoiceIssued, InvoicePaid
from services.billing.domain.payment.state import MoreThanUnapplied
from services.billing.domain.wallet import WALLET
from services.billing.domain.wallet.commands import DrawCredit, GrantCredit, RestoreCredit
from services.billing.domain.wallet.events import CreditDrawn, CreditExpired, CreditRestored, Rollover
from services.billing.domain.wallet.state import CreditUnpaid, MalformedWallet, MoreThanBalance, WalletNotFound
from services.billing.processes.credit_verification import verify_credit
from shared.decider import NotAllowedNow
from tests.unit.billing.ledger_books import balances
from tests.unit.billing.purse import FEE, Purse, day, left
from tests.unit.billing.till import usd

RATES = ("0.1",)


@pytest.fixture
def purse() -> Purse:
    return Purse()


def test_an_invoice_is_paid_with_credit_at_its_issue_and_the_rest_is_open(purse: Purse) -> None:
    purse.grant(300)
    issued, drawn = purse.bill(fee=1000)
    assert isinstance(issued, InvoiceIssued) and (issued.facts.total, issued.open) == (usd(1000), usd(700))
    assert isinstance(drawn, CreditDrawn) and (drawn.amount, drawn.balance) == (usd(300), usd(0))
    assert (purse.invoice().open, purse.invoice().status, left(purse)) == (usd(700), "issued", [0])


def test_an_invoice_that_credit_pays_in_full_is_paid(purse: Purse) -> None:
    purse.grant(1500)
    assert [type(event) for event in purse.bill(fee=1000)] == [InvoiceIssued, InvoicePaid, CreditDrawn]
    assert (purse.invoice().status, purse.invoice().open, left(purse)) == ("paid", usd(0), [500])


def test_wallets_are_drawn_in_their_order_and_each_says_which_lines_it_paid(purse: Purse) -> None:
    purse.grant(5000, 1, priority=60)
    purse.grant(700, 2, charges=(FEE.charge,), priority=60, expires_on=day(90))
    purse.grant(200, 3, priority=10)
    purse.bill(fee=600, calls=400, rates=RATES)
    paid = [(each.wallet, {part.line: part.amount.minor for part in each.lines}) for each in purse.invoice().credit]
    assert paid == [("wallet 3", {2: 200}), ("wallet 2", {1: 600}), ("wallet 1", {2: 200, 0: 100})]
    assert left(purse) == [4700, 100, 0]


def test_credit_draws_nothing_on_the_day_on_which_it_expires(purse: Purse) -> None:
    purse.grant(500, expires_on=day(10))
    purse.today = day(10)
    purse.bill(fee=400)
    assert (purse.invoice().open, left(purse)) == (usd(400), [500])


def test_a_void_invoice_gives_back_what_it_drew_and_paid_money_stands_in_the_way(purse: Purse) -> None:
    purse.grant(300)
    purse.bill(fee=1000)
    before = balances(purse.booked())
    assert before == {"receivables": 700, "promotional_credit": 300, "revenue": -1000}
    assert isinstance(purse.void()[-1], CreditRestored)
    assert (purse.invoice().status, left(purse)) == ("voided", [300])
    assert not balances(purse.booked())
    with pytest.raises(NotAllowedNow):
        purse.void()


def test_an_invoice_that_credit_paid_in_full_can_be_made_void(purse: Purse) -> None:
    purse.grant(1000)
    purse.bill(fee=1000)
    purse.void()
    assert (purse.invoice().status, left(purse)) == ("voided", [1000])


def test_a_credit_note_takes_what_is_open_then_gives_back_to_wallets_the_last_one_first(purse: Purse) -> None:
    purse.grant(200, 1)
    purse.grant(300, 2)
    purse.bill(fee=1000)
    purse.credit(500)
    assert (purse.invoice().open, left(purse)) == (usd(0), [0, 0])
    purse.credit(350)
    assert (left(purse), purse.invoice().refundable) == ([50, 300], usd(0))
    purse.credit_in_full()
    assert (left(purse), purse.invoice().status, purse.invoice().open) == ([200, 300], "credited", usd(0))
    assert not balances(purse.booked())


def test_what_comes_back_to_a_wallet_that_has_expired_expires_with_it(purse: Purse) -> None:
    purse.pay(500)
    purse.grant(500, payment=1, expires_on=day(20))
    purse.bill(fee=400)
    assert isinstance(purse.live_until(day(30))[-1], CreditExpired)
    assert balances(purse.booked())["breakage"] == -100
    assert [type(event) for event in purse.void()[1:]] == [CreditRestored, CreditExpired]
    assert purse.wallet().expired == usd(500)
    assert balances(purse.booked()) == {"cash": 500, "breakage": -500}


def test_paid_credit_is_owed_until_it_is_drawn_and_goes_back_to_its_payment(purse: Purse) -> None:
    purse.pay(1000)
    purse.grant(800, payment=1)
    assert balances(purse.booked()) == {"cash": 1000, "unapplied_cash": -200, "prepaid_credit": -800}
    purse.bill(fee=300)
    purse.revoke()
    assert purse.states["payment", UUID(int=501)].unapplied == usd(700)
    assert balances(purse.booked()) == {"cash": 1000, "unapplied_cash": -700, "revenue": -300}
    assert purse.revoke() == []


def test_a_chargeback_takes_what_is_left_of_credit_and_what_was_drawn_has_to_come_back_first(purse: Purse) -> None:
    purse.pay(1000)
    purse.grant(300, 1, payment=1)
    purse.grant(600, 2, payment=1)
    purse.bill(fee=200)
    purse.charge_back(750)
    assert left(purse) == [50, 0]
    assert balances(purse.booked()) == {"cash": 250, "prepaid_credit": -50, "revenue": -200}
    with pytest.raises(MoreThanUnapplied):
        purse.charge_back(250)
    purse.void()
    purse.charge_back(250)
    assert left(purse) == [0, 0]
    assert not balances(purse.booked())


def test_credit_is_bought_with_what_is_there_or_promotional(purse: Purse) -> None:
    purse.pay(100)
    with pytest.raises(MoreThanUnapplied):
        purse.grant(101, payment=1)
    assert purse.wallets == []
    purse.grant(100, payment=1)
    facts = replace(purse.wallet().facts, wallet_id=UUID(int=9))
    for wrong, field, error in (
        ({"facts": facts, "payment_id": None}, "/payment_id", CreditUnpaid),
        ({"facts": replace(facts, promotional=True)}, "/payment_id", CreditUnpaid),
        ({"amount": usd(0)}, "/amount_minor", MalformedWallet),
        ({"terms": replace(purse.wallet().terms, priority=1000)}, "/priority", MalformedWallet),
        ({"terms": replace(purse.wallet().terms, expires_on=purse.today)}, "/expires_on", MalformedWallet),
    ):
        with pytest.raises(error) as refused:
            WALLET.decide(None, replace(granted(purse), **wrong))
        assert refused.value.field == field


def granted(purse: Purse) -> Any:
    """The command that made the first wallet."""
    wallet = purse.wallet()
    return GrantCredit(
        facts=wallet.facts,
        terms=wallet.terms,
        amount=wallet.granted,
        at=purse.at,
        on=purse.today,
        reason="agreed",
        payment_id=wallet.payment_id,
    )


def test_a_wallet_pays_an_invoice_once_and_never_more_than_it_has(purse: Purse) -> None:
    purse.grant(300)
    draw = DrawCredit(invoice_id=UUID(int=7), invoice="HUD-1", amount=usd(200), lines=(), on=purse.today)
    [drawn] = WALLET.decide(purse.wallet(), draw)
    after = WALLET.evolve(purse.wallet(), drawn)
    assert WALLET.decide(after, draw) == []
    with pytest.raises(MoreThanBalance):
        WALLET.decide(after, replace(draw, invoice_id=UUID(int=8)))
    back = RestoreCredit(
        restoration_id=UUID(int=1), invoice_id=UUID(int=7), invoice="HUD-1", amount=usd(201), document="void", on=day(1)
    )
    with pytest.raises(MoreThanBalance):
        WALLET.decide(after, back)
    with pytest.raises(WalletNotFound):
        WALLET.decide(None, draw)


def test_the_drawdown_follows_from_the_log_and_a_forged_one_does_not(purse: Purse) -> None:
    purse.grant(300, 1, priority=10)
    purse.grant(300, 2, charges=(FEE.charge,))
    purse.bill(fee=500, calls=100, rates=RATES)
    purse.credit(150)
    assert verified(purse)
    first, second = purse.invoice().credit
    forged = replace(first, amount=usd(299), lines=(PaidLine(line=1, amount=usd(299)),))
    purse.states["invoice", UUID(int=101)] = replace(purse.invoice(), credit=(forged, second))
    assert not verified(purse)


def verified(purse: Purse) -> bool:
    events = {id_: [e for stream, e, _ in purse.told if stream == id_] for id_ in [UUID(int=1), UUID(int=2)]}
    return not any(True for each in purse.invoices for _ in verify_credit(each, events))


def included(purse: Purse, number: int, first: int, last: int, percent: int = 50) -> None:
    rule = Rollover(series=UUID(int=9), percent=Decimal(percent), limit=usd(120))
    terms = {"covers_from": day(first), "covers_to": day(last), "expires_on": day(last + 5)}
    purse.grant(300, number, invoice=1, rollover=rule, **terms)


def test_a_share_of_what_is_left_rolls_over_up_to_its_limit_and_the_rest_is_breakage(purse: Purse) -> None:
    included(purse, 1, 0, 10)
    purse.live_until(day(10))
    included(purse, 2, 10, 20)
    purse.live_until(day(15))
    assert [(w.balance.minor, w.expired.minor, w.rolled_over.minor) for w in purse.wallets] == [
        (0, 180, 120),
        (420, 0, 0),
    ]
    assert balances(purse.booked()) == {"included_credit": 600, "breakage": -180, "prepaid_credit": -420}
    purse.live_until(day(40))
    assert left(purse) == [0, 0]
    assert balances(purse.booked()) == {"included_credit": 600, "breakage": -600}


def test_included_credit_pays_lines_of_its_period_only(purse: Purse) -> None:
    covers = {"covers_from": FEE.starts_on, "covers_to": FEE.ends_on}
    purse.grant(300, 1, invoice=1, **covers)
    purse.grant(300, 2, invoice=1, **covers | {"covers_to": FEE.ends_on - timedelta(days=1)})
    purse.grant(300, 3, invoice=1, credit="token")
    purse.bill(fee=1000)
    assert left(purse) == [0, 300, 300]
