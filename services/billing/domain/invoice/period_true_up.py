"""What the usage of a billing period lacks to the minimum that was agreed for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from services.billing.domain.agreement import AgreedLine
from services.billing.domain.invoice.new_line import new_line, plan_of
from services.billing.domain.invoice_line import InvoiceLine
from services.billing.domain.invoicing.commitment import true_up
from services.billing.domain.plan import MinimumCommitment
from services.billing.domain.proration import WHOLE, Share
from services.billing.domain.schedule import BillingPeriod
from services.billing.domain.subscription.events import UsageItem
from services.billing.domain.subscription.state import Subscription
from services.billing.domain.subscription.used import billed_period
from shared.money import Money


def period_true_up(
    subscription: Subscription,
    agreed: AgreedLine,
    minimum: MinimumCommitment,
    item: UsageItem,
    charged: Iterable[Money],
) -> Iterator[InvoiceLine]:
    least = prorated_minimum(subscription, agreed, minimum, item)
    missing = true_up(least, charged)
    if missing.minor:
        term = subscription.term(item.term_number)
        taxed = {"tax_rates": minimum.tax_rates, "tax_category": minimum.tax_category}
        told = {**plan_of(subscription, agreed, item), **taxed}
        yield new_line(term, "true_up", minimum.code, minimum.name, item.starts_on, item.ends_on, missing, **told)


def prorated_minimum(
    subscription: Subscription, agreed: AgreedLine, minimum: MinimumCommitment, item: UsageItem
) -> Money:
    """Of a part of a period its part, rounded."""
    part = _committed(subscription, agreed, billed_period(item))
    return part.of(minimum.amount.major, subscription.currency)


def _committed(subscription: Subscription, agreed: AgreedLine, period: BillingPeriod) -> Share:
    """Which share of a full period the minimum is for: nothing is committed for the days of a pause."""
    parts, charges = subscription.unpaused(period.part), subscription.flat_charges(agreed)
    if parts == (period.nominal,) or (agreed.proration == "none" and parts):
        return WHOLE
    shares = [charges.share(period.nominal, part) for part in parts]
    return Share(sum(each.numerator for each in shares), shares[0].denominator) if shares else Share(0, 1)
