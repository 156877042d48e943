"""How customers pay, and which of them an account belongs to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, select
from sqlalchemy.dialects.postgresql import JSONB, insert

from services.billing.domain.payment_profile import PaymentProfileChanged
from services.billing.tables import payment_profiles
from shared.event_store import Recorded
from shared.statements import write
from shared.unit_of_work import UnitOfWork

_upsert = insert(payment_profiles)
_upsert = _upsert.on_conflict_do_update(
    index_elements=["tenant_id", "customer_id"],
    set_={"version": _upsert.excluded.version, "profile": _upsert.excluded.profile},
)


def project(tx: Connection, recorded: Sequence[Recorded]) -> None:
    for entry in recorded:
        if isinstance(entry.event, PaymentProfileChanged):
            write(tx, _upsert, _row(entry, entry.event))


def _row(entry: Recorded, event: PaymentProfileChanged) -> dict[str, Any]:
    return {
        "tenant_id": entry.tenant_id,
        "customer_id": event.customer_id,
        "customer_key": event.customer_key,
        "version": entry.version,
        "profile": msgspec.to_builtins(event.profile),
    }


def owners_of(unit: UnitOfWork, iban: str) -> list[str]:
    """The customers that named this account; who shares one with others is not known by it."""
    has_it = payment_profiles.c.profile.op("@>")(bindparam(None, {"ibans": [iban]}, JSONB))
    mine = select(payment_profiles.c.customer_key).where(payment_profiles.c.tenant_id == unit.tenant_id, has_it)
    return list(unit.tx.execute(mine.order_by(payment_profiles.c.customer_key)).scalars())
