"""/v1/reasons: why customers do not renew, as the fixed list that a closing chooses from."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel

from services.renewals.api.access import ReadRenewals
from services.renewals.domain.reasons import REASONS
from shared.http.routes import TransactionalRoute

router = APIRouter(prefix="/v1/reasons", tags=["reasons"], route_class=TransactionalRoute)


class ReasonOut(BaseModel):
    code: str
    churn_class: str
    addressable: str
    needs_successor: bool


@router.get("")
def list_reasons(unit: ReadRenewals) -> list[ReasonOut]:
    return [
        ReasonOut(
            code=reason.code,
            churn_class=reason.churn_class,
            addressable=reason.addressable,
            needs_successor=reason.needs_successor,
        )
        for reason in REASONS.values()
    ]
