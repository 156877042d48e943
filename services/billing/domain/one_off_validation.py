"""What is charged for once, as a person or a quote asks for it: how much of what, at a price that needs no usage."""

from __future__ import annotations

from decimal import Decimal
from typing import Protocol

from services.billing.domain.invoicing.tax import tax_rate
from services.billing.domain.plan_validation import FLAT_MODELS, FlatPriceTooClever
from services.billing.domain.pricing.limits import positive
from services.billing.domain.pricing.price import Price
from services.billing.domain.pricing.validation import validate


class ChargedForOnce(Protocol):
    @property
    def quantity(self) -> Decimal: ...

    @property
    def price(self) -> Price: ...

    @property
    def tax_rates(self) -> tuple[str, ...]: ...


def validate_one_off(item: ChargedForOnce, at: str = "") -> None:
    """A quantity is known when it is charged for, so what prices values and events is for usage alone."""
    positive(item.quantity, f"{at}/quantity")
    validate(item.price, f"{at}/price")
    if item.price.model not in FLAT_MODELS:
        raise FlatPriceTooClever(f"price it by one of {', '.join(FLAT_MODELS)}", field=f"{at}/price/model")
    for index, rate in enumerate(item.tax_rates):
        tax_rate(rate, f"{at}/tax_rates/{index}")
