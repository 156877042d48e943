"""The state table of an invoice, the lines it is composed of, and the proof that they follow from the log."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from services.billing.domain.correction import Carried, Correction
from services.billing.domain.invoice import INVOICE
from services.billing.domain.invoice.commands import (
    CreditCorrection,
    CreditInvoice,
    DiscardInvoice,
    DraftInvoice,
    IssueInvoice,
    MarkOverdue,
    NoteCorrection,
    Number,
    RecalculateInvoice,
    RecordPayment,
    VoidInvoice,
)
from services.billing.domain.invoice.compose import compose
from services.billing.domain.invoice.events import (
    CorrectionNoted,
    CreditNoteIssued,
    InvoiceDiscarded,
    InvoiceIssued,
    InvoiceOverdue,
    InvoicePaid,
    InvoiceRecalculated,
    InvoiceVoided,
    PaymentAllocated,
)
from services.billing.domain.invoice.header import Header
from services.billing.domain.invoice.state import InvoiceNotFound, OverCredit, Overpayment
from services.billing.domain.period_total import PeriodTotal
from services.billing.domain.plan import MinimumCommitment
from services.billing.domain.subscription import SUBSCRIPTION
from services.billing.domain.subscription.commands import RequestBill
from services.billing.domain.subscription.events import Bill
from services.billing.domain.usage_period import USAGE_PERIOD, OpenUsagePeriod, RecordClosing, RecordRevision
from services.billing.processes.verification import Log, verify
from shared.decider import NotAllowedNow
from shared.money import CurrencyMismatch, Money
from tests.unit.billing.test_subscription import CREATE, LINE, START, Story, new_york

MINIMUM = MinimumCommitment(code="true_up", name="Minimum", amount=Money(500000, "USD"))
NUMBER = Number(legal_entity="Hudson", series="HUD", sequence=7)
AT = datetime(2013, 2, 14, 17, tzinfo=UTC)


def total(quantity: int) -> PeriodTotal:
    return PeriodTotal(group="", quantity=Decimal(quantity), count=quantity, digest="aa")


class February:
    """A subscription with a fee, calls at 1.00 and a minimum of 5,000.00, on its second billing day."""

    def __init__(self, calls: int = 3):
        self.story = Story(START)
        created = replace(CREATE, line=replace(LINE, minimum=MINIMUM))
        self.story.events = SUBSCRIPTION.decide(None, created)
        self.story.events += self.story.when(START)
        self.story.events += self.story.when(RequestBill(at=new_york(2013, 1, 1)))
        (requested,) = self.story.when(RequestBill(at=new_york(2013, 2, 1)))
        self.story.events.append(requested)
        self.bill: Bill = requested.bill
        (self.item,) = self.bill.usage
        self.period_events = self._period(calls)

    def _period(self, calls: int) -> list[Any]:
        open_ = OpenUsagePeriod(
            subscription_id=CREATE.subscription_id,
            customer_id=CREATE.party.customer_id,
            subjects=("F9",),
            meter="calls",
            group_by=(),
            item=self.item,
            starts_at=new_york(2013, 1, 1),
            ends_at=new_york(2013, 2, 1),
            collect_seconds=0,
        )
        events = USAGE_PERIOD.decide(None, open_)
        closing = RecordClosing(totals=(total(calls),), learned_at=AT)
        return [*events, *USAGE_PERIOD.decide(USAGE_PERIOD.replay(events), closing)]

    @property
    def period(self) -> Any:
        return USAGE_PERIOD.replay(self.period_events)

    @property
    def lines(self) -> Any:
        return compose(self.story.state, self.bill, {self.item.period_id: self.period})

    @property
    def draft(self) -> DraftInvoice:
        header = Header(
            invoice_id=self.bill.invoice_id,
            subscription_id=CREATE.subscription_id,
            subscription_version=len(self.story.events),
            party=CREATE.party,
            legal_entity="Hudson",
            net_days=15,
            bill=self.bill,
        )
        return DraftInvoice(header=header, lines=self.lines, review_until=None)


def given(*commands: Any) -> Any:
    state = None
    for command in commands:
        for event in INVOICE.decide(state, command):
            state = INVOICE.evolve(state, event)
    return state


def when(state: Any, command: Any) -> list[Any]:
    return INVOICE.decide(state, command)


def drafted(draft: DraftInvoice) -> list[Any]:
    return INVOICE.decide(None, draft)


def pay(minor: int, payment: int = 1, currency: str = "USD") -> RecordPayment:
    return RecordPayment(payment_id=UUID(int=payment), amount=Money(minor, currency), reference="", received_at=AT)


DRAFT, ISSUE = February().draft, IssueInvoice(number=NUMBER)
TOTAL = 650000  # the fee of 1,500.00 and usage lifted to 5,000.00, untaxed here


def test_lines_are_the_fee_the_usage_and_what_the_minimum_lacks() -> None:
    lines = [(line.number, line.kind, line.quantity, line.amount.minor) for line in February(calls=3).lines]
    assert lines == [(1, "flat", 1, 150000), (2, "usage", 3, 300), (3, "true_up", 1, 499700)]


def test_usage_above_the_minimum_has_no_true_up() -> None:
    assert [line.kind for line in February(calls=5001).lines] == ["flat", "usage"]


def test_a_usage_line_names_the_events_that_made_it() -> None:
    february = February()
    proof = february.lines[1].proof
    assert (proof.period_id, proof.revision, proof.count, proof.digest) == (february.item.period_id, 0, 3, "aa")


def test_an_issued_invoice_has_a_number_and_a_due_day() -> None:
    (issued,) = when(given(DRAFT), ISSUE)
    assert isinstance(issued, InvoiceIssued)
    assert (issued.facts.number, issued.facts.issued_on, issued.facts.due_on) == (
        "HUD-000007",
        date(2013, 2, 1),
        date(2013, 2, 16),
    )
    assert when(given(DRAFT, ISSUE), ISSUE) == []


def test_payments_add_up_until_it_is_paid() -> None:
    issued = given(DRAFT, ISSUE)
    (allocated,) = when(issued, pay(TOTAL - 1))
    assert isinstance(allocated, PaymentAllocated) and allocated.open.minor == 1
    last = when(given(DRAFT, ISSUE, pay(TOTAL - 1)), pay(1, payment=2))
    assert [type(event) for event in last] == [PaymentAllocated, InvoicePaid]
    assert when(given(DRAFT, ISSUE, pay(5)), pay(5)) == []  # the same payment again


def test_nobody_pays_more_than_they_owe_or_in_another_currency() -> None:
    with pytest.raises(Overpayment):
        when(given(DRAFT, ISSUE), pay(TOTAL + 1))
    with pytest.raises(CurrencyMismatch):
        when(given(DRAFT, ISSUE), pay(1, currency="EUR"))


def test_a_draft_is_neither_paid_nor_void() -> None:
    for command in (pay(1), VoidInvoice(reason="x"), CreditInvoice(number=NUMBER, on=AT.date(), reason="x")):
        with pytest.raises(NotAllowedNow):
            when(given(DRAFT), command)
    with pytest.raises(InvoiceNotFound):
        when(None, pay(1))
    assert [type(event) for event in when(given(DRAFT), DiscardInvoice(reason="x"))] == [InvoiceDiscarded]


def test_it_is_overdue_once_after_its_due_day() -> None:
    issued = given(DRAFT, ISSUE)
    assert when(issued, MarkOverdue(on=date(2013, 2, 16))) == []
    late = MarkOverdue(on=date(2013, 2, 17))
    assert [type(event) for event in when(issued, late)] == [InvoiceOverdue]
    assert when(given(DRAFT, ISSUE, late), late) == []
    assert when(given(DRAFT, ISSUE, pay(TOTAL)), late) == []


def test_only_what_nobody_paid_can_be_void() -> None:
    assert [type(event) for event in when(given(DRAFT, ISSUE), VoidInvoice(reason="x"))] == [InvoiceVoided]
    with pytest.raises(NotAllowedNow):
        when(given(DRAFT, ISSUE, pay(1)), VoidInvoice(reason="x"))


def test_a_full_credit_note_says_what_is_refundable() -> None:
    (note,) = when(given(DRAFT, ISSUE, pay(100)), CreditInvoice(number=NUMBER, on=AT.date(), reason="goodwill"))
    assert isinstance(note, CreditNoteIssued) and (note.amount.minor, note.refundable.minor) == (TOTAL, 100)


def test_a_revision_changes_a_draft() -> None:
    more = February(calls=6000).lines
    (changed,) = when(given(DRAFT), RecalculateInvoice(lines=more, cause="late"))
    assert isinstance(changed, InvoiceRecalculated) and changed.totals.subtotal.minor == 750000


def test_a_revision_is_noted_once_on_an_issued_invoice() -> None:
    why = correction(revision=1)
    difference = Carried(lines=DRAFT.lines[1:2])
    note = NoteCorrection(
        correction=why, charge="calls", status="open", policy="correct", difference=difference, revisions={}
    )
    (noted,) = when(given(DRAFT, ISSUE), note)
    assert isinstance(noted, CorrectionNoted) and noted.delta.minor == 300
    assert when(given(DRAFT, ISSUE, note), note) == []


def credit(minor: int, number: int = 1) -> CreditCorrection:
    line = replace(DRAFT.lines[1], amount=Money(minor, "USD"))
    return CreditCorrection(
        number=Number(legal_entity="Hudson", series="HUD-CN", sequence=number),
        on=AT.date(),
        at=AT,
        corrects=correction(revision=number),
        carried=Carried(lines=(line,)),
    )


def test_parts_are_credited_until_nothing_is_left() -> None:
    (first,) = when(given(DRAFT, ISSUE), credit(100))
    assert isinstance(first, CreditNoteIssued) and first.open == Money(TOTAL - 100, "USD") == first.left
    partly = given(DRAFT, ISSUE, credit(100))
    assert (partly.status, partly.open.minor, partly.left.minor) == ("issued", TOTAL - 100, TOTAL - 100)
    with pytest.raises(OverCredit):
        when(partly, credit(TOTAL - 99, number=2))
    with pytest.raises(NotAllowedNow):
        when(partly, VoidInvoice(reason="x"))
    (rest,) = when(partly, CreditInvoice(number=NUMBER, on=AT.date(), reason="goodwill"))
    assert isinstance(rest, CreditNoteIssued) and (rest.amount.minor, rest.is_last) == (TOTAL - 100, True)


def test_a_credit_of_what_is_still_open_pays_the_invoice() -> None:
    events = when(given(DRAFT, ISSUE, pay(TOTAL - 60)), credit(100))
    assert [type(event) for event in events] == [CreditNoteIssued, InvoicePaid]
    assert events[0].refundable.minor == 40
    paid = given(DRAFT, ISSUE, pay(TOTAL - 60), credit(100))
    assert (paid.status, paid.open.minor, paid.refundable.minor) == ("paid", 0, 40)
    (later,) = when(paid, credit(5, number=2))
    assert later.refundable.minor == 5


def correction(revision: int) -> Correction:
    return Correction(
        correction_id=UUID(int=5),
        invoice_id=DRAFT.header.invoice_id,
        invoice="HUD-000007",
        period_id=UUID(int=6),
        revision=revision,
        cause="late",
    )


def test_an_invoice_follows_from_the_log_also_after_a_later_revision() -> None:
    february = February()
    revised = RecordRevision(revision=1, totals=(total(9000),), cause="late")
    later = [*february.period_events, *USAGE_PERIOD.decide(february.period, revised)]
    assert verify(drafted(february.draft), Log(february.story.events, {february.item.period_id: later})) == []


def test_a_changed_line_is_found() -> None:
    february = February()
    wrong = replace(february.lines[1], amount=Money(1, "USD"))
    events = drafted(replace(february.draft, lines=(february.lines[0], wrong, february.lines[2])))
    (difference,) = verify(events, Log(february.story.events, {february.item.period_id: february.period_events}))
    assert (difference.line, difference.field) == (2, "amount")
