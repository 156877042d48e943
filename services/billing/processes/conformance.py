"""Whether a subscription and its invoices are what its quotes said: prices, discounts, caps, minimums and terms."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal
from uuid import UUID

from services.billing.domain.agreement import AgreedLine
from services.billing.domain.invoice_line import InvoiceLine
from services.billing.domain.plan import Charge
from services.billing.domain.quote.state import Quote
from services.billing.domain.subscription.events import Bill, Term
from services.billing.domain.subscription.state import Subscription
from services.billing.processes.one_off import items_of
from services.billing.processes.ordering import subscription_id
from services.billing.processes.verification import Difference, Log, verify
from shared.periods import plus_months

What = Literal["quote", "term", "quantity", "price", "discount", "cap", "minimum", "tax", "one_off"]


@dataclass(frozen=True, slots=True)
class Deviation:
    """What was agreed, and what holds instead; of the whole term where there is no `charge`."""

    what: What
    charge: str | None
    agreed: Any
    found: Any


def quoted_line(subscription: Subscription, term: Term, quote: Quote | None) -> AgreedLine | None:
    """The line of the accepted quote that the term comes from. A renewal quote has one line, any other one for each
    subscription that it began, from the day of the event where it starts with one. What was taken over from another customer
    is compared where it was agreed."""
    if subscription.origin is not None and term.number == 1:
        return term.line
    if quote is None or quote.status != "accepted":
        return None
    if quote.purpose == "renewal":
        return quote.lines[0]
    ids = {subscription_id(term.quote_id, number): line for number, line in enumerate(quote.lines, start=1)}
    line = ids.get(subscription.subscription_id)
    is_started = line is not None and subscription.start is not None and term.number == 1
    return replace(line, starts_on=term.starts_on) if line and is_started else line


def as_quoted(subscription: Subscription, lines: Mapping[int, AgreedLine | None]) -> Subscription:
    """The subscription as its quotes alone would have it, by term; what was amended was agreed by the amendment."""
    terms = tuple(replace(term, line=lines.get(term.number) or term.line) for term in subscription.terms)
    return replace(subscription, terms=terms)


def compare_term(subscription: Subscription, term: Term, quoted: AgreedLine | None) -> Iterator[Deviation]:
    """What the term was made with beside what was accepted; days that a pause added to it were agreed by the pause."""
    if quoted is None:
        yield Deviation("quote", None, None, str(term.quote_id))
        return
    line = term.line
    if line is quoted:
        return
    ends_on = _agreed_end(subscription, term, quoted)
    yield from _unequal("term", None, (quoted.starts_on, ends_on), (term.starts_on, term.ends_on))
    yield from _unequal("quantity", None, _quantities(quoted), _quantities(line))
    yield from _unequal("discount", None, _discounts(quoted), _discounts(line))
    yield from _unequal("minimum", None, quoted.minimum, line.minimum)
    yield from _unequal("tax", None, quoted.tax_inclusive, line.tax_inclusive)
    codes = dict.fromkeys(charge.code for charge in (*quoted.charges, *line.charges))
    for code in codes:
        yield from _compare_charge(code, _charge(quoted, code), _charge(line, code))


def compare_once(subscription: Subscription, quote: Quote | None) -> Iterator[Deviation]:
    """What the subscription charges once beside what was accepted: all of it with the first line, nothing with others."""
    if quote is None or quote.purpose != "new" or subscription.origin is not None:
        return
    is_first = subscription.subscription_id == subscription_id(quote.quote_id, 1)
    agreed = {item.agreed.code: item.agreed for item in (items_of(quote) if is_first else ())}
    found = {item.agreed.code: item.agreed for item in subscription.one_offs}
    for code in dict.fromkeys([*agreed, *found]):
        yield from _unequal("one_off", code, agreed.get(code), found.get(code))


def _agreed_end(subscription: Subscription, term: Term, quoted: AgreedLine) -> date:
    ends_on = quoted.ends_on or plus_months(term.starts_on, quoted.term_months)
    before = subscription.old_ends(term.number)
    return ends_on + (term.ends_on - before[0]) if before else ends_on


def _compare_charge(code: str, quoted: Charge | None, charge: Charge | None) -> Iterator[Deviation]:
    if quoted is None or charge is None:
        yield Deviation("price", code, quoted and quoted.price, charge and charge.price)
        return
    prices = ((quoted.price, quoted.filtered_prices), (charge.price, charge.filtered_prices))
    caps = (quoted.price.maximum_amount, charge.price.maximum_amount)
    yield from _unequal("cap", code, *caps)
    if caps[0] == caps[1]:
        yield from _unequal("price", code, *prices)
    yield from _unequal("tax", code, quoted.tax_rates, charge.tax_rates)
    yield from _unequal("tax", code, quoted.tax_category, charge.tax_category)


def _charge(line: AgreedLine, code: str) -> Charge | None:
    return next((charge for charge in line.charges if charge.code == code), None)


def _quantities(line: AgreedLine) -> Any:
    return line.quantity, tuple((phase.after_months, phase.quantity) for phase in line.ramp)


def _discounts(line: AgreedLine) -> Any:
    phases = tuple((phase.after_months, phase.discount_percent) for phase in line.ramp)
    return line.discount_percent, line.coupons, phases


def _unequal(what: What, charge: str | None, agreed: Any, found: Any) -> Iterator[Deviation]:
    if agreed != found:
        yield Deviation(what, charge, agreed, found)


def of_line(line: InvoiceLine, subscription: Subscription, quoted: AgreedLine | None) -> Iterator[Deviation]:
    """The days of a line lie in the term that was accepted, and in what a pause added to it."""
    if quoted is None or line.kind in ("reinstatement", "late_fee", "one_off"):
        return
    term = subscription.term(line.term_number)
    ends_on = _agreed_end(subscription, term, quoted)
    if line.starts_on < term.starts_on or line.ends_on > ends_on:
        days = f"{line.starts_on} to {line.ends_on}"
        yield Deviation("term", line.charge, f"{term.starts_on} to {ends_on}", days)


def invoiced_otherwise(
    events: Sequence[Any],
    log: Log,
    lines: Mapping[int, AgreedLine | None],
    once: Quote | None = None,
    subscription_id: UUID | None = None,
) -> list[Difference]:
    """An invoice, its corrections and credits made again from the log with the lines that the quotes have, and with what the
    quote `once` charges once, where the invoice charges for that. Of a consolidated invoice those of one subscription: the
    others are as the log has them."""

    def agreed(subscription: Subscription) -> Subscription:
        is_meant = subscription_id in (None, subscription.subscription_id)
        return as_quoted(subscription, lines) if is_meant else subscription

    def billed(bill: Bill, owner: UUID | None) -> Bill:
        is_meant = owner is None or subscription_id in (None, owner)
        return replace(bill, one_offs=items_of(once)) if once and bill.one_offs and is_meant else bill

    return verify(events, replace(log, agreed=agreed, billed=billed))
