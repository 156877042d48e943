"""Which token accepts which version of which quote: hashes only, and no part of the history, so never rebuilt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import delete, insert

from services.billing.tables import quote_tokens
from shared.statements import run
from shared.unit_of_work import Session, UnitOfWork


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


def look_up(session: Session, tenant_id: UUID, token_hashes: Sequence[bytes]) -> list[Acceptable]:
    """What there is of these, in one statement; `find` knows the answers as long as the session lasts."""
    named = {"tenant": tenant_id, "hashes": list(token_hashes)}
    found = {token_hash: Acceptable(*row) for token_hash, *row in run(session.connection, _FIND, named)}
    session.kept |= {_kept(token_hash): found.get(token_hash) for token_hash in token_hashes}
    return list(found.values())


def find(unit: UnitOfWork, token_hash: bytes) -> Acceptable | None:
    """Equality of sha256 hashes: how long the look-up takes says nothing about a token of 256 random bits."""
    kept = unit.session.kept
    if _kept(token_hash) not in kept:
        look_up(unit.session, unit.tenant_id, [token_hash])
    found: Acceptable | None = kept[_kept(token_hash)]
    return found


def _kept(token_hash: bytes) -> tuple[str, bytes]:
    return "quote token", token_hash


_FIND = """
SELECT token_hash, quote_id, quote_version FROM quote_tokens
WHERE tenant_id = %(tenant)s AND token_hash = ANY(%(hashes)s)"""
