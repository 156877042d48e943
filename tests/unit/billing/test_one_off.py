"""An invoice that no subscription asks for: what it is made of, and when it is due."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.billing.domain.invoice import INVOICE
from services.billing.domain.invoice.commands import IssueInvoice, Number
from services.billing.domain.invoice.events import InvoiceDrafted
from services.billing.domain.invoice.state import Invoice
from services.billing.domain.late_fee import LATE_FEE, LateFeePolicy
from services.billing.domain.pricing.limits import NumberTooLarge
from services.billing.domain.tax_status import TaxStatus
from services.billing.domain.taxation.listed import UnlistedTaxCategory
from services.billing.processes import late_fees, one_off
from services.billing.processes.correction_documents import Desk
from services.billing.processes.verification import Log, verify
from shared.orders import Order
from tests.unit.billing.test_line_edits import HOURS
from tests.unit.billing.test_subscription import PARTY

ID, NUMBER = UUID(int=41), Number(legal_entity="Hudson", series="HUD", sequence=7)
FIRST = datetime(2013, 2, 1, 5, tzinfo=UTC)
WANTED = one_off.Wanted(
    invoice_id=ID,
    party=PARTY,
    items=(HOURS, replace(HOURS, tax_rates=())),
    net_days=10,
    purchase_order="PO-7",
    review_days=0,
    tax=None,
    taxation=None,
    reason="ordered by phone",
)


class Office:
    """Carries out orders on lists of events."""

    def __init__(self, at: datetime = FIRST):
        self.events: dict[UUID, list[Any]] = {}
        self.at = at

    def state(self, id_: UUID) -> Invoice:
        return INVOICE.replay(self.events[id_])  # type: ignore[return-value]

    @property
    def desk(self) -> Desk:
        return Desk(
            invoice=self.state,
            legal_entity="Hudson",
            next_number=lambda: NUMBER,
            next_credit_note=lambda: NUMBER,
            at=self.at,
        )

    def carry_out(self, orders: Any) -> None:
        for order in orders:
            known = self.events.setdefault(order.stream_id, [])
            known += INVOICE.decide(INVOICE.replay(known), order.command)


def drafted(**changed: Any) -> Office:
    office = Office()
    office.carry_out(one_off.draft(replace(WANTED, **changed), office.desk))
    return office


def test_one_that_nobody_reviews_is_issued_at_once_with_all_that_was_asked_for() -> None:
    invoice = drafted().state(ID)
    assert (invoice.header.kind, invoice.issued.subscription_id, invoice.header.purchase_order) == (
        "one_off",
        None,
        "PO-7",
    )
    assert [(line.number, line.edit, line.kind) for line in invoice.lines] == [(1, 1, "one_off"), (2, 2, "one_off")]
    assert invoice.issued.due_on == date(2013, 2, 11)


def test_one_that_waits_for_a_person_or_a_day_is_due_from_its_issue_on() -> None:
    office = drafted(review_days=None)
    office.carry_out([Order(INVOICE, ID, IssueInvoice(number=NUMBER, on=date(2013, 2, 20)))])
    assert (office.state(ID).issued.issued_on, office.state(ID).issued.due_on) == (date(2013, 2, 20), date(2013, 3, 2))
    [event] = drafted(review_days=3).events[ID]
    assert isinstance(event, InvoiceDrafted) and event.review_until == datetime(2013, 2, 4, 5, tzinfo=UTC)


def test_who_is_exempt_is_not_taxed() -> None:
    office = drafted(tax=TaxStatus(treatment="exempt", reference="C-1"))
    assert not office.state(ID).totals.tax.minor and verify(office.events[ID], Log([], {})) == []


def test_an_absurd_one_is_refused() -> None:
    with pytest.raises(NumberTooLarge):
        drafted(items=(replace(HOURS, quantity=Decimal(10**14)),))


@given(st.lists(st.decimals("0.01", "9999", places=2), min_size=1, max_size=8))
def test_it_follows_from_what_was_asked_for(quantities: list[Decimal]) -> None:
    office = drafted(items=tuple(replace(HOURS, quantity=quantity) for quantity in quantities))
    assert verify(office.events[ID], Log([], {})) == []
    drafted_as = office.events[ID][0]
    falsified = replace(
        drafted_as, lines=(replace(drafted_as.lines[0], amount=-drafted_as.lines[0].amount), *drafted_as.lines[1:])
    )
    assert [each.field for each in verify([falsified, *office.events[ID][1:]], Log([], {}))] == ["amount"]


def test_its_late_fee_is_an_invoice_of_its_own_and_has_none_itself() -> None:
    office, policy = drafted(), LateFeePolicy(percent=Decimal(10), days=7)
    [scheduled] = [
        LATE_FEE.decide(None, order.command)[0] for order in late_fees.on_invoice_issued(office.state(ID), policy)
    ]
    office.at = datetime(2013, 2, 18, 5, tzinfo=UTC)
    office.carry_out(late_fees.on_due(office.state(ID), scheduled, office.desk))
    [fee_id] = office.events.keys() - {ID}
    fee = office.state(fee_id)
    assert (fee.totals.total, fee.issued.issued_on) == (office.state(ID).open.times(Decimal("0.1")), date(2013, 2, 18))
    assert verify(office.events[fee_id], Log([], {})) == []
    assert list(late_fees.on_invoice_issued(fee, policy)) == []
    before = len(office.events[fee_id])
    office.carry_out(late_fees.on_due(office.state(ID), scheduled, office.desk))
    assert len(office.events[fee_id]) == before


def test_a_line_of_a_tax_category_that_no_place_lists_is_refused() -> None:
    standard = replace(HOURS, tax_rates=(), tax_category="standard")
    wanted = replace(WANTED, items=(HOURS, standard))
    with pytest.raises(UnlistedTaxCategory) as refused:
        list(one_off.draft(wanted, Office().desk))
    assert refused.value.field == "/lines/1/tax_category"
    assert next(one_off.draft(replace(wanted, tax_categories=frozenset({"standard"})), Office().desk))
