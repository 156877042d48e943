"""/v1/access/check: may this account use these features, and if not, why. Never writes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from services.entitlement.api.access import CheckAccess
from services.entitlement.api.shapes import EntitlementId, LinkOut, chain
from services.entitlement.domain.access import MOST_FEATURES, Answer, Failure
from services.entitlement.projections.access import answers
from shared.http.fields import Instant
from shared.http.routes import TransactionalRoute
from shared.moments import not_after

router = APIRouter(prefix="/v1/access", tags=["access"], route_class=TransactionalRoute)

Name = Annotated[str, Field(min_length=1, max_length=200)]


class CheckIn(BaseModel):
    """`min_position` asks for an answer that knows at least as much as an earlier one."""

    model_config = ConfigDict(extra="forbid")
    account: Name
    features: Annotated[list[Name], Field(min_length=1, max_length=MOST_FEATURES)]
    as_of: Instant | None = None
    min_position: Annotated[int, Field(strict=True, ge=0)] | None = None


class FailureOut(BaseModel):
    reason: str
    entitlement_id: EntitlementId
    because: list[LinkOut]


class AnswerOut(BaseModel):
    feature: str
    allowed: bool
    reason: str
    conclusive: bool
    limit: int | None
    until: datetime | None
    grace_until: datetime | None
    entitlement_id: EntitlementId | None
    successor_entitlement_id: EntitlementId | None
    as_of: datetime
    position: int
    because: list[LinkOut]
    explain: list[FailureOut]


class CheckOut(BaseModel):
    account: str
    answers: list[AnswerOut]


@router.post("/check")
def check(body: CheckIn, unit: CheckAccess) -> CheckOut:
    """Only an answer that is not `conclusive` is worth asking for again."""
    not_after(unit.now, "as_of", body.as_of)
    found = answers(unit, body.account, body.features, as_of=body.as_of)
    return CheckOut(account=body.account, answers=[_shown(answer, body.min_position) for answer in found])


def _shown(answer: Answer, min_position: int | None) -> AnswerOut:
    return AnswerOut(
        feature=answer.feature,
        allowed=answer.allowed,
        reason=answer.reason,
        conclusive=answer.conclusive and answer.position >= (min_position or 0),
        limit=answer.limit,
        until=answer.until,
        grace_until=answer.grace_until,
        entitlement_id=answer.entitlement_id,
        successor_entitlement_id=answer.successor_id,
        as_of=answer.as_of,
        position=answer.position,
        because=chain(answer.because),
        explain=[_failure(failure) for failure in answer.explain],
    )


def _failure(failure: Failure) -> FailureOut:
    return FailureOut(reason=failure.reason, entitlement_id=failure.entitlement_id, because=chain(failure.because))
