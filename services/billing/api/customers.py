"""/v1/customers: kept up to date by whoever owns them, by their external id."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, ConfigDict, Field, StrictBool
from sqlalchemy import RowMapping

from services.billing.api.access import ChangeCustomers, ReadBilling
from services.billing.domain.customer import CUSTOMER, Customer, Invoicing, InvoicingMode, PutCustomer, customer_id
from services.billing.domain.customer_facts import Completeness, SizeBand, completeness
from services.billing.domain.tax_status import TaxStatus, TaxTreatment
from services.billing.domain.taxation.vat_id import plain_vat_id
from services.billing.domain.tenant_settings import TENANT_SETTINGS, TenantSettings
from services.billing.projections import customers
from services.billing.tables import customers as table
from shared.http.fields import Day
from shared.http.moments import AtMoment
from shared.http.pages import Listed, PageQuery, page_of
from shared.http.routes import TransactionalRoute
from shared.ids import prefixed
from shared.periods import local_day

router = APIRouter(prefix="/v1/customers", tags=["customers"], route_class=TransactionalRoute)

CustomerId = Annotated[UUID, prefixed("cus")]
Reference = Annotated[str, Field(max_length=200)]
Fact = Annotated[str, Field(max_length=50)]
Key = Annotated[str, Path(pattern=r"^[A-Za-z0-9._:@-]{1,100}$")]


class TaxForm(BaseModel):
    """Why no tax is charged, and the number of the certificate, or the tax id of the customer who owes it."""

    model_config = ConfigDict(extra="forbid")
    treatment: TaxTreatment
    reference: Annotated[str, Field(min_length=1, max_length=100)]


class InvoicingForm(BaseModel):
    """How bills are invoiced from a billing day on, which is still to come: each by itself, or those of one day together."""

    model_config = ConfigDict(extra="forbid")
    mode: InvoicingMode
    effective_on: Day


class CustomerIn(BaseModel):
    """Zone, currency and invoicing stay as they were where they are not said; a new customer has those of the settings.
    `size_band` goes by employees: `micro` up to 9, `small` 49, `medium` 249, `mid_enterprise` 2,499, `enterprise` more.
    `tax_place` is a country or a part of one, such as DE or US-NY-NYC; `vat_id` is checked for its form."""

    model_config = ConfigDict(extra="forbid")
    name: Annotated[str, Field(min_length=1, max_length=200)]
    zone: str | None = None
    currency: str | None = None
    locale: Annotated[str, Field(max_length=20)] = "en"
    segment: Fact = ""
    size_band: SizeBand | None = None
    industry: Fact = ""
    region: Fact = ""
    tier: Fact = ""
    external_refs: Annotated[dict[Reference, Reference], Field(max_length=20)] = Field(default_factory=dict)
    purchase_order_required: StrictBool = False
    tax: TaxForm | None = None
    tax_place: Annotated[str, Field(max_length=80)] = ""
    vat_id: Annotated[str, Field(max_length=30)] = ""
    invoicing: InvoicingForm | None = None


class CustomerOut(CustomerIn):
    """`invoicing` is what was chosen last, `invoicing_before` what holds, or held, until then, by day.
    `completeness` says which of `size_band`, `industry`, `region` and `tier` are `missing`, and how many percent are not."""

    invoicing_before: list[InvoicingForm]
    completeness: Completeness
    customer_id: CustomerId
    zone: str
    currency: str
    external_id: str
    version: int


@router.put("/{external_id}")
def put(external_id: Key, body: CustomerIn, unit: ChangeCustomers) -> CustomerOut:
    """Create or change; the same content again changes nothing."""
    id_ = customer_id(unit.tenant_id, external_id)
    before: Customer | TenantSettings = unit.state(CUSTOMER, id_) or unit.state(TENANT_SETTINGS, unit.tenant_id)
    said = body.model_dump(exclude={"invoicing"}) | {
        "zone": _said(body.zone, before.zone),
        "currency": _said(body.currency, before.currency),
        "vat_id": plain_vat_id(body.vat_id),
        "tax": body.tax and TaxStatus(**body.tax.model_dump()),
    }
    command = PutCustomer(
        customer_id=id_,
        customer=Customer(key=external_id, **said),
        invoicing=None if body.invoicing is None else Invoicing(**body.invoicing.model_dump()),
        today=local_day(unit.now, said["zone"]),
    )
    unit.execute(CUSTOMER, id_, command)
    return shown(customers.get(unit, id_))


@router.get("/{external_id}")
def show(external_id: Key, unit: ReadBilling, moment: AtMoment) -> CustomerOut:
    id_ = customer_id(unit.tenant_id, external_id)
    with customers.THEN.at(unit, id_, moment):
        return shown(customers.get(unit, id_))


async def _facts(
    size_band: SizeBand | None = None,
    industry: Fact | None = None,
    region: Fact | None = None,
    tier: Fact | None = None,
) -> dict[str, str | None]:
    return {"size_band": size_band, "industry": industry, "region": region, "tier": tier}


@router.get("")
def list_customers(
    unit: ReadBilling,
    page: PageQuery,
    facts: Annotated[dict[str, str | None], Depends(_facts)],
    external_id: str | None = None,
) -> Listed[CustomerOut]:
    """Those of whom all that is asked for is said, letter for letter. An empty `industry`, `region` or `tier` finds those of
    whom it is not said."""
    return page_of(unit, customers.of_tenant(unit, key=external_id, facts=facts), table.c.customer_id, page, shown)


def _said(value: str | None, before: str) -> str:
    return before if value is None else value


def shown(row: RowMapping | dict[str, Any]) -> CustomerOut:
    fields = {name: value for name, value in row["customer"].items() if name not in ("key", "invoicing")}
    *before, last = row["customer"]["invoicing"] or [None]
    return CustomerOut(
        customer_id=row["customer_id"],
        external_id=row["key"],
        version=row["version"],
        invoicing=last,
        invoicing_before=before,
        completeness=completeness(fields),
        **fields,
    )
