"""/v1/settings: the tenant's legal entity, defaults and invoice series."""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from services.billing.api.access import ChangeSettings, ReadBilling
from services.billing.api.invoices.paper_forms import ClauseCode
from services.billing.domain import tenant_settings
from services.billing.domain.invoicing.tax import TaxPolicy
from services.billing.domain.late_fee import LateFeePolicy
from services.billing.domain.payment_profile import UnappliedCash
from services.billing.domain.quote.approval import (
    DEFAULT_APPROVAL,
    ApprovalLevel,
    ApprovalLimits,
    ApprovalMatrix,
)
from services.billing.domain.tenant_settings import TENANT_SETTINGS, TenantSettings
from shared.http.fields import DecimalText
from shared.http.routes import TransactionalRoute
from shared.unit_of_work import UnitOfWork

router = APIRouter(prefix="/v1/settings", tags=["settings"], route_class=TransactionalRoute)


Currency = Annotated[str, StringConstraints(min_length=3, max_length=3)]
Bound = Annotated[int, Field(ge=0, le=10**15, strict=True)]


class LateFeeForm(BaseModel):
    """`percent` of what is open so many days after the due day, as a line of the next invoice; zero is no fee."""

    model_config = ConfigDict(extra="forbid")
    percent: Annotated[DecimalText, Field(ge=0, le=100)] = Decimal(0)
    days: Annotated[int, Field(ge=1, le=365, strict=True)] = 7


class LimitsForm(BaseModel):
    """What may be given away at this level: null, or a currency that is not named, is no limit. `discount_amount` in major
    units of a whole term, by currency; `margin_percent` has to be left at least."""

    model_config = ConfigDict(extra="forbid")
    discount_percent: DecimalText | None = None
    discount_amount: Annotated[dict[str, DecimalText], Field(max_length=50)] = Field(default_factory=dict)
    margin_percent: DecimalText | None = None

    def limits(self) -> ApprovalLimits:
        return ApprovalLimits(**self.model_dump())


class ApprovalForm(BaseModel):
    """Beyond `own` somebody else has to approve a quote; beyond `director` an executive. Where `approvers` are listed by
    principal, each approves up to their level and nobody else does. A quote with one of `clauses` needs at least that
    level, and so does one that goes beyond a budget of its customer; without `over_budget` that needs nobody."""

    model_config = ConfigDict(extra="forbid")
    own: LimitsForm
    manager: LimitsForm
    director: LimitsForm
    approvers: dict[Annotated[str, Field(min_length=1, max_length=200)], ApprovalLevel] = Field(default_factory=dict)
    clauses: Annotated[dict[ClauseCode, ApprovalLevel], Field(max_length=50)] = Field(default_factory=dict)
    over_budget: ApprovalLevel | None = None

    def matrix(self) -> ApprovalMatrix:
        steps = {name: getattr(self, name).limits() for name in ("own", "manager", "director")}
        return ApprovalMatrix(**steps, approvers=self.approvers, clauses=self.clauses, over_budget=self.over_budget)


def _default_approval() -> ApprovalForm:
    return ApprovalForm.model_validate(asdict(DEFAULT_APPROVAL))


class SettingsBody(BaseModel):
    """`invoice_bounds` are minor units by currency: an invoice above its bound is held until somebody has looked at it.
    `tax_place` is that of customers who do not say theirs."""

    model_config = ConfigDict(extra="forbid")
    legal_entity: Annotated[str, Field(min_length=1, max_length=100)] = "default"
    currency: str = "EUR"
    zone: str = "UTC"
    invoice_series: str = "INV"
    unapplied_cash: UnappliedCash = "hold"
    autopay_retry_days: Annotated[list[Annotated[int, Field(ge=1, le=60, strict=True)]], Field(max_length=10)] = Field(
        default_factory=lambda: [3, 5, 7]
    )
    late_fee: LateFeeForm = Field(default_factory=LateFeeForm)
    approval: ApprovalForm = Field(default_factory=_default_approval)
    required_clauses: Annotated[list[ClauseCode], Field(max_length=50)] = Field(default_factory=list)
    invoice_bounds: Annotated[dict[Currency, Bound], Field(max_length=50)] = Field(default_factory=dict)
    tax_place: Annotated[str, Field(max_length=80)] = ""
    tax_rounding: TaxPolicy = "tax_per_rate"


class SettingsAnswer(SettingsBody):
    """`version` is 0 as long as the defaults stand."""

    version: int


@router.put("")
def change(body: SettingsBody, unit: ChangeSettings) -> SettingsAnswer:
    said = body.model_dump() | {
        "autopay_retry_days": tuple(body.autopay_retry_days),
        "late_fee": LateFeePolicy(percent=body.late_fee.percent, days=body.late_fee.days),
        "approval": body.approval.matrix(),
        "required_clauses": tuple(body.required_clauses),
    }
    unit.execute(
        TENANT_SETTINGS,
        unit.tenant_id,
        tenant_settings.ChangeSettings(settings=TenantSettings(**said)),
    )
    return _shown(unit)


@router.get("")
def show(unit: ReadBilling) -> SettingsAnswer:
    return _shown(unit)


def _shown(unit: UnitOfWork) -> SettingsAnswer:
    settings: TenantSettings = unit.state(TENANT_SETTINGS, unit.tenant_id)
    return SettingsAnswer(**asdict(settings), version=unit.version(TENANT_SETTINGS, unit.tenant_id))
