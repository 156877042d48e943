"""What a change will cost before it is made: the bills until it takes effect, the one that it causes, and the credits."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.billing.domain.correction import Carried
from services.billing.domain.coupon import Metered
from services.billing.domain.invoice import INVOICE
from services.billing.domain.invoice.commands import DraftInvoice, IssueInvoice, Number
from services.billing.domain.invoice.compose import compose
from services.billing.domain.invoice.header import Header
from services.billing.domain.invoice.state import Invoice
from services.billing.domain.invoice.unused import unused
from services.billing.domain.subscription import SUBSCRIPTION
from services.billing.domain.subscription.billing import bill, boundaries
from services.billing.domain.subscription.commands import (
    EffectTransfer,
    EndPause,
    PauseSubscription,
    SubscriptionCommand,
)
from services.billing.domain.subscription.event_types import SubscriptionEvent
from services.billing.domain.subscription.events import Bill, BillRequested
from services.billing.domain.subscription.state import Subscription, days_of
from services.billing.domain.subscription.transferring import taken_over
from services.billing.domain.tax_status import TaxStatus
from services.billing.domain.taxation.rates import Taxation

NO_NUMBER = Number(legal_entity="", series="", sequence=0)


@dataclass(frozen=True, slots=True)
class ForeseenBill:
    """Flat charges and fees have amounts; of usage only the charges are known, by code."""

    invoice: Invoice
    metered: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Foreseen:
    """`credits` by invoice; one that was not issued by now is among the bills."""

    bills: tuple[ForeseenBill, ...]
    credits: tuple[tuple[Invoice, Carried], ...]


def foresee(
    subscription: Subscription,
    said: SubscriptionCommand,
    taking_effect: SubscriptionCommand,
    span: tuple[datetime, datetime],
    issued: Sequence[Invoice],
    tax: TaxStatus | None = None,
    taxation: Taxation | None = None,
    metered: Metered | None = None,
) -> Foreseen:
    """As if it were said at the first instant of the span and took effect at the last, and nothing else happened. Raises
    what `said` is refused with. `metered` is what earlier bills' usage came to."""
    return _foreseen_to(_after(subscription, said), taking_effect, span, issued, tax, taxation, metered)


def foresee_pause(
    subscription: Subscription,
    said: PauseSubscription,
    issued: Sequence[Invoice],
    tax: TaxStatus | None = None,
    taxation: Taxation | None = None,
    metered: Metered | None = None,
) -> Foreseen:
    """To the day on which it is over by itself: what is due when it begins, what is credited, and the rest of the period that
    is charged for when use resumes. Raises what `said` is refused with."""
    paused = _after(subscription, said)
    assert paused.paused is not None  # that, or it was refused
    begun, paused = _bills(paused, [said.at], tax, taxation, metered)
    until = paused.instant(paused.pauses[-1].until)
    found = [*issued, *(each.invoice for each in begun)]
    foreseen = _foreseen_to(paused, EndPause(at=until), (said.at, until), found, tax, taxation, metered)
    return Foreseen((*begun, *foreseen.bills), foreseen.credits)


def foresee_taken_over(
    subscription: Subscription,
    said: SubscriptionCommand,
    taking_effect: EffectTransfer,
    tax: TaxStatus | None = None,
    taxation: Taxation | None = None,
) -> Foreseen:
    """The first bill of the customer that it is transferred to."""
    gone = _after(_after(subscription, said), taking_effect)
    assert gone.transferred is not None  # that, or it was refused
    created = SUBSCRIPTION.decide(None, taken_over(gone, gone.transferred))
    begun = SUBSCRIPTION.replay(created)
    assert begun is not None
    bills, _ = _bills(begun, [taking_effect.at], tax, taxation)
    return Foreseen(tuple(bills), ())


def _foreseen_to(
    before: Subscription,
    taking_effect: SubscriptionCommand,
    span: tuple[datetime, datetime],
    issued: Sequence[Invoice],
    tax: TaxStatus | None,
    taxation: Taxation | None,
    metered: Metered | None,
) -> Foreseen:
    now, at = span
    instants = [instant for instant in _billing_instants(before) if now < instant < at]
    bills, before = _bills(before, instants, tax, taxation, metered)
    last, after = _bills(_after(before, taking_effect), [at], tax, taxation, metered)
    found = [*issued, *(foreseen.invoice for foreseen in bills)]
    credits = ((invoice, carried) for invoice in found if (carried := unused(after, invoice)) is not None)
    return Foreseen((*bills, *last), tuple(credits))


def _after(subscription: Subscription, command: SubscriptionCommand) -> Subscription:
    return _evolved(subscription, SUBSCRIPTION.decide(subscription, command))


def _evolved(subscription: Subscription, events: Iterable[SubscriptionEvent]) -> Subscription:
    for event in events:
        changed = SUBSCRIPTION.evolve(subscription, event)
        assert changed is not None  # it was there before
        subscription = changed
    return subscription


def _billing_instants(subscription: Subscription) -> Iterator[datetime]:
    for term in subscription.terms:
        line = subscription.agreed_line(term.number)
        yield from (subscription.instant(day) for day in boundaries(subscription.anchor, days_of(term), line))


def _bills(
    subscription: Subscription,
    instants: Sequence[datetime],
    tax: TaxStatus | None,
    taxation: Taxation | None,
    metered: Metered | None = None,
) -> tuple[list[ForeseenBill], Subscription]:
    bills = []
    for instant in instants:
        wanted = bill(subscription, instant, tax, taxation, metered=metered)
        if wanted is not None:
            bills.append(_foreseen(subscription, wanted))
            subscription = _evolved(subscription, [BillRequested(bill=wanted)])
    return bills, subscription


def _foreseen(subscription: Subscription, wanted: Bill) -> ForeseenBill:
    flat = replace(wanted, usage=(), true_up_terms=(), earlier=())
    header = Header(
        invoice_id=wanted.invoice_id,
        subscription_id=subscription.subscription_id,
        subscription_version=0,
        party=subscription.party_on(wanted.billing_on),
        legal_entity="",
        net_days=subscription.last.line.net_days,
        bill=flat,
    )
    drafted = INVOICE.decide(
        None, DraftInvoice(header=header, lines=compose(subscription, flat, {}), review_until=None)
    )
    issued = INVOICE.decide(INVOICE.replay(drafted), IssueInvoice(number=NO_NUMBER))
    invoice = INVOICE.replay([*drafted, *issued])
    assert invoice is not None
    return ForeseenBill(invoice, tuple(dict.fromkeys(item.charge for item in wanted.usage)))
