"""A subscription of gates that is billed in memory: orders of the real processes are carried out on plain lists of events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial, reduce
from itertools import count
from typing import Any
from uuid import UUID, uuid5

from services.billing.domain.agreement import AgreedLine
from services.billing.domain.invoice import INVOICE
from services.billing.domain.invoice.commands import (
    CreditInvoice,
    CreditLines,
    Number,
    RecordPayment,
    VoidInvoice,
    WriteOffInvoice,
)
from services.billing.domain.invoice.compose import compose
from services.billing.domain.invoice.events import CorrectionNoted, CreditNoteIssued
from services.billing.domain.invoice.giving_back import LinePart
from services.billing.domain.invoice.state import Invoice
from services.billing.domain.invoice.totals import Totals, totals_of
from services.billing.domain.period_total import PeriodTotal
from services.billing.domain.plan import Charge, MinimumCommitment
from services.billing.domain.pricing.price import Price, Tier
from services.billing.domain.subscription import SUBSCRIPTION
from services.billing.domain.subscription.billing import usage_periods
from services.billing.domain.subscription.commands import RequestBill, RequestInterimBill, StartTerm
from services.billing.domain.subscription.events import Bill
from services.billing.domain.tax_status import TaxStatus
from services.billing.domain.taxation.rates import Taxation
from services.billing.domain.usage_period import USAGE_PERIOD, RecordClosing, RecordRevision, RecordUsedSoFar
from services.billing.processes import correcting, invoicing, metering, progressive
from services.billing.processes.ahead_verification import verify_ahead
from services.billing.processes.correcting import Revised
from services.billing.processes.verification import Difference, Log, verify, verify_documents
from services.billing.processes.writing import Desk
from shared.money import Money
from shared.orders import Order
from tests.unit.billing.test_subscription import CREATE, LINE

RATE, OTHER = "0.08875", "0.07"
FEE = Charge(
    code="fee",
    name="Fee",
    kind="flat",
    in_advance=True,
    price=Price(model="per_unit", unit_amount=Decimal("15.01")),
    tax_rates=(RATE,),
)
GATES = Charge(
    code="gates",
    name="Gates",
    kind="metered",
    meter="gates",
    group_by=("origin",),
    price=Price(
        model="graduated",
        tiers=(Tier(up_to=Decimal(10), unit_amount=Decimal("3.333")), Tier(up_to=None, unit_amount=Decimal("1.011"))),
    ),
    tax_rates=(RATE, OTHER),
)
MINIMUM = MinimumCommitment(code="true_up", name="Minimum", amount=Money(4000, "USD"), tax_rates=(OTHER,))
AGREED = replace(LINE, charges=(FEE, GATES), minimum=MINIMUM)


def at(month: int, day: int = 1) -> datetime:
    """Midnight in New York, in winter."""
    return datetime(2013, month, day, 5, tzinfo=UTC)


def totals(departures: Mapping[str, int]) -> tuple[PeriodTotal, ...]:
    return tuple(
        PeriodTotal(group=group, quantity=Decimal(number), count=number, digest=f"{number:02x}")
        for group, number in sorted(departures.items())
        if number
    )


JANUARY = at(1)


@dataclass
class Firm:
    """`january` is the usage period of the first month, `original` the invoice that bills it."""

    line: AgreedLine = AGREED
    events: dict[tuple[str, UUID], list[Any]] = field(default_factory=dict)
    states: dict[tuple[str, UUID], Any] = field(default_factory=dict)
    now: datetime = JANUARY
    bounds: dict[str, int] = field(default_factory=dict)
    tax: TaxStatus | None = None
    taxation: Taxation | None = None

    def __post_init__(self) -> None:
        self.numbers = {series: count(1) for series in ("HUD", "HUD-CN")}
        self.id = CREATE.subscription_id
        self.carry_out([Order(SUBSCRIPTION, self.id, replace(CREATE, line=self.line))])
        self.carry_out(metering.on_subscription_created(self.state(SUBSCRIPTION, self.id)))
        self.carry_out([Order(SUBSCRIPTION, self.id, StartTerm(at=self.now))])
        (self.january,) = usage_periods(self.state(SUBSCRIPTION, self.id), self.now.date(), self.now.date())
        self.bill(at(1))

    def state(self, decider: Any, id_: UUID) -> Any:
        return self.states.get((decider.category, id_), decider.initial)

    def carry_out(self, orders: Iterable[Order]) -> None:
        for order in orders:
            events = order.decider.decide(self.state(order.decider, order.stream_id), order.command)
            key = (order.decider.category, order.stream_id)
            self.events.setdefault(key, []).extend(events)
            self.states[key] = reduce(order.decider.evolve, events, self.state(order.decider, order.stream_id))

    @property
    def desk(self) -> Desk:
        return Desk(
            invoice=lambda id_: self.state(INVOICE, id_),
            legal_entity="Hudson",
            next_number=lambda: self._number("HUD"),
            next_credit_note=lambda: self._number("HUD-CN"),
            at=self.now,
            bounds=self.bounds,
            period=lambda id_: self.state(USAGE_PERIOD, id_),
        )

    def _number(self, series: str) -> Number:
        return Number(legal_entity="Hudson", series=series, sequence=next(self.numbers[series]))

    def closed(self, departures: Mapping[str, int]) -> Firm:
        closing = RecordClosing(totals=totals(departures), learned_at=at(2))
        self.carry_out([Order(USAGE_PERIOD, self.january.period_id, closing)])
        self.bill(at(2))
        return self

    def use(self, instant: datetime, departures: Mapping[str, int]) -> Invoice | None:
        """So many in January by then, and the interim invoice that comes of it."""
        self.now, subscription = instant, self.state(SUBSCRIPTION, self.id)
        items = progressive.shared_items(subscription, self.january)
        periods = {item.period_id: self.state(USAGE_PERIOD, item.period_id) for item in items}
        told = {self.january.period_id: totals(departures)}
        bill = progressive.interim_bill(subscription, items, periods, told, instant, progressive.Taxed(status=self.tax))
        if bill is None:
            return None
        so_far = RecordUsedSoFar(totals=totals(departures), told_at=instant)
        self.carry_out([Order(USAGE_PERIOD, self.january.period_id, so_far)])
        self.carry_out([Order(SUBSCRIPTION, self.id, RequestInterimBill(bill=bill))])
        self.complete(bill)
        interim: Invoice = self.state(INVOICE, bill.invoice_id)
        return interim

    def void(self, invoice: Invoice) -> None:
        self.carry_out(progressive.on_given_up(invoice))
        self.carry_out([Order(INVOICE, invoice.header.invoice_id, VoidInvoice(reason="asked"))])

    def bill(self, instant: datetime) -> None:
        self.now = instant
        self.carry_out(progressive.withdraw_drafts(self.state(SUBSCRIPTION, self.id), instant, self.desk))
        before = self.state(SUBSCRIPTION, self.id)
        request = RequestBill(at=instant, tax=self.tax, taxation=self.taxation)
        events = SUBSCRIPTION.decide(before, request)
        self.carry_out([Order(SUBSCRIPTION, self.id, request)])
        for event in events:
            self.complete(event.bill)

    def complete(self, bill: Bill) -> None:
        subscription, version = self.state(SUBSCRIPTION, self.id), len(self.events["subscription", self.id])
        self.carry_out(invoicing.invoice(subscription, version, bill, self._usage(bill), self.desk))

    def _usage(self, bill: Bill) -> dict[UUID, Any]:
        for item in bill.usage:
            if ("usage_period", item.period_id) not in self.events:
                started = metering.on_period_started(self.state(SUBSCRIPTION, self.id), at(item.starts_on.month))
                self.carry_out(order for order in started if order.stream_id == item.period_id)
                closing = RecordClosing(totals=(), learned_at=self.now)
                self.carry_out([Order(USAGE_PERIOD, item.period_id, closing)])
        return {item.period_id: self.state(USAGE_PERIOD, item.period_id) for item in bill.metered}

    def revise(self, departures: Mapping[str, int], revision: int | None = None) -> None:
        """The next revision of January, or one that was told before."""
        id_ = self.january.period_id
        known = self.state(USAGE_PERIOD, id_).revision
        number = known + 1 if revision is None else revision
        record = RecordRevision(revision=number, totals=totals(departures), cause="late_events", event_ids=("/g#1",))
        self.carry_out([Order(USAGE_PERIOD, id_, record)])
        revised = Revised(
            correction_id=uuid5(id_, str(number)),
            item=self.january,
            revision=number,
            cause="late_events",
            event_ids=("/g#1",),
        )
        subscription, version = self.state(SUBSCRIPTION, self.id), len(self.events["subscription", self.id])
        usage = self._usage(self.original.header.bill)
        self.carry_out(correcting.on_period_revised(subscription, version, self.original, usage, revised, self.desk))

    def pay(self, invoice: Invoice, amount: Money) -> None:
        payment = uuid5(invoice.header.invoice_id, str(invoice.paid.minor))
        command = RecordPayment(payment_id=payment, amount=amount, reference="", received_at=self.now)
        self.carry_out([Order(INVOICE, invoice.header.invoice_id, command)])

    def credit_in_full(self, invoice: Invoice) -> None:
        command = CreditInvoice(number=self._number("HUD-CN"), on=self.now.date(), reason="goodwill")
        self.carry_out([Order(INVOICE, invoice.header.invoice_id, command)])

    def give_back(self, invoice: Invoice, parts: Mapping[int, int]) -> None:
        """Minor units, net, by the number of the line."""
        command = CreditLines(
            number=self._number("HUD-CN"),
            on=self.now.date(),
            at=self.now,
            reason="goodwill",
            parts=tuple(LinePart(line=line, amount=Money(minor, "USD")) for line, minor in parts.items()),
        )
        self.carry_out([Order(INVOICE, invoice.header.invoice_id, command)])

    def write_off(self, invoice: Invoice) -> None:
        command = WriteOffInvoice(reason="insolvent", on=self.now.date())
        self.carry_out([Order(INVOICE, invoice.header.invoice_id, command)])

    def note_as_before(self, departures: Mapping[str, int]) -> None:
        """A revision of January, as it was stored before corrections had answers."""
        id_, invoice = self.january.period_id, self.original
        record = RecordRevision(revision=1, totals=totals(departures), cause="late_events")
        self.carry_out([Order(USAGE_PERIOD, id_, record)])
        noted = CorrectionNoted(
            facts=invoice.issued,
            correction_id=UUID(int=77),
            period_id=id_,
            charge="gates",
            revision=1,
            cause="late_events",
            delta=Money(1, "USD"),
        )
        key = ("invoice", invoice.header.invoice_id)
        self.events[key].append(noted)
        self.states[key] = INVOICE.evolve(invoice, noted)

    @property
    def invoices(self) -> list[Invoice]:
        """Without the first one, of the fee alone."""
        ids = [id_ for category, id_ in self.events if category == "invoice"]
        return [self.state(INVOICE, id_) for id_ in ids][1:]

    @property
    def original(self) -> Invoice:
        return next(i for i in self.invoices if self.january in i.header.bill.usage)

    def happened(self, kind: type) -> list[Any]:
        return [e for events in self.events.values() for e in events if isinstance(e, kind)]

    def rated(self) -> Totals:
        """What the original would be with the latest usage, if nothing had been billed ahead of it."""
        bill = replace(self.original.header.bill, ahead=())
        lines = compose(self.state(SUBSCRIPTION, self.id), bill, self._usage(bill))
        return totals_of(lines, "USD", bill.rounding)

    def differences(self, invoice: Invoice) -> list[Difference]:
        """What verification finds."""
        corrects = invoice.header.corrects
        original = self.state(INVOICE, corrects.invoice_id if corrects else invoice.header.invoice_id)
        periods = [item.period_id for item in original.header.metered]
        log = Log(
            subscription=self.events["subscription", self.id],
            periods={id_: self.events["usage_period", id_] for id_ in periods},
        )
        family, own = (self.events["invoice", i.header.invoice_id] for i in (original, invoice))
        known = partial(self.state, INVOICE)
        notes = (event.corrects for event in own if isinstance(event, CreditNoteIssued) and event.corrects)
        others = [known(id_) for id_ in {corrects.invoice_id for corrects in notes}] or [original]
        documents = (found for other in others for found in verify_documents(invoice, own, other))
        return [*verify(family, log), *documents, *verify_ahead(invoice, known)]
