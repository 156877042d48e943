"""Parts that several answers are made of."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel

from services.entitlement.domain.access_chain import Link
from shared.ids import prefixed, shown

EntitlementId = Annotated[UUID, prefixed("ent")]
SubscriptionId = Annotated[UUID, prefixed("sub")]
CustomerId = Annotated[UUID, prefixed("cus")]


class LinkOut(BaseModel):
    """A fact that can be looked up; `id` is that of the invoice, the entitlement, or the message that told it."""

    what: str
    name: str
    id: str | None
    at: datetime | None
    due_on: date | None
    open_minor: int | None
    currency: str | None


def chain(links: Iterable[Link]) -> list[LinkOut]:
    return [
        LinkOut(
            what=link.what,
            name=link.name,
            id=_shown_id(link),
            at=link.at,
            due_on=link.due_on,
            open_minor=link.open.minor if link.open else None,
            currency=link.open.currency if link.open else None,
        )
        for link in links
    ]


_PREFIXES = {"invoice": "inv", "successor": "ent"}


def _shown_id(link: Link) -> str | None:
    if link.id is None:
        return None
    return shown(_PREFIXES[link.what], link.id) if link.what in _PREFIXES else str(link.id)
