"""What is taken off a price by agreement, and what for."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated

from pydantic import Field

from services.billing.api.catalogue.plan_forms import Form
from services.billing.domain.agreement import AgreedDiscount
from services.billing.domain.pricing.exact import total
from shared.http.fields import DecimalText


class DiscountForm(Form):
    """A part of the discount, and what it is given for."""

    reason: Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,40}$")]
    percent: DecimalText

    def discount(self) -> AgreedDiscount:
        return AgreedDiscount(reason=self.reason, percent=self.percent)


def percent_off(said: Decimal | None, parts: Sequence[DiscountForm]) -> Decimal:
    """All of it, which need not be said where the parts are."""
    return total(form.percent for form in parts) if said is None else said
