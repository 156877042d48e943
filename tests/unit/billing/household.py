"""A customer with several subscriptions, in memory: their timers fire in one order, and a day may have one invoice."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from itertools import count
from typing import Any
from uuid import UUID, uuid5

from services.billing.domain.agreement import AgreedLine
from services.billing.domain.invoice.state import Invoice
from services.billing.domain.period_total import PeriodTotal
from services.billing.domain.subscription.commands import RequestBill
from services.billing.domain.subscription.events import Bill
from services.billing.domain.taxation.rates import Taxation
from services.billing.domain.usage_period import USAGE_PERIOD, RecordRevision
from services.billing.processes import consolidating, correcting, invoicing, truing_up
from services.billing.processes.consolidating import Wanted
from services.billing.processes.correcting import Revised
from services.billing.processes.verification import Difference, Log, verify, verify_documents
from services.billing.processes.writing import Contract, Desk
from shared.money import Money
from shared.orders import Order
from shared.timers import Timer
from tests.unit.billing.lifetime import Lifetime

# Whose line it is, and what it is for.
LineOf = tuple[UUID | None, str, str, date, date, int, int]


@dataclass
class Member(Lifetime):
    household: Any = None

    @property
    def desk(self) -> Desk:
        return replace(super().desk, contract=self.household.contract)

    def _answer(self, timer: Timer) -> Iterator[Order]:
        if timer.name == "bill":
            wanted = self.household.is_consolidated(self.subscription.day(timer.fire_at))
            request = RequestBill(at=timer.fire_at, taxation=self.taxation, is_consolidated=wanted)
            bills = [event.bill for event in self.say(request)]
            self.waiting += [bill for bill in bills if bill.together is None]
            self.household.waiting += [(self, bill) for bill in bills if bill.together]
            yield from self._complete()
        elif timer.name == "consolidation":
            yield from self.household.complete_days()
        elif timer.name == "review_over" and self.states["invoice", timer.subject].header.parts:
            yield from invoicing.issue(None, 0, self.states["invoice", timer.subject], self.desk)
        else:
            yield from super()._answer(timer)

    def _complete(self) -> Iterator[Order]:
        yield from super()._complete()
        yield from self.household.complete_days()


@dataclass
class Household:
    """`consolidated` are spans of billing days with one invoice a day."""

    consolidated: list[tuple[date, date]]
    taxation: Taxation | None = None
    members: list[Member] = field(default_factory=list)
    waiting: list[tuple[Member, Bill]] = field(default_factory=list)
    events: dict[tuple[str, UUID], list[Any]] = field(default_factory=lambda: defaultdict(list))
    states: dict[tuple[str, UUID], Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.numbers = {series: count(1) for series in ("INV", "INV-CN")}

    def join(self, line: AgreedLine, at: datetime, used: list[tuple[datetime, int]] | None = None) -> Member:
        id_ = UUID(int=100 + len(self.members))
        member = Member(
            line,
            at,
            me=id_,
            used=used or [],
            events=self.events,
            states=self.states,
            taxation=self.taxation,
            household=self,
        )
        member.numbers = self.numbers
        self.members.append(member)
        return member

    def is_consolidated(self, day: date) -> bool:
        return any(first <= day < end for first, end in self.consolidated)

    def contract(self, subscription_id: UUID) -> Contract:
        member = next(member for member in self.members if member.id == subscription_id)
        return member.subscription, member.version

    def move(self, to: datetime) -> None:
        while due := sorted(
            (
                (timer.fire_at, timer.stage, timer.name, n, timer)
                for n, member in enumerate(self.members)
                for timer in member.timers
                if timer.fire_at <= to
            ),
            key=lambda each: each[:4],
        ):
            *_, number, timer = due[0]
            self._close_usage(timer.fire_at)
            self.members[number].fire(timer)
        self._close_usage(to)

    def _close_usage(self, until: datetime) -> None:
        for member in self.members:
            member.close_usage(until)

    def complete_days(self) -> Iterator[Order]:
        """As the worker does it: a day whose timer has not fired may still get bills."""
        pending = {timer.fire_at for member in self.members for timer in member.timers if timer.name == "consolidation"}
        days: dict[tuple[date, str], list[tuple[Member, Bill]]] = defaultdict(list)
        for member, bill in self.waiting:
            assert bill.together is not None
            if bill.together.invoice_at not in pending:
                days[bill.billing_on, bill.together.currency].append((member, bill))
        for together in days.values():
            usage = {
                item.period_id: self.states["usage_period", item.period_id] for _, b in together for item in b.metered
            }
            if all(invoicing.is_complete(bill, usage) for _, bill in together):
                self.waiting = [each for each in self.waiting if each not in together]
                wanted = [Wanted(member.subscription, member.version, bill) for member, bill in together]
                yield from consolidating.invoice(wanted, usage, self._desk)

    @property
    def _desk(self) -> Desk:
        return max(self.members, key=lambda member: member.now).desk

    def revise(self, period_id: UUID, quantity: int, at: datetime) -> None:
        """Usage counts a closed period again, whether it has an invoice by then or not."""
        period = self.states["usage_period", period_id]
        member = next(member for member in self.members if member.id == period.subscription_id)
        for each in self.members:
            each.now = at
        total = PeriodTotal(group="", quantity=Decimal(quantity), count=quantity, digest="01")
        record = RecordRevision(revision=period.revision + 1, totals=(total,), cause="late_events")
        member.carry_out([Order(USAGE_PERIOD, period_id, record)])
        billing = (i for i in self.invoices if any(item.period_id == period_id for item in i.header.usage))
        invoice = next(billing, None)
        if invoice is None:
            return
        revised = Revised(
            correction_id=uuid5(period_id, str(period.revision + 1)),
            item=next(item for item in invoice.header.usage if item.period_id == period_id),
            revision=period.revision + 1,
            cause="late_events",
            event_ids=(),
        )
        self._answer(member, invoice, revised)
        bill = truing_up.bill_of(member.subscription, period)
        trued_up = next((i for i in self.invoices if bill in {part.bill.invoice_id for part in i.header.bills}), None)
        billed, period = self.states["invoice", invoice.header.invoice_id], self.states["usage_period", period_id]
        if trued_up is not None and truing_up.follows(billed, trued_up, period):
            self._answer(member, trued_up, truing_up.once_more(revised))

    def _answer(self, member: Member, invoice: Invoice, revised: Revised) -> None:
        usage = {item.period_id: self.states["usage_period", item.period_id] for item in invoice.header.metered}
        orders = correcting.on_period_revised(member.subscription, member.version, invoice, usage, revised, member.desk)
        member.carry_out(orders)

    @property
    def invoices(self) -> list[Invoice]:
        return [state for (category, _), state in self.states.items() if category == "invoice"]

    @property
    def net(self) -> dict[LineOf, int]:
        """What all documents carry by what it is for, in minor units, less what credit notes took back."""
        found: Counter[LineOf] = Counter()
        for invoice in self.invoices:
            notes = [e.carried for e in self.events["invoice", invoice.header.invoice_id] if hasattr(e, "carried")]
            for sign, lines in [(1, invoice.lines), *((-1, note.lines) for note in notes)]:
                for line in lines:
                    id_ = line.subscription_id or invoice.header.subscription_id
                    starts_on = line.starts_on if line.kind != "flat" else date.min
                    place = (id_, line.kind, line.charge, starts_on, line.ends_on, line.term_number, line.amendment)
                    found[place] += sign * line.amount.minor
        return {place: minor for place, minor in found.items() if minor}

    @property
    def money(self) -> Money:
        """What all invoices ask for, tax included, less what was credited."""
        return Money.total((i.totals.total - i.credited for i in self.invoices if i.facts), "USD")

    def differences(self) -> list[Difference]:
        """What verification finds in all documents."""
        found: list[Difference] = []
        for invoice in self.invoices:
            corrects = invoice.header.corrects
            family = self.states["invoice", corrects.invoice_id] if corrects else invoice
            header = family.header
            log = Log(
                subscription=self.events["subscription", header.subscription_ids[0]],
                periods={item.period_id: self.events["usage_period", item.period_id] for item in header.metered},
                subscriptions={id_: self.events["subscription", id_] for id_ in header.subscription_ids},
            )
            found += verify(self.events["invoice", header.invoice_id], log)
            found += verify_documents(invoice, self.events["invoice", invoice.header.invoice_id], family)
        return found
