"""What interim invoices billed of the usage on a bill, beside what that usage comes to by now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from services.billing.domain.billed_ahead import BilledAhead
from services.billing.domain.invoice.new_line import NONE, charged_by, new_line, plan_of
from services.billing.domain.invoice_line import InvoiceLine, UsageProof
from services.billing.domain.subscription.events import UsageItem
from services.billing.domain.subscription.state import Subscription
from shared.money import Money

Place = tuple[UUID, str]


@dataclass(slots=True)
class Ahead:
    """By usage period and group. What a line of an invoice takes off is no more than its usage comes to: what was billed
    beyond that is credited, and that is seen where `is_whole`."""

    billed: Sequence[BilledAhead]
    currency: str
    is_whole: bool = False
    by_place: dict[Place, list[BilledAhead]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        for each in self.billed:
            self.by_place.setdefault((each.period_id, each.group), []).append(each)

    def places(self, period_id: UUID) -> list[Place]:
        return [place for place in self.by_place if place[0] == period_id]

    def of(self, place: Place) -> Sequence[BilledAhead]:
        return self.by_place.get(place, ())

    def amount(self, place: Place) -> Money:
        """What was billed, before coupons."""
        return Money.total((each.amount for each in self.of(place)), self.currency)

    def off(self, line: InvoiceLine) -> Money:
        """What is taken off a line of usage, which has neither coupons nor tax yet."""
        nothing = Money.zero(self.currency)
        if line.proof is None or not self.billed:
            return nothing
        return max(nothing, min(self.amount((line.proof.period_id, line.group)), line.amount))

    def taken(self, period_id: UUID, lines: Sequence[InvoiceLine]) -> dict[Place, Money]:
        """The same of all groups of a period, of which some may be gone."""
        if self.is_whole:
            return {place: self.amount(place) for place in self.places(period_id)}
        found = dict.fromkeys(self.places(period_id), Money.zero(self.currency))
        mine = {(line.proof.period_id, line.group): self.off(line) for line in lines if line.proof}
        return {place: mine.get(place, nothing) for place, nothing in found.items()}

    def discounts(self, period_ids: Sequence[UUID]) -> Iterator[Money]:
        """What coupons took off interim invoices."""
        for each in self.billed:
            if each.period_id in period_ids:
                yield from (discount.amount for discount in each.discounts)


def _proof_of(last: BilledAhead) -> UsageProof:
    return UsageProof(period_id=last.period_id, revision=-last.told, count=last.count, digest=last.digest)


def billed_by(invoice_id: UUID, ahead: Ahead, used: Iterable[InvoiceLine]) -> Iterator[BilledAhead]:
    """What lines of usage add to what was billed before; `invoice_id` is that of the interim invoice that they are on."""
    for line in used:
        assert line.proof is not None  # it is of usage
        place = (line.proof.period_id, line.group)
        more = line.rated - ahead.amount(place)
        yield BilledAhead(
            invoice_id=invoice_id,
            period_id=line.proof.period_id,
            group=line.group,
            quantity=line.quantity - sum(each.quantity for each in ahead.of(place)),
            amount=max(more, Money.zero(more.currency)),
            told=-line.proof.revision,
            count=line.proof.count,
            digest=line.proof.digest,
            discounts=line.discounts,
        )


def taken_off(
    subscription: Subscription, ahead: Ahead, item: UsageItem, rated: Sequence[InvoiceLine]
) -> Iterator[InvoiceLine]:
    """Of each group one line that takes off what interim invoices billed, taxed as the usage is by now. A group that is gone
    before its period is over is for the bill of that."""
    term, agreed = subscription.term(item.term_number), subscription.line(item.term_number, item.amendment)
    charge = agreed.on(item.starts_on).charge(item.charge)
    used = {line.group for line in rated if line.proof and line.proof.period_id == item.period_id}
    for place, taken in ahead.taken(item.period_id, rated).items():
        billed = ahead.of(place)
        if item.told and place[1] not in used:
            continue
        yield new_line(
            term,
            "progressive",
            charge.code,
            charge.name,
            item.starts_on,
            item.ends_on,
            -taken,
            **plan_of(subscription, agreed, item),
            **charged_by(charge, term),
            group=place[1],
            quantity=-sum((each.quantity for each in billed), NONE),
            proof=_proof_of(billed[-1]),
        )
