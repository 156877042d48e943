"""At which amounts usage is billed while its period goes on, as sent and answered: decimal strings in major units."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from services.billing.domain.pricing.limits import TooManyPlaces
from services.billing.domain.progressive import ProgressiveBilling
from shared.http.fields import DecimalText
from shared.money import Money


class ProgressiveForm(BaseModel):
    """Each of `thresholds`, and behind the last one each further `repeats`."""

    model_config = ConfigDict(extra="forbid")

    thresholds: Annotated[list[DecimalText], Field(max_length=100)] = Field(default_factory=list)
    repeats: DecimalText | None = None

    def progressive(self, currency: str, at: str) -> ProgressiveBilling:
        """Raises TooManyPlaces."""
        thresholds = tuple(
            _exact(threshold, currency, f"{at}/thresholds/{index}") for index, threshold in enumerate(self.thresholds)
        )
        repeats = None if self.repeats is None else _exact(self.repeats, currency, f"{at}/repeats")
        return ProgressiveBilling(thresholds=thresholds, repeats=repeats)


def progressive_form(progressive: ProgressiveBilling) -> ProgressiveForm:
    thresholds = [threshold.major for threshold in progressive.thresholds]
    return ProgressiveForm(thresholds=thresholds, repeats=progressive.repeats and progressive.repeats.major)


def _exact(amount: Decimal, currency: str, field: str) -> Money:
    money = Money.rounded(amount, currency)
    if money.major != amount:
        raise TooManyPlaces(f"{currency} has fewer decimal places", field=field)
    return money
