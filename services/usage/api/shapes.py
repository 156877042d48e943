"""Parts that several answers are made of."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel

from services.usage.domain.tally import GroupTotal
from shared.ids import prefixed

PeriodId = Annotated[UUID, prefixed("per")]
SubscriptionId = Annotated[UUID, prefixed("sub")]
CustomerId = Annotated[UUID, prefixed("cus")]
MeterId = Annotated[UUID, prefixed("met")]
BatchId = Annotated[UUID, prefixed("bat")]


class TotalOut(BaseModel):
    """`digest` is the sum of the events' keys modulo 2^128: it proves which events were counted, in any order."""

    group: str
    quantity: str
    count: int
    digest: str


def totals_out(totals: Iterable[GroupTotal]) -> list[TotalOut]:
    return [TotalOut(group=t.group, quantity=plain(t.quantity), count=t.count, digest=t.digest) for t in totals]


def plain(quantity: Decimal) -> str:
    """Without an exponent, and without zeros that say nothing."""
    return format(quantity.normalize() if quantity else Decimal(0), "f")
