"""/v1/coupons: what can be taken off invoices; a quote names the coupons that it gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import Field, StrictInt

from services.billing.api.access import ChangeCatalogue, ReadBilling
from services.billing.api.amounts import PlainDecimal
from services.billing.api.catalogue.plan_forms import Code, Form, Name
from services.billing.api.catalogue.plans import PlanCode
from services.billing.domain.coupon import COUPON, Coupon, PutCoupon, coupon_id
from services.billing.projections.catalogue import coupons
from services.billing.tables import coupons as table
from shared.http.fields import Day, DecimalText
from shared.http.pages import Listed, PageQuery, page_of
from shared.http.routes import TransactionalRoute
from shared.ids import prefixed

router = APIRouter(prefix="/v1/coupons", tags=["catalogue"], route_class=TransactionalRoute)

CurrencyCode = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]


class CouponForm(Form):
    """`percent` (10 is 10 %), or `amounts` by currency in major units, once a billing period; off the invoices of the first
    `invoices` billing periods, or all; of `charges`, or all. `redeem_until` is the first day on which no quote can give it."""

    name: Name
    percent: DecimalText | None = None
    amounts: Annotated[dict[CurrencyCode, DecimalText], Field(max_length=200)] = Field(default_factory=dict)
    invoices: StrictInt | None = None
    charges: Annotated[tuple[Code, ...], Field(max_length=200)] = ()
    redeem_until: Day | None = None


class CouponAnswer(Form):
    coupon_id: Annotated[UUID, prefixed("cpn")]
    code: str
    name: str
    percent: PlainDecimal | None
    amounts: dict[str, PlainDecimal]
    invoices: int | None
    charges: tuple[str, ...]
    redeem_until: Day | None
    version: int


@router.put("/{code}")
def put(code: PlanCode, body: CouponForm, unit: ChangeCatalogue) -> CouponAnswer:
    """Create or change; quotes that gave it before keep what they gave."""
    id_ = coupon_id(unit.tenant_id, code)
    sent = {name: getattr(body, name) for name in type(body).model_fields}
    unit.execute(COUPON, id_, PutCoupon(coupon_id=id_, coupon=Coupon(code=code, **sent)))
    return _shown(coupons.get(unit, code))


@router.get("/{code}")
def show(code: PlanCode, unit: ReadBilling) -> CouponAnswer:
    return _shown(coupons.get(unit, code))


@router.get("")
def list_coupons(unit: ReadBilling, page: PageQuery) -> Listed[CouponAnswer]:
    return page_of(unit, coupons.of_tenant(unit), table.c.code, page, _shown)


def _shown(row: Mapping[Any, Any]) -> CouponAnswer:
    return CouponAnswer(**row["coupon"], coupon_id=row["coupon_id"], version=row["version"])
