"""Reasons of losses as they are shown: amounts in minor units, shares as text with four places."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel

from services.renewals.domain.metrics.losses import Loss, Losses


class LossOut(BaseModel):
    """`share_so_far` is that of this reason and of all before it. Shares are null where nothing of worth was lost."""

    reason: str
    reason_class: str
    addressable: str
    count: int
    base_minor: int
    share_by_count: str | None
    share_by_value: str | None
    share_so_far: str | None


class ReasonsOut(BaseModel):
    lost_count: int
    lost_base_minor: int
    reasons: list[LossOut]


class CancellationReasonsOut(ReasonsOut):
    """`groups` are the same of each part that lost anything."""

    as_of: datetime
    currency: str | None
    group_by: str | None
    groups: dict[str, ReasonsOut]


def shown_reasons(losses: Losses) -> ReasonsOut:
    return ReasonsOut(
        lost_count=losses.count,
        lost_base_minor=losses.base.minor,
        reasons=[_shown(loss) for loss in losses.by_reason],
    )


def _shown(loss: Loss) -> LossOut:
    return LossOut(
        reason=loss.reason.code,
        reason_class=loss.reason.churn_class,
        addressable=loss.reason.addressable,
        count=loss.count,
        base_minor=loss.base.minor,
        share_by_count=loss.by_count.text,
        share_by_value=loss.by_value.text,
        share_so_far=loss.so_far.text,
    )
