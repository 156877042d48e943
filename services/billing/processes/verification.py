"""Makes an invoice and its corrections again from the log, as they were, and compares them line by line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from itertools import zip_longest
from typing import Any
from uuid import UUID

from services.billing.domain.correction import Carried, Correction, difference
from services.billing.domain.coupon import CappedCoupon
from services.billing.domain.given_back import rated_less_given
from services.billing.domain.invoice import INVOICE, one_off
from services.billing.domain.invoice.events import CorrectionNoted, CreditNoteIssued
from services.billing.domain.invoice.giving_back import LinePart, UncreditableLine, given_back
from services.billing.domain.invoice.header import Part
from services.billing.domain.invoice.line_edits import edited
from services.billing.domain.invoice.state import Invoice, OverCredit
from services.billing.domain.invoice.together import composed, rated_again
from services.billing.domain.invoice.unused import unused
from services.billing.domain.invoice_line import InvoiceLine
from services.billing.domain.subscription import SUBSCRIPTION
from services.billing.domain.subscription.events import Bill
from services.billing.domain.subscription.state import Subscription
from services.billing.domain.usage_period import at_revision
from services.billing.processes.correction_documents import taken_over


@dataclass(frozen=True, slots=True)
class Difference:
    """What stands on a document, and what the log gives."""

    document: str
    line: int
    field: str
    invoiced: Any
    recomputed: Any


@dataclass(frozen=True, slots=True)
class Log:
    """Events of the subscription, if there is one, up to the version that the invoice names, and of the usage periods that it
    bills; of a consolidated invoice those of its `subscriptions`. `agreed`, and `billed` of what is charged once for a
    subscription, if there is one, put something else to be compared with in the place of what the log has."""

    subscription: Sequence[Any]
    periods: Mapping[UUID, Sequence[Any]]
    subscriptions: Mapping[UUID, Sequence[Any]] = field(default_factory=dict)
    agreed: Callable[[Subscription], Subscription] = lambda subscription: subscription
    billed: Callable[[Bill, UUID | None], Bill] = lambda bill, subscription_id: bill

    def rated(
        self,
        invoice: Invoice,
        revisions: Mapping[UUID, int],
        capped: tuple[CappedCoupon, ...] = (),
        *,
        is_whole: bool = False,
    ) -> tuple[InvoiceLine, ...]:
        """The lines of the invoice with its periods at the given revisions and what coupons might take, and what people changed
        of it; `is_whole` is of all documents together."""
        if invoice.header.kind == "one_off":
            return one_off.rated(invoice, self.billed(invoice.header.bill, None))
        header, parts = invoice.header, map(self._part, taken_over(invoice.header, invoice.lines))
        usage = {id_: at_revision(events, revisions.get(id_, 0)) for id_, events in self.periods.items()}
        of_part = partial(self._capped, capped)
        lines = composed(header, tuple(parts), of_part, usage, is_whole=is_whole)
        return edited(lines, invoice.edits, header.bill, header.party.currency)

    def _capped(self, capped: tuple[CappedCoupon, ...], part: Part) -> Subscription:
        return replace(self._of_part(part), capped=capped)

    def _part(self, part: Part) -> Part:
        return replace(part, bill=self.billed(part.bill, part.subscription_id))

    def _of_part(self, part: Part) -> Subscription:
        return self.subscription_at(part.subscription_version, part.subscription_id)

    def subscription_at(self, version: int, subscription_id: UUID | None) -> Subscription:
        events = self.subscriptions.get(subscription_id, self.subscription) if subscription_id else self.subscription
        subscription = SUBSCRIPTION.replay(events[:version])
        assert subscription is not None  # the documents were made from it
        return self.agreed(subscription)


def verify(drafted: Sequence[Any], log: Log) -> list[Difference]:
    """The invoice itself, from its events, every credit for unused time, what people gave back, and every
    correction that was noted of it: what it was rated with then gives the lines that were noted. Nothing different means
    that all follows from the log."""
    found: list[Difference] = []
    invoice: Invoice | None = None
    for event in drafted:
        if isinstance(event, CorrectionNoted) and event.policy and invoice is not None:
            found += _noted(invoice, event, log)
        if isinstance(event, CreditNoteIssued) and event.subscription_version and invoice is not None:
            subscription = log.subscription_at(event.subscription_version, event.carried.lines[0].subscription_id)
            credited = unused(subscription, invoice) or Carried()
            found += _taken(event.credit_note_number, event.carried, credited)
        if isinstance(event, CreditNoteIssued) and event.is_given and invoice is not None:
            found += _given(invoice, event)
        invoice = INVOICE.evolve(invoice, event)
    assert invoice is not None  # its events begin with the draft
    recomputed = log.rated(invoice, _when_drafted(drafted))
    return [*_differences(_name(invoice), invoice.lines, recomputed), *found]


def _given(invoice: Invoice, event: CreditNoteIssued) -> Iterator[Difference]:
    """What a person asked for has the tax that goes with it, and is no more than the lines carried."""
    number = event.credit_note_number
    asked = [
        LinePart(line=line.corrects.line or 0, amount=line.amount) for line in event.carried.lines if line.corrects
    ]
    try:
        yield from _taken(number, event.carried, given_back(invoice, asked, number))
    except (OverCredit, UncreditableLine) as refused:
        yield Difference(number, 0, "lines", event.amount, str(refused))


def verify_documents(invoice: Invoice, events: Sequence[Any], corrected: Invoice) -> list[Difference]:
    """What the invoice and its credit notes took of the corrections of another one, or of its own, is what stands on
    them. `events` are those of `invoice`."""
    documents = {d.number: d.carried for d in corrected.documents if d.invoice_id == invoice.header.invoice_id}
    found: list[Difference] = []
    for event in events:
        is_related = isinstance(event, CreditNoteIssued) and event.corrects is not None
        if is_related and event.corrects.invoice_id == corrected.header.invoice_id:
            found += _taken(
                event.credit_note_number, event.carried, -documents.get(event.credit_note_number, Carried())
            )
    if invoice.header.corrects is not None:
        stands = Carried(lines=invoice.lines, taxes=invoice.totals.taxes)
        found += _taken(_name(invoice), stands, documents.get(_name(invoice), Carried()))
    return found


def _when_drafted(events: Sequence[Any]) -> Mapping[UUID, int]:
    """The revisions of the draft as it was issued, whatever it was rated with afterwards."""
    before = [event for event in events if not isinstance(event, CorrectionNoted)]
    invoice = INVOICE.replay(before)
    return invoice.revisions if invoice else {}


def _noted(invoice: Invoice, event: CorrectionNoted, log: Log) -> Iterator[Difference]:
    correction = Correction(
        correction_id=event.correction_id,
        invoice_id=invoice.header.invoice_id,
        invoice=_name(invoice),
        period_id=event.period_id,
        revision=event.revision,
        cause=event.cause,
    )
    currency = event.delta.currency
    before, header = invoice.carried(), invoice.header
    rated = rated_less_given(
        log.rated(invoice, event.revisions, event.capped, is_whole=True), before, invoice.given, header.invoice_id
    )
    lines = rated_again(header, rated, before.lines, event.period_id)
    after = Carried.of(lines, currency, header.bill.rounding)
    name = f"{_name(invoice)}, {event.charge} at revision {event.revision}"
    yield from _taken(name, event.difference, difference(after, before, invoice.lines, correction))


def _name(invoice: Invoice) -> str:
    return invoice.facts.number if invoice.facts else ""


def _taken(document: str, stands: Carried, recomputed: Carried) -> Iterator[Difference]:
    yield from _differences(document, stands.lines, recomputed.lines)
    for rate in dict.fromkeys([*stands.taxes, *recomputed.taxes]):
        old, new = stands.taxes.get(rate), recomputed.taxes.get(rate)
        if old != new:
            yield Difference(document, 0, f"tax {rate}", old, new)


def _differences(
    document: str, invoiced: Iterable[InvoiceLine], recomputed: Iterable[InvoiceLine]
) -> Iterator[Difference]:
    for number, (old, new) in enumerate(zip_longest(invoiced, recomputed), start=1):
        if old is None or new is None:
            yield Difference(document, number, "line", old and old.charge, new and new.charge)
            continue
        before, after = asdict(old), asdict(new.told_like(old))
        yield from (Difference(document, number, f, before[f], after[f]) for f in before if before[f] != after[f])
