"""Invoices as their read model keeps them, as far as they are shown: with their types they are read twice as fast."""

from __future__ import annotations

from typing import Any

import msgspec


class StoredTier(msgspec.Struct):
    """In the order of `TierOut`: a line may have many, and they are shown as they are stored."""

    from_quantity: str
    up_to: str | None
    quantity: str
    unit_amount: str
    flat_amount: str
    amount: str


class StoredLine(msgspec.Struct):
    """Ids are text. What came later has a value for lines from before."""

    number: int
    kind: str
    charge: str
    description: str
    group: str
    quantity: str
    amount: dict[str, Any]
    residue: str
    tiers: list[StoredTier]
    tax_rates: list[str]
    revenue_class: str
    starts_on: str
    ends_on: str
    plan: str
    plan_version: int
    term_number: int
    quote_id: str | None
    proof: dict[str, Any] | None
    corrects: dict[str, Any] | None = None
    discounts: list[dict[str, Any]] = []
    credits: dict[str, Any] | None = None
    amendment: int = 0
    tax_category: str | None = None
    tax_inclusive: bool = False
    taxes: list[dict[str, Any]] = []
    edit: int = 0
    adjustments: list[dict[str, Any]] = []
    subscription_id: str | None = None
    cost_centre: str | None = None


class StoredNote(msgspec.Struct):
    number: str
    issued_on: str
    amount_minor: int
    tax_minor: int
    refundable_minor: int
    reason: str
    forgiven_minor: int = 0
    taxes: dict[str, int] = {}
    restored: list[dict[str, Any]] = []
    lines: list[StoredLine] = []
    corrects: dict[str, Any] | None = None


class StoredInvoice(msgspec.Struct):
    legal_entity: str
    purchase_order: str | None
    taxes: dict[str, int]
    lines: list[StoredLine]
    credit_note: StoredNote | None
    kind: str = "regular"
    corrects: dict[str, Any] | None = None
    credit_notes: list[StoredNote] = []
    given_back_minor: int = 0
    credit: list[dict[str, Any]] = []
    losses: list[dict[str, Any]] = []
    edits: list[dict[str, Any]] = []
    tax: dict[str, Any] | None = None
    held: dict[str, Any] | None = None
    subscriptions: list[dict[str, Any]] = []


_DECODER = msgspec.json.Decoder(StoredInvoice)


def decoded(text: str) -> StoredInvoice:
    return _DECODER.decode(text)


def are_plain(tiers: list[StoredTier]) -> bool:
    """Whether every decimal of these is as an answer shows it: none has an exponent, and none may be minus zero."""
    text = msgspec.json.encode(tiers)
    return b"E" not in text and b'"-' not in text
