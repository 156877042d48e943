"""What a quote line has to be, beyond its plan: how many, at which discount, for how long."""

from __future__ import annotations

from services.billing.domain.agreement import AgreedLine
from services.billing.domain.plan_validation import MAX_TERM_MONTHS, LimitExceeded
from services.billing.domain.pricing.limits import non_negative, positive
from services.billing.domain.pricing.validation import PercentTooHigh
from shared.errors import DomainError


class CouponFitsNothing(DomainError):
    """The line has none of the charges that the coupon is for."""


def validate_line(line: AgreedLine, at: str = "") -> None:
    """Raise a DomainError with the JSON pointer of the wrong field, below `at`."""
    positive(line.quantity, f"{at}/quantity")
    positive(line.term_months, f"{at}/term_months")
    non_negative(line.discount_percent, f"{at}/discount_percent")
    if line.discount_percent > 100:
        raise PercentTooHigh("take off at most 100 percent", field=f"{at}/discount_percent")
    for index, coupon in enumerate(line.coupons):
        if not any(coupon.takes_off(charge.code) for charge in line.charges):
            raise CouponFitsNothing("it is for other charges: leave it out", field=f"{at}/coupons/{index}")
    if line.term_months > MAX_TERM_MONTHS:
        raise LimitExceeded(f"give at most {MAX_TERM_MONTHS} months", field=f"{at}/term_months")
