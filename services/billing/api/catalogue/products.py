"""/v1/products: what is sold; plans say how."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import RowMapping

from services.billing.api.access import ChangeCatalogue, ReadBilling
from services.billing.api.catalogue.plan_forms import Code
from services.billing.api.catalogue.plans import PlanCode
from services.billing.domain.product import PRODUCT, Product, PutProduct, product_id
from services.billing.projections.catalogue import products
from services.billing.tables import products as table
from shared.http.pages import Listed, PageQuery, page_of
from shared.http.routes import TransactionalRoute
from shared.ids import prefixed

router = APIRouter(prefix="/v1/products", tags=["catalogue"], route_class=TransactionalRoute)


class ProductForm(BaseModel):
    """Charges and minimums that say nothing of tax are of the `tax_category`, in plans that are published from then on."""

    model_config = ConfigDict(extra="forbid")
    name: Annotated[str, Field(min_length=1, max_length=200)]
    description: Annotated[str, Field(max_length=2000)] = ""
    tax_category: Code | None = None


class ProductAnswer(ProductForm):
    product_id: Annotated[UUID, prefixed("prd")]
    code: str
    version: int


@router.put("/{code}")
def put(code: PlanCode, body: ProductForm, unit: ChangeCatalogue) -> ProductAnswer:
    """Create or change; the same content again changes nothing."""
    id_ = product_id(unit.tenant_id, code)
    unit.execute(PRODUCT, id_, PutProduct(product_id=id_, product=Product(code=code, **body.model_dump())))
    return _shown(products.get(unit, code))


@router.get("/{code}")
def show(code: PlanCode, unit: ReadBilling) -> ProductAnswer:
    return _shown(products.get(unit, code))


@router.get("")
def list_products(unit: ReadBilling, page: PageQuery) -> Listed[ProductAnswer]:
    return page_of(unit, products.of_tenant(unit), table.c.code, page, _shown)


def _shown(row: RowMapping | dict[str, Any]) -> ProductAnswer:
    return ProductAnswer.model_validate({name: value for name, value in row.items() if name != "tenant_id"})
