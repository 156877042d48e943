"""Above the bound of the settings an invoice waits for a person, by whatever way it comes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from functools import reduce

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from services.billing.domain.invoice import INVOICE
from services.billing.domain.invoice.commands import DiscardInvoice, IssueInvoice, ReleaseInvoice
from services.billing.domain.invoice.events import InvoiceHeld, InvoiceIssued, InvoiceReleased
from services.billing.domain.invoice.state import NotHeld
from services.billing.domain.tenant_settings import TENANT_SETTINGS, ChangeSettings, MalformedBound, TenantSettings
from shared.decider import NotAllowedNow
from shared.errors import DomainError
from tests.unit.billing.firm import Firm, at
from tests.unit.billing.firm_books import usd
from tests.unit.billing.test_invoice import DRAFT, ISSUE, TOTAL
from tests.unit.billing.test_invoice import given as after

BELOW = replace(ISSUE, bound=usd(TOTAL - 1))
LOOKED_AT = ReleaseInvoice(reason="a large order", on=date(2013, 2, 20))


def test_the_bound_itself_is_still_issued_and_one_more_is_held_once() -> None:
    [issued] = INVOICE.decide(after(DRAFT), replace(ISSUE, bound=usd(TOTAL)))
    assert isinstance(issued, InvoiceIssued)
    [held] = INVOICE.decide(after(DRAFT), BELOW)
    assert held == InvoiceHeld(total=usd(TOTAL), bound=usd(TOTAL - 1))
    assert INVOICE.decide(after(DRAFT, BELOW), BELOW) == []


def test_what_is_held_is_released_and_issued_whatever_the_bound_or_discarded() -> None:
    [released] = INVOICE.decide(after(DRAFT, BELOW), LOOKED_AT)
    assert released == InvoiceReleased(total=usd(TOTAL), reason="a large order", on=date(2013, 2, 20))
    assert after(DRAFT, BELOW, LOOKED_AT, BELOW).status == "issued"
    assert after(DRAFT, BELOW, DiscardInvoice(reason="wrong price")).status == "discarded"


def test_nobody_is_late_for_the_time_that_we_took_to_look() -> None:
    issued = after(DRAFT, BELOW, LOOKED_AT, BELOW).issued
    assert (issued.issued_on, issued.due_on) == (date(2013, 2, 1), date(2013, 3, 7))


def test_a_bound_that_was_raised_holds_nothing_any_more() -> None:
    assert after(DRAFT, BELOW, replace(ISSUE, bound=usd(TOTAL))).status == "issued"


def test_only_what_is_held_can_be_released() -> None:
    with pytest.raises(NotHeld):
        INVOICE.decide(after(DRAFT), LOOKED_AT)
    with pytest.raises(NotAllowedNow):
        INVOICE.decide(after(DRAFT, ISSUE), LOOKED_AT)


@pytest.mark.parametrize("bounds", [{"USD": -1}, {"XXY": 5}])
def test_a_bound_is_an_amount_of_a_currency(bounds: dict[str, int]) -> None:
    with pytest.raises(DomainError) as refused:
        TENANT_SETTINGS.decide(TenantSettings(), ChangeSettings(settings=TenantSettings(invoice_bounds=bounds)))
    assert isinstance(refused.value, MalformedBound) == ("USD" in bounds)


@given(some.integers(0, 60), some.integers(0, 20_000))
@settings(max_examples=40, deadline=None)
def test_all_but_what_is_above_the_bound_is_issued_by_itself(departures: int, bound: int) -> None:
    firm = Firm(bounds={"USD": bound}).closed({"JFK": departures})
    invoices = [state for (category, _), state in firm.states.items() if category == "invoice"]
    for invoice in invoices:
        is_above = invoice.totals.total.minor > bound
        assert (invoice.status == "draft", invoice.held) == (is_above, is_above)


def test_a_draft_that_is_held_is_rated_again_like_any_other() -> None:
    firm = Firm(bounds={"USD": 0}).closed({"JFK": 20})
    firm.now = at(2, 3)
    firm.revise({"JFK": 50})
    assert (firm.original.held, firm.original.totals) == (True, firm.rated())
    assert reduce(INVOICE.evolve, INVOICE.decide(firm.original, LOOKED_AT), firm.original).released
    assert INVOICE.decide(firm.original, IssueInvoice(number=ISSUE.number, bound=usd(0))) == []
