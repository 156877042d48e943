"""A subscription that lives in memory: its own timers fire in their order, and usage closes what it was asked to meter."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import reduce
from itertools import count
from typing import Any
from uuid import UUID, uuid5

from services.billing.domain.agreed_one_off import AgreedOneOff
from services.billing.domain.agreement import AgreedLine, Party
from services.billing.domain.coupon import Metered
from services.billing.domain.invoice.commands import Number
from services.billing.domain.invoice.state import Invoice
from services.billing.domain.invoice_line import InvoiceLine
from services.billing.domain.period_total import PeriodTotal
from services.billing.domain.subscription import SUBSCRIPTION
from services.billing.domain.subscription.changes import Start
from services.billing.domain.subscription.commands import (
    CreateSubscription,
    EffectAmendments,
    EffectCancellation,
    EffectTransfer,
    EndPause,
    EndTerm,
    EndTrial,
    ExpireSubscription,
    RemindOfEnd,
    RemindOfTrialEnd,
    RequestBill,
    StartSubscription,
    StartTerm,
    TakeOverSubscription,
)
from services.billing.domain.subscription.couponed import with_usage_before
from services.billing.domain.subscription.events import Bill
from services.billing.domain.subscription.state import Subscription
from services.billing.domain.tax_status import TaxStatus
from services.billing.domain.taxation.rates import Taxation
from services.billing.domain.usage_period import USAGE_PERIOD, RecordClosing, RecordRevision, UsagePeriod
from services.billing.processes import correcting, crediting, invoicing, metering, renewing
from services.billing.processes.metered_charges import metered_charges
from services.billing.processes.schedule import timers_of
from services.billing.processes.verification import Difference, Log, verify, verify_documents
from services.billing.processes.writing import Desk
from shared.causes import Cause
from shared.event_store import Recorded, StreamKey
from shared.money import Money
from shared.orders import Order
from shared.timers import Timer
from tests.unit.billing.test_subscription import ME, PARTY, QUOTE

TENANT = UUID(int=77)
CLOCK = {
    "term_start": StartTerm,
    "term_ending": RemindOfEnd,
    "term_end": EndTerm,
    "window_end": ExpireSubscription,
    "cancellation": EffectCancellation,
    "amendments": EffectAmendments,
    "pause_end": EndPause,
    "transfer": EffectTransfer,
    "trial_end": EndTrial,
    "trial_ending": RemindOfTrialEnd,
}


@dataclass
class Lifetime:
    """`used` are calls by instant, the `log` all that happened in its order. One that goes on from another one is
    `taken_over`."""

    line: AgreedLine
    now: datetime
    party: Party = PARTY
    used: list[tuple[datetime, int]] = field(default_factory=list)
    events: dict[tuple[str, UUID], list[Any]] = field(default_factory=lambda: defaultdict(list))
    states: dict[tuple[str, UUID], Any] = field(default_factory=dict)
    timers: set[Timer] = field(default_factory=set)
    waiting: list[Bill] = field(default_factory=list)
    taxation: Taxation | None = None
    tax: TaxStatus | None = None
    taken_over: TakeOverSubscription | None = None
    one_offs: tuple[AgreedOneOff, ...] = ()
    me: UUID = ME
    log: list[Recorded] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.numbers = {series: count(1) for series in ("INV", "INV-CN")}
        created = CreateSubscription(
            subscription_id=self.me, party=self.party, line=self.line, quote_id=QUOTE, one_offs=self.one_offs
        )
        self.say(self.taken_over or created)
        self.carry_out(metering.on_subscription_created(self.subscription))

    @property
    def id(self) -> UUID:
        return self.taken_over.subscription_id if self.taken_over else self.me

    @property
    def subscription(self) -> Subscription:
        return self.states["subscription", self.id]

    @property
    def version(self) -> int:
        return len(self.events["subscription", self.id])

    @property
    def invoices(self) -> list[Invoice]:
        return [state for (category, _), state in self.states.items() if category == "invoice"]

    @property
    def periods(self) -> list[UsagePeriod]:
        periods = (state for (category, _), state in self.states.items() if category == "usage_period")
        return [period for period in periods if period.subscription_id == self.id]

    @property
    def desk(self) -> Desk:
        return Desk(
            invoice=lambda id_: self.states["invoice", id_],
            legal_entity="Us",
            next_number=lambda: self._number("INV"),
            next_credit_note=lambda: self._number("INV-CN"),
            at=self.now,
        )

    def _number(self, series: str) -> Number:
        return Number(legal_entity="Us", series=series, sequence=next(self.numbers[series]))

    def say(self, command: Any) -> list[Any]:
        """What the subscription answers; raises what it refuses with."""
        return self._do(Order(SUBSCRIPTION, self.id, command))

    def carry_out(self, orders: Iterable[Order]) -> None:
        for order in orders:
            self._do(order)

    def _do(self, order: Order) -> list[Any]:
        key = (order.decider.category, order.stream_id)
        state = self.states.get(key, order.decider.initial)
        events = order.decider.decide(state, order.command)
        for event in events:
            self.events[key].append(event)
            cause = Cause(TENANT, self.now, self.now, {})
            entry = Recorded(event, StreamKey(TENANT, *key), len(self.events[key]), None, cause)
            self.log.append(entry)
            self.timers |= set(timers_of(entry))
        self.states[key] = reduce(order.decider.evolve, events, state)
        return events

    def move(self, to: datetime) -> None:
        """Fires what is due up to then, each as of its instant; a timer that comes late keeps its own."""
        while due := sorted(
            (timer for timer in self.timers if timer.fire_at <= to), key=lambda t: (t.fire_at, t.stage, t.name)
        ):
            self.close_usage(due[0].fire_at)
            self.fire(due[0])
        self.close_usage(to)
        self.now = to

    def fire(self, timer: Timer) -> None:
        self.now = timer.fire_at
        self.timers.discard(timer)
        self.carry_out(self._answer(timer))

    def _answer(self, timer: Timer) -> Iterator[Order]:
        match timer.name:
            case "period_start":
                yield from metering.on_period_started(self.subscription, timer.fire_at)
            case "renewed_periods":
                yield from metering.on_term_renewed(self.subscription, timer.fire_at)
            case "notice_deadline":
                yield from renewing.on_notice_deadline(self.subscription, timer.fire_at)
            case "cut_periods":
                yield from metering.on_cut(self.subscription, self.periods)
                yield from metering.on_changed(self.subscription, timer.fire_at)
            case "bill":
                request = RequestBill(
                    at=timer.fire_at, taxation=self.taxation, tax=self.tax, metered=self.metered(timer.fire_at)
                )
                events = self.say(request)
                self.waiting += [event.bill for event in events]
                yield from self._complete()
            case "unused_time":
                for invoice in self.invoices:
                    yield from crediting.credit_unused(self.subscription, self.version, invoice, self.desk)
            case "review_over":
                draft = self.states["invoice", timer.subject]
                yield from invoicing.issue(self.subscription, self.version, draft, self.desk)
            case "latest_start":
                latest = Start(kind="latest_start", on=self.line.latest_start or self.now.date())
                yield Order(SUBSCRIPTION, self.id, StartSubscription(start=latest, at=timer.fire_at))
            case name if name in CLOCK:
                yield Order(SUBSCRIPTION, self.id, CLOCK[name](at=timer.fire_at))

    def close_usage(self, until: datetime) -> None:
        """In the order of their ends, each with what was used in it."""
        for period in sorted(self.periods, key=lambda period: period.ends_at):
            closes_at = period.ends_at + timedelta(seconds=self.line.collect_seconds)
            if not period.closed and closes_at <= until:
                self.now = max(self.now, closes_at)
                command = RecordClosing(totals=self._totals(period), learned_at=closes_at)
                self.carry_out([Order(USAGE_PERIOD, period.item.period_id, command)])
                self.carry_out(self._complete())

    def _totals(self, period: UsagePeriod) -> tuple[PeriodTotal, ...]:
        starts_at = self.subscription.instant(period.item.starts_on)
        number = sum(calls for at, calls in self.used if starts_at <= at < period.ends_at)
        return (PeriodTotal(group="", quantity=Decimal(number), count=number, digest="00"),)

    def _complete(self) -> Iterator[Order]:
        for bill in list(self.waiting):
            usage = self._usage(bill)
            if invoicing.is_complete(bill, usage):
                self.waiting.remove(bill)
                yield from invoicing.invoice(self.subscription, self.version, bill, usage, self.desk)

    def metered(self, at: datetime) -> Metered:
        """What the usage of issued bills came to of which a coupon may have left something."""
        found = {}
        for bill in with_usage_before(self.subscription, self.subscription.day(at)):
            invoice: Invoice | None = self.states.get(("invoice", bill.invoice_id))
            if invoice is not None and invoice.facts is not None:
                found[bill.invoice_id] = metered_charges(self.subscription, bill, self._usage(bill))
        return found

    def revise(self, period_id: UUID, calls: int) -> None:
        """Usage that was late: the period came to so many calls."""
        period: UsagePeriod = self.states["usage_period", period_id]
        revision = period.revision + 1
        totals = (PeriodTotal(group="", quantity=Decimal(calls), count=calls, digest="00"),)
        record = RecordRevision(revision=revision, totals=totals, cause="late_events", event_ids=())
        self.carry_out([Order(USAGE_PERIOD, period_id, record)])
        invoice = next(i for i in self.invoices if any(item.period_id == period_id for item in i.header.bill.usage))
        revised = correcting.Revised(
            correction_id=uuid5(period_id, str(revision)),
            item=period.item,
            revision=revision,
            cause="late_events",
            event_ids=(),
        )
        usage = self._usage(invoice.header.bill)
        self.carry_out(
            correcting.on_period_revised(self.subscription, self.version, invoice, usage, revised, self.desk)
        )

    def _usage(self, bill: Bill) -> dict[UUID, UsagePeriod]:
        return {item.period_id: self.states["usage_period", item.period_id] for item in bill.metered}

    def differences(self) -> list[Difference]:
        """What verification says of all invoices."""
        periods = {id_: events for (category, id_), events in self.events.items() if category == "usage_period"}
        found: list[Difference] = []
        for invoice in self.invoices:
            events = self.events["invoice", invoice.header.invoice_id]
            corrects = invoice.header.corrects
            if corrects is not None:
                found += verify_documents(invoice, events, self.states["invoice", corrects.invoice_id])
                continue
            billed = {item.period_id: periods[item.period_id] for item in invoice.header.bill.metered}
            found += verify(events, Log(subscription=self.events["subscription", self.id], periods=billed))
            found += verify_documents(invoice, events, invoice)
        return found

    def days_charged(self, code: str) -> Counter[date]:
        """How often each day is charged for, less how often that was credited."""
        charged: Counter[date] = Counter()
        for invoice in self.invoices:
            charged.update(day for line in invoice.lines if line.charge == code for day in days_between(line))
            for carried in invoice.unused:
                charged.subtract(day for line in carried.lines if line.charge == code for day in days_between(line))
        return +charged

    @property
    def money(self) -> Money:
        """What all invoices ask for, less what was credited."""
        asked = (invoice.totals.total - invoice.credited for invoice in self.invoices if invoice.facts)
        return Money.total(asked, self.party.currency)


def days_between(line: InvoiceLine) -> Iterator[date]:
    return (line.starts_on + timedelta(days=n) for n in range((line.ends_on - line.starts_on).days))
