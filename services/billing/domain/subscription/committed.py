"""What is committed to for a term by its end, and the usage that counts towards it: bill by bill, until it is trued up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction

from services.billing.domain.agreement import AgreedLine
from services.billing.domain.plan import MinimumCommitment
from services.billing.domain.proration import ProrationPolicy, Share, share_of_term
from services.billing.domain.schedule import term_of
from services.billing.domain.subscription.events import Bill, EarlierUse, Term, UsageItem
from services.billing.domain.subscription.state import Subscription
from shared.money import Money
from shared.periods import Days


@dataclass(frozen=True, slots=True)
class CommittedPart:
    """A minimum for a share of the full nominal term, as it was agreed with the term or by an `amendment` of it."""

    minimum: MinimumCommitment
    share: Share
    amendment: int


def trued_up_terms(agreed: Subscription, on: date, usage: Iterable[UsageItem]) -> tuple[int, ...]:
    """Terms that are over on a day and whose usage, on this bill or on earlier ones, counts towards a minimum."""
    numbers = {use.term_number for use in agreed.counting} | {i.term_number for i in usage if _counts(agreed, i)}
    begun = sorted(number for number in numbers if number <= len(agreed.terms))
    return tuple(number for number in begun if agreed.cancelled or agreed.term(number).ends_on <= on)


def counted_by(agreed: Subscription, on: date, usage: Iterable[UsageItem] = ()) -> tuple[EarlierUse, ...]:
    """The usage of these terms that was billed before."""
    over = trued_up_terms(agreed, on, usage)
    return tuple(use for use in agreed.counting if use.term_number in over)


def counting_after(subscription: Subscription, bill: Bill) -> tuple[EarlierUse, ...]:
    """What counts towards minimums that are not trued up yet, once a bill was asked for."""
    numbers = dict.fromkeys(item.term_number for item in bill.usage if _counts(subscription, item))
    if not (numbers or bill.true_up_terms):
        return subscription.counting
    before = (use for use in subscription.counting if use.term_number not in bill.true_up_terms)
    more = (_use(subscription, bill, number) for number in numbers if number not in bill.true_up_terms)
    return (*before, *more)


def committed_parts(subscription: Subscription, term: Term) -> tuple[CommittedPart, ...]:
    """By the conditions of the term, one after the other: of the full nominal term the days that are neither paused nor
    behind a cancellation, by the proration of the plan. Where that is `none`, one part is committed to in full; what two
    customers had of a term is shared by days."""
    found: list[CommittedPart] = []
    nominal, is_whole = _nominal(subscription, term), False
    zone, changes = subscription.first_zone, subscription.zone_changes
    for amendment, line, days in _conditions(subscription, term):
        minimum, parts, policy = line.term_minimum, subscription.unpaused(days), _policy(subscription, term, line)
        if minimum is None or not parts or (is_whole and policy == "none"):
            continue
        is_whole |= policy == "none"
        found.append(CommittedPart(minimum, share_of_term(policy, nominal, parts, zone, changes), amendment))
    return tuple(found)


def committed(parts: Iterable[CommittedPart], currency: str) -> Money:
    """The sum of all parts, rounded half away from zero once: parts of one amount add up to it."""
    exact = sum((_exactly(part) for part in parts), Fraction(0))
    return Share(exact.numerator, exact.denominator).of(Decimal(1), currency)


def committed_days(subscription: Subscription, term: Term) -> Days:
    """Up to the end of the term, or of what is metered of it."""
    ended = subscription.cancelled
    return Days(term.starts_on, min(term.ends_on, ended.metered_until) if ended else term.ends_on)


def counts(line: AgreedLine) -> bool:
    return line.term_minimum is not None


def _counts(subscription: Subscription, item: UsageItem) -> bool:
    return counts(subscription.line(item.term_number, item.amendment))


def _use(subscription: Subscription, bill: Bill, number: int) -> EarlierUse:
    """Coupons share among all that a bill charges for in the term."""
    is_shared = bool(subscription.term(number).line.coupons)
    periods = {item.period_id for item in bill.usage if item.term_number == number}
    return EarlierUse(
        term_number=number,
        billing_on=bill.billing_on,
        flat=tuple(item for item in bill.flat if item.term_number == number) if is_shared else (),
        usage=tuple(item for item in bill.usage if item.term_number == number),
        coupons=bill.coupons if is_shared else None,
        ahead=tuple(each for each in bill.ahead if each.period_id in periods) if is_shared else (),
    )


def _exactly(part: CommittedPart) -> Fraction:
    return Fraction(part.minimum.amount.major) * Fraction(part.share.numerator, part.share.denominator)


def _policy(subscription: Subscription, term: Term, line: AgreedLine) -> ProrationPolicy:
    is_left = subscription.transferred is not None and term == subscription.last
    is_shared = is_left or _is_rest(subscription, term)
    return "days" if line.proration == "none" and is_shared else line.proration


def _is_rest(subscription: Subscription, term: Term) -> bool:
    return subscription.origin is not None and term.number == 1


def _nominal(subscription: Subscription, term: Term) -> Days:
    """The full term; of one that was taken over from another customer as it began there."""
    starts_on = term.line.starts_on if _is_rest(subscription, term) else term.starts_on
    return term_of(starts_on, term.line.term_months)


def _conditions(subscription: Subscription, term: Term) -> Iterator[tuple[int, AgreedLine, Days]]:
    """Each with its days; one that was changed again on its first day has none."""
    end = committed_days(subscription, term).end
    steps: Sequence[tuple[int, AgreedLine, date]] = [
        (0, term.line, term.starts_on),
        *((a.number, a.line, a.effective_on) for a in subscription.amendments if a.term_number == term.number),
    ]
    ends = [*(min(on, end) for _, _, on in steps[1:]), end]
    for (number, line, on), until in zip(steps, ends, strict=True):
        if on < until:
            yield number, line, Days(on, until)
