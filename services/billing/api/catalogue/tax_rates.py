"""/v1/tax-rates: what a seller has to charge, by place, category and day."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field, StrictBool
from sqlalchemy import RowMapping

from services.billing.api.access import ChangeTaxes, ReadBilling
from services.billing.api.catalogue.plan_forms import Code, Rate
from services.billing.domain.taxation.rates import PlaceRates, TaxRate
from services.billing.domain.taxation.tax_place import MAX_RATES, TAX_PLACE, PutTaxRates, tax_place_id
from services.billing.projections.catalogue import tax_places
from services.billing.tables import tax_places as table
from shared.http.fields import Day
from shared.http.pages import Listed, PageQuery, page_of
from shared.http.routes import TransactionalRoute

router = APIRouter(prefix="/v1/tax-rates", tags=["taxes"], route_class=TransactionalRoute)

Place = Annotated[str, Path(pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,20}){0,3}$")]


class TaxRateForm(BaseModel):
    """`rate` is a fraction as text, "0.19", from a day on until the next one of the same code and category, or up to, not
    including, `until_on`. A `compound` tax is due on the net and the taxes before it."""

    model_config = ConfigDict(extra="forbid")
    code: Code
    category: Code = "standard"
    rate: Annotated[Rate, Field(max_length=20)]
    from_on: Day
    until_on: Day | None = None
    compound: StrictBool = False


class TaxPlaceForm(BaseModel):
    model_config = ConfigDict(extra="forbid")
    rates: Annotated[list[TaxRateForm], Field(max_length=MAX_RATES)]


class TaxPlaceAnswer(TaxPlaceForm):
    place: str
    version: int


@router.put("/{place}")
def put(place: Place, body: TaxPlaceForm, unit: ChangeTaxes) -> TaxPlaceAnswer:
    """All rates of a country, or of a part of one such as US-NY-NYC, earlier ones included. Taxes of a part are due beside
    those of what it is a part of; one of the same code stands in for it. Bills that were made keep what they were made with."""
    rates = PlaceRates(place=place, rates=tuple(TaxRate(**form.model_dump()) for form in body.rates))
    unit.execute(TAX_PLACE, tax_place_id(unit.tenant_id, place), PutTaxRates(rates=rates))
    return _shown(tax_places.get(unit, place))


@router.get("/{place}")
def show(place: Place, unit: ReadBilling) -> TaxPlaceAnswer:
    return _shown(tax_places.get(unit, place))


@router.get("")
def list_places(unit: ReadBilling, page: PageQuery) -> Listed[TaxPlaceAnswer]:
    return page_of(unit, tax_places.of_tenant(unit), table.c.place, page, _shown)


def _shown(row: RowMapping | dict[str, Any]) -> TaxPlaceAnswer:
    rates = [
        TaxRateForm(**each | {name: _day(each[name]) for name in ("from_on", "until_on")}) for each in row["rates"]
    ]
    return TaxPlaceAnswer(place=row["place"], rates=rates, version=row["version"])


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)
