"""Whatever happens to wallets: balances close, debits equal credits, and the same sum is paid in every order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from itertools import permutations
from typing import Any
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.billing.domain.wallet.events import Rollover
from shared.errors import DomainError
from tests.unit.billing.ledger_books import balances
from tests.unit.billing.purse import FEE, Purse, day, left
from tests.unit.billing.till import usd

RATES = ("0.1",)

acts = st.lists(
    st.one_of(
        st.tuples(st.just("grant"), st.integers(1, 2000), st.integers(0, 3), st.sampled_from([None, 5, 40])),
        st.tuples(st.just("prepay"), st.integers(1, 2000), st.integers(0, 3), st.sampled_from([None, 5, 40])),
        st.tuples(st.just("include"), st.integers(1, 2000), st.integers(0, 120), st.sampled_from([1, 20])),
        st.tuples(st.just("bill"), st.integers(0, 1500), st.integers(0, 1500), st.none()),
        st.tuples(st.just("void"), st.integers(1, 8), st.none(), st.none()),
        st.tuples(st.just("credit"), st.integers(1, 8), st.integers(1, 1500), st.none()),
        st.tuples(st.just("dispute"), st.integers(1, 8), st.integers(1, 2000), st.none()),
        st.tuples(st.just("revoke"), st.integers(1, 8), st.none(), st.none()),
        st.tuples(st.just("wait"), st.integers(1, 12), st.none(), st.none()),
    ),
    min_size=3,
    max_size=20,
)


@given(acts)
def test_whatever_happens_balances_close_and_debits_equal_credits(story: Sequence[tuple[Any, ...]]) -> None:
    purse = Purse()
    for number, act in enumerate(story, start=1):
        with suppress(DomainError, KeyError):
            play(purse, number, *act)
    booked = purse.booked()
    assert all(entry.is_balanced for entry in booked)
    accounts = balances(booked)
    for wallet in purse.wallets:
        paid = sum(amount.minor for amount in wallet.drawn.values())
        assert wallet.balance.minor >= 0
        gone = wallet.expired.minor + wallet.revoked.minor + wallet.rolled_over.minor
        received = sum(amount.minor for amount in wallet.received.values())
        assert wallet.granted.minor + received == wallet.balance.minor + paid + gone
    prepaid = sum(wallet.balance.minor for wallet in purse.wallets if not wallet.facts.promotional)
    assert accounts["prepaid_credit"] == -prepaid
    paid_in = [state for (category, _), state in purse.states.items() if category == "payment"]
    assert accounts["cash"] == sum(payment.held.minor for payment in paid_in)
    assert accounts["unapplied_cash"] == -sum(payment.unapplied.minor for payment in paid_in)
    given_away = sum(a.minor for w in purse.wallets if w.facts.promotional for a in w.drawn.values())
    assert accounts["promotional_credit"] == given_away
    assert sum(w.rolled_over.minor for w in purse.wallets) == sum(
        amount.minor for w in purse.wallets for amount in w.received.values()
    )
    assert purse.drawn().minor == sum(a.minor for w in purse.wallets for a in w.drawn.values())
    assert accounts["receivables"] == sum(i.open.minor for i in purse.invoices if i.status != "voided")
    for invoice in purse.invoices:
        assert 0 <= invoice.open.minor <= invoice.totals.total.minor
        assert {each.wallet_id for each in invoice.credit} <= {wallet.facts.wallet_id for wallet in purse.wallets}


def play(purse: Purse, number: int, act: str, one: int, other: Any, days: int | None) -> None:
    expires_on = None if days is None else purse.today + timedelta(days=days)
    match act:
        case "grant":
            purse.grant(one, number, priority=other, expires_on=expires_on)
        case "prepay":
            purse.pay(one, number)
            purse.grant(one, number, payment=number, priority=other, expires_on=expires_on)
        case "include":
            rule = Rollover(series=UUID(int=9), percent=Decimal(min(other, 100)), limit=usd(500))
            covers = {"covers_from": purse.today, "covers_to": purse.today + timedelta(days=10)}
            purse.grant(one, number, invoice=1, expires_on=expires_on, rollover=rule, charges=(FEE.charge,), **covers)
        case "bill":
            purse.bill(number, fee=one, calls=other, rates=RATES)
        case "void":
            purse.void(one)
        case "credit":
            purse.credit(other, one)
        case "dispute":
            purse.charge_back(other, one)
        case "revoke":
            purse.revoke(one)
        case "wait":
            purse.live_until(purse.today + timedelta(days=one))


@given(st.lists(st.integers(0, 900), min_size=1, max_size=4), st.lists(st.integers(1, 900), min_size=1, max_size=3))
def test_in_whichever_order_invoices_come_credit_pays_the_same_sum(bills: list[int], grants: list[int]) -> None:
    found: Counter[int] = Counter()
    for order in permutations(bills):
        purse = Purse()
        for number, minor in enumerate(grants, start=1):
            purse.grant(minor, number)
        for number, minor in enumerate(order, start=1):
            purse.live_until(day(number))
            purse.bill(number, fee=minor)
        found[purse.drawn().minor] += 1
    assert list(found) == [min(sum(bills), sum(grants))]


@given(st.integers(1, 2000), st.integers(1, 2000), st.lists(st.integers(1, 900), min_size=1, max_size=3))
def test_an_invoice_and_its_void_leave_wallets_and_accounts_as_they_were(
    fee: int, calls: int, minors: list[int]
) -> None:
    purse = Purse()
    for number, minor in enumerate(minors, start=1):
        purse.pay(minor, number)
        purse.grant(minor, number, payment=number)
    before, accounts = left(purse), balances(purse.booked())
    purse.bill(fee=fee, calls=calls, rates=RATES)
    assert purse.drawn().minor == min(sum(minors), purse.invoice().totals.total.minor)
    purse.void()
    assert (left(purse), balances(purse.booked())) == (before, accounts)
