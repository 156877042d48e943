"""/v1/customers/{external_id}/payment-profile: how a customer pays."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.billing.api.access import ChangePaymentProfiles, ReadBilling
from services.billing.api.customers import Key
from services.billing.domain.customer import customer_id
from services.billing.domain.payment_profile import (
    PAYMENT_PROFILE,
    ChangeProfile,
    PaymentMethod,
    PaymentProfile,
    UnappliedCash,
)
from services.billing.projections import customers
from shared.http.routes import TransactionalRoute
from shared.unit_of_work import UnitOfWork

router = APIRouter(prefix="/v1/customers", tags=["customers"], route_class=TransactionalRoute)

Iban = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$")]
ProviderName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]{1,40}$")]


class MethodForm(BaseModel):
    """`token` is the provider's name for what is charged; what could be the number of a card is refused."""

    model_config = ConfigDict(extra="forbid")
    provider: ProviderName
    token: Annotated[str, StringConstraints(min_length=1, max_length=200)]


class ProfileForm(BaseModel):
    model_config = ConfigDict(extra="forbid")
    unapplied_cash: UnappliedCash | None = None
    ibans: Annotated[list[Iban], Field(max_length=20)] = Field(default_factory=list)
    method: MethodForm | None = None
    autopay: Annotated[bool, Field(strict=True)] = False


class ProfileOut(ProfileForm):
    """`version` is 0 as long as nothing was said."""

    version: int


@router.put("/{external_id}/payment-profile")
def put(external_id: Key, body: ProfileForm, unit: ChangePaymentProfiles) -> ProfileOut:
    id_ = customer_id(unit.tenant_id, external_id)
    customers.get(unit, id_)
    method = None if body.method is None else PaymentMethod(**body.method.model_dump())
    profile = PaymentProfile(
        unapplied_cash=body.unapplied_cash, ibans=tuple(body.ibans), method=method, autopay=body.autopay
    )
    command = ChangeProfile(customer_id=id_, customer_key=external_id, profile=profile)
    unit.execute(PAYMENT_PROFILE, id_, command)
    return _shown(unit, external_id)


@router.get("/{external_id}/payment-profile")
def show(external_id: Key, unit: ReadBilling) -> ProfileOut:
    customers.get(unit, customer_id(unit.tenant_id, external_id))
    return _shown(unit, external_id)


def _shown(unit: UnitOfWork, key: str) -> ProfileOut:
    id_ = customer_id(unit.tenant_id, key)
    profile: PaymentProfile = unit.state(PAYMENT_PROFILE, id_)
    return ProfileOut(**asdict(profile), version=unit.version(PAYMENT_PROFILE, id_))
