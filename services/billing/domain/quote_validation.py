"""What a quote line has to be, beyond its plan: how many, at which discount, for how long."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from services.billing.domain.agreed_one_off import AgreedOneOff, OneOffs
from services.billing.domain.agreement import AgreedLine, RampPhase
from services.billing.domain.one_off_validation import validate_one_off
from services.billing.domain.plan_validation import MAX_TERM_MONTHS, LimitExceeded, NothingMetered, validate_price
from services.billing.domain.pricing.exact import total
from services.billing.domain.pricing.limits import non_negative, positive
from services.billing.domain.pricing.validation import PartNotAllowed, PercentTooHigh
from services.billing.domain.progressive import ProgressiveBilling, validate_progressive
from services.billing.domain.quote.alternatives import AlternativeTerms
from shared.errors import DomainError

MAX_PHASES = 60
MAX_ONE_OFFS = 100


class CouponFitsNothing(DomainError):
    """The line has none of the charges that the coupon is for."""


class CouponRepeated(DomainError):
    """A coupon is taken off a line once."""


class DiscountsDoNotAddUp(DomainError):
    """The parts of a discount, each with its reason, are all of it."""


class ReasonRepeated(DomainError):
    """Parts of a discount are told apart by their reason."""


class NothingToPrepay(DomainError):
    """What is paid before rights begin is what is charged in advance."""


class StartsTooEarly(DomainError):
    """The latest day is not before the one that is thought of."""


class PhaseOutOfOrder(DomainError):
    """The phases of a ramp follow each other inside the term."""


class NothingChanges(DomainError):
    """A phase is there to change something."""


class OneOffRepeated(DomainError):
    """One-offs of a quote are told apart by their code."""


class PaymentTermsMissing(DomainError):
    """A quote of one-offs alone has no plan that says when to pay."""


def validate_line(line: AgreedLine, at: str = "") -> None:
    """Raise a DomainError with the JSON pointer of the wrong field, below `at`."""
    positive(line.quantity, f"{at}/quantity")
    positive(line.term_months, f"{at}/term_months")
    _validate_payment(line, f"{at}/payment")
    _validate_start(line, at)
    _validate_discount(line.discount_percent, at)
    _validate_reasons(line, at)
    _validate_coupons(line, f"{at}/coupons")
    if line.progressive is not None:
        _validate_progressive(line, line.progressive, f"{at}/progressive_billing")
    if line.term_months > MAX_TERM_MONTHS:
        raise LimitExceeded(f"give at most {MAX_TERM_MONTHS} months", field=f"{at}/term_months")
    if len(line.ramp) > MAX_PHASES:
        raise LimitExceeded(f"give at most {MAX_PHASES} phases", field=f"{at}/ramp")
    for index, phase in enumerate(line.ramp):
        before = line.ramp[index - 1].after_months if index else 0
        if not before < phase.after_months < line.term_months:
            within = f"give more than {before} and less than {line.term_months} months"
            raise PhaseOutOfOrder(within, field=f"{at}/ramp/{index}/after_months")
        _validate_phase(line, phase, f"{at}/ramp/{index}")


def _validate_progressive(line: AgreedLine, progressive: ProgressiveBilling, at: str) -> None:
    validate_progressive(progressive, at)
    if not line.metered:
        raise NothingMetered("the line charges for no usage: leave it out", field=at)


def _validate_payment(line: AgreedLine, at: str) -> None:
    if line.payment != "on_invoice" and line.trial_days:
        raise PartNotAllowed("a trial begins by its day: leave it out, or the trial", field=at)
    if line.payment == "prepaid" and not line.is_billed_at_once:
        raise NothingToPrepay("nothing is charged in advance: leave it out", field=at)


def _validate_start(line: AgreedLine, at: str) -> None:
    """It waits for one thing, and has days of its own."""
    if line.starts == "date":
        if line.latest_start is not None:
            raise PartNotAllowed("it starts on its day: leave it out", field=f"{at}/latest_start")
        return
    if line.trial_days or line.payment != "on_invoice" or line.ends_on is not None:
        raise PartNotAllowed("without a trial, by `on_invoice`, and with a term of its own only", field=f"{at}/starts")
    if line.latest_start is not None and line.latest_start < line.starts_on:
        raise StartsTooEarly(f"a day from {line.starts_on} on, or none", field=f"{at}/latest_start")


def _validate_coupons(line: AgreedLine, at: str) -> None:
    for index, coupon in enumerate(line.coupons):
        if any(coupon.code == other.code for other in line.coupons[:index]):
            raise CouponRepeated("it is taken off once: leave the second out", field=f"{at}/{index}")
        if not any(coupon.takes_off(charge.code) for charge in line.charges):
            raise CouponFitsNothing("it is for other charges: leave it out", field=f"{at}/{index}")


def validate_one_offs(once: OneOffs, has_lines: bool) -> None:
    """Each by its JSON pointer; the terms of payment are said where no line says them."""
    if len(once.items) > MAX_ONE_OFFS:
        raise LimitExceeded(f"list at most {MAX_ONE_OFFS}", field="/one_offs")
    for index, item in enumerate(once.items):
        at = f"/one_offs/{index}"
        if any(item.code == other.code for other in once.items[:index]):
            raise OneOffRepeated("give each a code of its own", field=f"{at}/code")
        validate_one_off(item, at)
        if item.tax_category is not None and item.tax_rates:
            raise PartNotAllowed("the place of the customer says which rates; leave these out", field=f"{at}/tax_rates")
        _validate_discount(item.discount_percent, at)
        _validate_reasons(item, at)
        non_negative(item.unit_cost, f"{at}/unit_cost")
    if has_lines and once.net_days is not None:
        raise PartNotAllowed("the plan says when invoices are due: leave it out", field="/net_days")
    if not has_lines and once.net_days is None:
        raise PaymentTermsMissing("say in how many days it is to be paid", field="/net_days")


def validate_terms(terms: AlternativeTerms, at: str) -> None:
    """Of an alternative; what its lines have to be is asked of them."""
    positive(terms.term_months, f"{at}/term_months")
    if terms.term_months > MAX_TERM_MONTHS:
        raise LimitExceeded(f"give at most {MAX_TERM_MONTHS} months", field=f"{at}/term_months")
    _validate_discount(terms.discount_percent, at)
    non_negative(terms.uplift_percent, f"{at}/uplift_percent")
    if terms.uplift_percent > 100:
        raise PercentTooHigh("raise by at most 100 percent a year", field=f"{at}/uplift_percent")


def _validate_discount(percent: Decimal, at: str) -> None:
    non_negative(percent, f"{at}/discount_percent")
    if percent > 100:
        raise PercentTooHigh("take off at most 100 percent", field=f"{at}/discount_percent")


def _validate_reasons(line: AgreedLine | AgreedOneOff, at: str) -> None:
    for index, part in enumerate(line.discounts):
        non_negative(part.percent, f"{at}/discounts/{index}/percent")
    if len({part.reason for part in line.discounts}) < len(line.discounts):
        raise ReasonRepeated("name each reason once", field=f"{at}/discounts")
    if line.discounts and total(part.percent for part in line.discounts) != line.discount_percent:
        raise DiscountsDoNotAddUp("let them add up to discount_percent, or leave that out", field=f"{at}/discounts")


def _validate_phase(line: AgreedLine, phase: RampPhase, at: str) -> None:
    if phase == RampPhase(after_months=phase.after_months):
        raise NothingChanges("give a quantity, a discount or prices", field=at)
    positive(phase.quantity, f"{at}/quantity")
    _validate_discount(phase.discount_percent or Decimal(0), at)
    codes = {charge.code: charge for charge in line.charges}
    for code, price in phase.prices.items():
        if code not in codes:
            raise PartNotAllowed(f"the plan has no charge {code}", field=f"{at}/prices/{code}")
        validate_price(replace(codes[code], price=price), f"{at}/prices/{code}")
