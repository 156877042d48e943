"""What revisions of usage would do to invoices: the orders that they lead to, carried out on states that nobody keeps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal
from uuid import UUID, uuid5

from services.billing.domain.invoice import INVOICE
from services.billing.domain.invoice.commands import Number
from services.billing.domain.invoice.events import (
    CorrectionNoted,
    CreditNoteIssued,
    InvoiceDrafted,
    InvoiceRecalculated,
)
from services.billing.domain.invoice.state import Invoice
from services.billing.domain.invoicing.totals import InvoiceTotals
from services.billing.domain.period_total import PeriodTotal
from services.billing.domain.subscription import SUBSCRIPTION
from services.billing.domain.usage_period import USAGE_PERIOD, RecordRevision, UsagePeriod
from services.billing.processes import truing_up
from services.billing.processes.correcting import Revised, on_period_revised, rated_with
from services.billing.processes.writing import Contract, Desk
from shared.decider import AnyDecider
from shared.orders import Order

CAUSE = "preview"
NO_NUMBER = Number(legal_entity="", series="", sequence=0)
Kind = Literal["draft", "invoice", "credit_note", "next_invoice", "ignored"]


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What would be written: a draft changed, a correction invoice, a credit note of `invoice_id`, lines that wait for the next
    invoice, or nothing, by the plan's policy. Credit is negative."""

    kind: Kind
    invoice_id: UUID
    net: int
    tax: int
    refundable: int = 0

    @property
    def total(self) -> int:
        return self.net + self.tax


@dataclass(slots=True)
class Trial:
    """`state`, `version` and `history` tell streams as they are; what happens to them here is known here only."""

    state_of: Callable[[AnyDecider, UUID], Any]
    version_of: Callable[[AnyDecider, UUID], int]
    history_of: Callable[[UUID], Sequence[Any]]
    at: datetime
    states: dict[tuple[str, UUID], Any] = field(default_factory=dict)

    def state(self, decider: AnyDecider, id_: UUID) -> Any:
        key = (decider.category, id_)
        if key not in self.states:
            self.states[key] = self.state_of(decider, id_)
        return self.states[key]

    def revise(
        self, period_id: UUID, totals: tuple[PeriodTotal, ...], invoice_id: UUID, true_up_id: UUID | None = None
    ) -> dict[UUID, list[Foreseen]]:
        """A period of that invoice is told to have come to these totals; its term is trued up on another one. What follows,
        by invoice."""
        period: UsagePeriod = self.state(USAGE_PERIOD, period_id)
        revision = period.revision + 1
        record = RecordRevision(revision=revision, totals=totals, cause=CAUSE)
        self._carry_out([Order(USAGE_PERIOD, period_id, record)])
        invoice: Invoice = self.state(INVOICE, invoice_id)
        revised = Revised(
            correction_id=uuid5(period_id, f"{CAUSE}:{revision}"),
            item=next(item for item in invoice.header.usage if item.period_id == period_id),
            revision=revision,
            cause=CAUSE,
            event_ids=(),
        )
        found = {invoice_id: self._correct(invoice, revised)}
        trued_up: Invoice | None = self.state(INVOICE, true_up_id) if true_up_id else None
        period, billed = self.state(USAGE_PERIOD, period_id), self.state(INVOICE, invoice_id)
        if true_up_id and trued_up and truing_up.follows(billed, trued_up, period):
            found[true_up_id] = self._correct(trued_up, truing_up.once_more(revised))
        return found

    def _correct(self, invoice: Invoice, revised: Revised) -> list[Foreseen]:
        id_ = revised.item.period_id
        usage = rated_with(invoice, id_, lambda each: self.state(USAGE_PERIOD, each), self.history_of)
        subscription, version = self._contract(self.state(USAGE_PERIOD, id_).subscription_id)
        return self._carry_out(on_period_revised(subscription, version, invoice, usage, revised, self._desk()))

    def _contract(self, subscription_id: UUID) -> Contract:
        return self.state(SUBSCRIPTION, subscription_id), self.version_of(SUBSCRIPTION, subscription_id)

    def _desk(self) -> Desk:
        return Desk(
            invoice=lambda id_: self.state(INVOICE, id_),
            legal_entity="",
            next_number=lambda: NO_NUMBER,
            next_credit_note=lambda: NO_NUMBER,
            at=self.at,
            contract=self._contract,
        )

    def _carry_out(self, orders: Iterable[Order]) -> list[Foreseen]:
        found: list[Foreseen] = []
        for order in orders:
            state = self.state(order.decider, order.stream_id)
            for event in order.decider.decide(state, order.command):
                found += _foreseen(order.stream_id, state, event)
                state = order.decider.evolve(state, event)
            self.states[order.decider.category, order.stream_id] = state
        return found


def _foreseen(id_: UUID, before: Any, event: object) -> Iterator[Foreseen]:
    match event:
        case InvoiceRecalculated(totals=totals):
            net, tax = totals.subtotal - before.totals.subtotal, totals.tax - before.totals.tax
            yield Foreseen("draft", id_, net.minor, tax.minor)
        case InvoiceDrafted(totals=totals):
            yield Foreseen("invoice", id_, totals.subtotal.minor, totals.tax.minor)
        case CreditNoteIssued(amount=amount, tax=tax, refundable=refundable):
            yield Foreseen("credit_note", id_, -(amount - tax).minor, -tax.minor, refundable.minor)
        case CorrectionNoted(status="deferred"):
            yield _noted("next_invoice", id_, event)
        case CorrectionNoted(status="ignored"):
            yield _noted("ignored", id_, event)


def _noted(kind: Kind, id_: UUID, event: CorrectionNoted) -> Foreseen:
    totals: InvoiceTotals = event.difference.totals(event.delta.currency)
    return Foreseen(kind, id_, totals.subtotal.minor, totals.tax.minor)


def unchanged(period: UsagePeriod, totals: tuple[PeriodTotal, ...]) -> bool:
    """The totals are those that are known, whatever proves them."""
    return _quantities(period.totals) == _quantities(totals)


def _quantities(totals: tuple[PeriodTotal, ...]) -> set[PeriodTotal]:
    return {replace(total, digest="") for total in totals if total.quantity or total.count}
