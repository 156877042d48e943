"""/v1/policies: the terms of renewal; a change publishes a new version and leaves the accepted ones as they were."""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import RowMapping

from services.renewals.api.access import ChangePolicies, ReadRenewals
from services.renewals.domain.policy import (
    POLICY,
    AutoRenewal,
    GraceMode,
    PolicyTerms,
    PolicyVersion,
    PublishPolicy,
    policy_id,
)
from services.renewals.projections import policies
from services.renewals.tables import policy_versions as table
from shared.http.fields import DecimalText
from shared.http.pages import Listed, PageQuery, page_of
from shared.http.routes import TransactionalRoute

router = APIRouter(prefix="/v1/policies", tags=["policies"], route_class=TransactionalRoute)

Code = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Days = Annotated[int, Field(strict=True, ge=0, le=3660)]
Percent = Annotated[DecimalText, Field(max_digits=9, decimal_places=4)]


class AutoIn(BaseModel):
    """Terms renew by themselves so many days before their end, at a price that is higher by no more than the cap."""

    model_config = ConfigDict(extra="forbid")
    notice_days: Days = 30
    price_cap_percent: Percent = Decimal(7)


class PolicyIn(BaseModel):
    """Percents are of 100 and travel as text: "4" is 4 %. Use goes on in full during grace: another `grace_mode` is refused."""

    model_config = ConfigDict(extra="forbid")
    open_days: Days
    grace_days: Days
    grace_mode: GraceMode = "full"
    reinstatement_days: Days
    reinstatement_percent: Percent
    uplift_percent: Percent
    auto: AutoIn | None = None


class PolicyOut(PolicyIn):
    code: str
    version: int


@router.put("/{code}")
def publish(code: Code, body: PolicyIn, unit: ChangePolicies) -> PolicyOut:
    """The same terms again publish nothing."""
    auto = None if body.auto is None else AutoRenewal(**body.auto.model_dump())
    terms = PolicyTerms(**body.model_dump(exclude={"auto"}), auto=auto)
    unit.execute(POLICY, policy_id(code), PublishPolicy(code=code, terms=terms, at=unit.now))
    return _shown(policies.get(unit, code))


@router.get("/{code}")
def show(code: Code, unit: ReadRenewals, version: Annotated[int | None, Query(ge=1, lt=2**31)] = None) -> PolicyOut:
    return _shown(policies.get(unit, code, version))


@router.get("")
def list_policies(unit: ReadRenewals, page: PageQuery) -> Listed[PolicyOut]:
    return page_of(unit, policies.current(unit), table.c.code, page, _of_row)


def _of_row(row: RowMapping) -> PolicyOut:
    return _shown(policies.policy_of(row))


def _shown(policy: PolicyVersion) -> PolicyOut:
    terms = policy.terms
    return PolicyOut(
        code=policy.code,
        version=policy.version,
        open_days=terms.open_days,
        grace_days=terms.grace_days,
        grace_mode=terms.grace_mode,
        reinstatement_days=terms.reinstatement_days,
        reinstatement_percent=terms.reinstatement_percent,
        uplift_percent=terms.uplift_percent,
        auto=None if terms.auto is None else AutoIn(**asdict(terms.auto)),
    )
