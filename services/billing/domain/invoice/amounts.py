"""What a bill comes to by charge, without the lines that explain it: for questions over many bills."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from services.billing.domain.agreed_one_off import OneOffItem, charged
from services.billing.domain.agreement import AgreedLine
from services.billing.domain.invoice.compose import compose, when
from services.billing.domain.invoice.line_edits import LineEdit, edited
from services.billing.domain.invoice.period_true_up import prorated_minimum
from services.billing.domain.invoice.tariff import GroupTotals, Tariff
from services.billing.domain.invoicing.commitment import true_up
from services.billing.domain.period_total import PeriodTotal
from services.billing.domain.subscription.events import Bill, FlatItem, UsageItem
from services.billing.domain.subscription.state import Subscription
from services.billing.domain.usage_period import UsagePeriod
from shared.money import Money

Usage = Mapping[UUID, GroupTotals]


@dataclass(frozen=True, slots=True, kw_only=True)
class Metered:
    """What was metered for a charge on the same conditions: the totals of each of its periods."""

    charge: str
    term_number: int
    amendment: int
    totals: Sequence[GroupTotals]


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    """What stands on any number of bills of a subscription, whichever bill it is on."""

    flat: Sequence[FlatItem] = ()
    one_offs: Sequence[OneOffItem] = ()
    metered: Sequence[Metered] = ()


def is_apart(subscription: Subscription) -> bool:
    """Each item comes to the same, whatever else is on its bill; and each period of a charge is priced alike."""
    return not any(
        line.coupons or line.tax_inclusive or line.minimum or line.ramp for line in subscription.agreed_lines
    )


def as_agreed(line: AgreedLine, currency: str) -> AgreedLine:
    return line


@dataclass(frozen=True, slots=True)
class Amounts:
    """Of any number of subscriptions, bill by bill; the same as the lines of `compose`, which are made only where coupons
    share, where people edited them, and where a term is trued up. `instead` is the line that counts in the place of an
    agreed one. `known` has tariffs by the line's identity."""

    instead: Callable[[AgreedLine, str], AgreedLine] = as_agreed
    known: dict[tuple[int, str], tuple[AgreedLine, Tariff]] = field(default_factory=dict)

    def add(
        self,
        found: Counter[str],
        subscription: Subscription,
        bill: Bill,
        usage: Usage,
        edits: Sequence[LineEdit] = (),
    ) -> None:
        """Net minor units of what is flat, of usage, of true-ups and of what is charged once, by charge, as people edited
        it."""
        items: list[FlatItem | UsageItem] = [*bill.flat, *bill.usage]
        if edits or bill.true_up_terms or any(self._is_shared(subscription, item) for item in items):
            self._compose(found, subscription, bill, usage, edits)
            return
        self._add_fixed(found, subscription, bill.flat, bill.one_offs)
        metered = [(item, self._tariff(subscription, item)) for item in bill.usage]
        amounts = [tariff.usage(item, usage[item.period_id]) for item, tariff in metered]
        for (item, _), amount in zip(metered, amounts, strict=True):
            found[item.charge] += amount
        if any(tariff.line.period_minimum is not None for _, tariff in metered):
            _lift(found, subscription, metered, amounts)

    def add_items(self, found: Counter[str], subscription: Subscription, items: Items) -> None:
        """The same as bill by bill, of a subscription that `is_apart` and of bills that nobody edited."""
        self._add_fixed(found, subscription, items.flat, items.one_offs)
        for metered in items.metered:
            tariff = self._tariff(subscription, metered)
            found[metered.charge] += tariff.usage_of_all(metered.charge, metered.totals)

    def _add_fixed(
        self, found: Counter[str], subscription: Subscription, flat: Sequence[FlatItem], one_offs: Sequence[OneOffItem]
    ) -> None:
        for once in one_offs:
            found[once.agreed.code] += charged(once.agreed, subscription.currency).net.minor
        for item in flat:
            found[item.charge] += self._tariff(subscription, item).flat(subscription, item)

    def _tariff(self, subscription: Subscription, item: FlatItem | UsageItem | Metered) -> Tariff:
        line, currency = subscription.line(item.term_number, item.amendment), subscription.party.currency
        known = self.known.get((id(line), currency))
        if known is None:
            known = self.known[id(line), currency] = line, Tariff(self.instead(line, currency), currency)
        return known[1]

    def _is_shared(self, subscription: Subscription, item: FlatItem | UsageItem) -> bool:
        """Among lines, or with the tax: then there is no amount without the lines."""
        line = self._tariff(subscription, item).line
        return line.tax_inclusive or bool(subscription.term(item.term_number).line.coupons)

    def _compose(
        self, found: Counter[str], subscription: Subscription, bill: Bill, usage: Usage, edits: Sequence[LineEdit]
    ) -> None:
        periods = {item.period_id: _period(subscription, item, usage[item.period_id]) for item in bill.metered}
        alone = replace(bill, fees=(), corrections=(), tax=None, taxation=None, interim=None, used=(), ahead=())
        lines = compose(self._with_lines(subscription), alone, periods)
        for line in edited(lines, edits, alone, subscription.currency):
            found[line.charge] += line.amount.minor

    def _with_lines(self, subscription: Subscription) -> Subscription:
        currency = subscription.currency
        return replace(
            subscription,
            terms=tuple(replace(term, line=self.instead(term.line, currency)) for term in subscription.terms),
            amendments=tuple(replace(each, line=self.instead(each.line, currency)) for each in subscription.amendments),
        )


def _lift(
    found: Counter[str],
    subscription: Subscription,
    metered: Sequence[tuple[UsageItem, Tariff]],
    amounts: Sequence[int],
) -> None:
    """Charges of one period share the minimum of the first."""
    periods: dict[tuple[int, str], tuple[UsageItem, AgreedLine, int]] = {}
    for (item, tariff), amount in zip(metered, amounts, strict=True):
        first, line, so_far = periods.get(when(item), (item, tariff.line, 0))
        periods[when(item)] = first, line, so_far + amount
    for item, line, usage in periods.values():
        if line.period_minimum is not None:
            minimum = prorated_minimum(subscription, line, line.period_minimum, item)
            found[line.period_minimum.code] += true_up(minimum, [Money(usage, subscription.currency)]).minor


def _period(subscription: Subscription, item: UsageItem, totals: GroupTotals) -> UsagePeriod:
    told = tuple(PeriodTotal(group=group, quantity=quantity, count=n, digest="") for group, quantity, n in totals)
    id_, ends_at = subscription.subscription_id, subscription.instant(item.ends_on)
    return UsagePeriod(subscription_id=id_, item=item, ends_at=ends_at, closed=True, totals=told)
