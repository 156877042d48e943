"""What a quote charges once, as it is asked for and as it is answered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import date
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, Field

from services.billing.api.catalogue.plan_forms import Code, ExactForm, Name, Rates
from services.billing.api.quotes.discount_forms import DiscountForm, percent_off
from services.billing.domain.agreed_one_off import AgreedOneOff, OneOffs
from services.billing.domain.agreement import AgreedDiscount
from services.billing.domain.offered_line import OfferedLine
from services.billing.domain.plan import RevenueClass
from services.billing.domain.pricing.price import Price
from services.billing.domain.taxation.listed import check_listed
from services.billing.projections.catalogue import products, tax_places
from shared.http.fields import Day, DecimalText
from shared.unit_of_work import UnitOfWork


class QuotedOneOffForm(ExactForm):
    """`quantity` at `price`, without tax, on the first invoice. Without rates and category it is taxed as its product is.
    Revenue is earned on the day `delivered_on`, or without it with the invoice. `unit_cost` counts for the margin."""

    code: Code
    description: Name
    product: Code | None = None
    quantity: DecimalText = Decimal(1)
    price: Price
    discount_percent: DecimalText = Decimal(0)
    discounts: Annotated[list[DiscountForm], Field(max_length=10)] = Field(default_factory=list)
    tax_rates: Rates = ()
    tax_category: Code | None = None
    revenue_class: RevenueClass = "new"
    delivered_on: Annotated[Day, Field(ge=date(1990, 1, 1))] | None = None
    unit_cost: DecimalText | None = None
    cost_centre: Code | None = None

    def agreed(self, category: str | None) -> AgreedOneOff:
        said = {field.name: getattr(self, field.name) for field in fields(AgreedOneOff)}
        said_percent = self.discount_percent if "discount_percent" in self.model_fields_set else None
        return AgreedOneOff(
            **said
            | {
                "discounts": tuple(form.discount() for form in self.discounts),
                "discount_percent": percent_off(said_percent, self.discounts),
                "tax_category": self.tax_category or (None if self.tax_rates else category),
            }
        )


class OneOffAnswer(BaseModel):
    """net = list - discount, in minor units; its tax is that of the invoice that it is on."""

    code: str
    description: str
    product: str | None
    quantity: Decimal
    price: Price
    discount_percent: Decimal
    discounts: list[AgreedDiscount]
    tax_rates: list[str]
    tax_category: str | None
    revenue_class: RevenueClass
    delivered_on: date | None
    unit_cost: Decimal | None
    cost_centre: str | None
    list_minor: int
    discount_minor: int
    net_minor: int


def one_offs_of(unit: UnitOfWork, forms: Sequence[QuotedOneOffForm], net_days: int | None) -> OneOffs:
    """Raises ProductNotFound and UnlistedTaxCategory with the field."""
    items = tuple(form.agreed(_category(unit, form, f"/one_offs/{index}")) for index, form in enumerate(forms))
    listed = tax_places.categories(unit) if items else frozenset()
    for index, item in enumerate(items):
        check_listed(item.tax_category, listed, f"/one_offs/{index}/tax_category")
    return OneOffs(items=items, net_days=net_days)


def revised(
    unit: UnitOfWork,
    forms: Sequence[QuotedOneOffForm] | None,
    net_days: int | None,
    before: OneOffs,
    *,
    has_lines: bool,
) -> OneOffs | None:
    """None where nothing is said of them; the terms of payment stay where there is still no line."""
    if forms is None:
        return None if net_days is None else replace(before, net_days=net_days)
    kept = None if has_lines else before.net_days
    return one_offs_of(unit, forms, kept if net_days is None else net_days)


def one_off_answer(agreed: AgreedOneOff, offered: OfferedLine) -> OneOffAnswer:
    same = {field.name: getattr(agreed, field.name) for field in fields(agreed)}
    amounts = {
        "list_minor": offered.list_amount.minor,
        "discount_minor": offered.discount.minor,
        "net_minor": offered.net.minor,
    }
    return OneOffAnswer(**same | amounts)


def _category(unit: UnitOfWork, form: QuotedOneOffForm, at: str) -> str | None:
    if form.product is None:
        return None
    category: str | None = products.get(unit, form.product, field=f"{at}/product")["tax_category"]
    return category
