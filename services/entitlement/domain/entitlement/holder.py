"""Whose right it is; carried by the facts that others hear about, so that each can be told alone."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    subscription_id: UUID
    customer_id: UUID
