"""Which token accepts which version of which quote: hashes only, and no part of the history, so never rebuilt."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from sqlalchemy import delete, insert

from services.billing.tables import quote_tokens
from shared.statements import run
from shared.unit_of_work import UnitOfWork


class Acceptable(NamedTuple):
    quote_id: UUID
    quote_version: int


def put(unit: UnitOfWork, token_hash: bytes, quote_id: UUID, quote_version: int) -> None:
    """The only token of this version from now on; those of earlier versions stay, so that their holders are told why
    they cannot accept."""
    same = (quote_tokens.c.tenant_id == unit.tenant_id) & (quote_tokens.c.quote_id == quote_id)
    unit.tx.execute(delete(quote_tokens).where(same, quote_tokens.c.quote_version == quote_version))
    row = {
        "tenant_id": unit.tenant_id,
        "token_hash": token_hash,
        "quote_id": quote_id,
        "quote_version": quote_version,
    }
    unit.tx.execute(insert(quote_tokens), row)


def find(unit: UnitOfWork, token_hash: bytes) -> Acceptable | None:
    """Equality of sha256 hashes: how long the look-up takes says nothing about a token of 256 random bits."""
    row = run(unit.tx, _FIND, {"tenant": unit.tenant_id, "hash": token_hash}).fetchone()
    return None if row is None else Acceptable(*row)


_FIND = "SELECT quote_id, quote_version FROM quote_tokens WHERE tenant_id = %(tenant)s AND token_hash = %(hash)s"
