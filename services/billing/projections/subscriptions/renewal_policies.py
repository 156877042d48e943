"""The renewal policies as renewals published them last, by code."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from services.billing.domain.agreement import RenewalTerms
from services.billing.domain.reference import PolicyNoted
from services.billing.tables import renewal_policies
from shared.event_store import Recorded
from shared.unit_of_work import UnitOfWork

_upsert = insert(renewal_policies)
_upsert = _upsert.on_conflict_do_update(index_elements=["tenant_id", "code"], set_={"terms": _upsert.excluded.terms})


def project(tx: Connection, recorded: Sequence[Recorded]) -> None:
    for entry in recorded:
        if isinstance(entry.event, PolicyNoted):
            terms = entry.event.terms
            tx.execute(
                _upsert, {"tenant_id": entry.tenant_id, "code": terms.policy, "terms": msgspec.to_builtins(terms)}
            )


def current(unit: UnitOfWork) -> dict[str, RenewalTerms]:
    """Every policy of the tenant, by code."""
    mine = select(renewal_policies).where(renewal_policies.c.tenant_id == unit.tenant_id)
    return {row.code: msgspec.convert(row.terms, RenewalTerms) for row in unit.tx.execute(mine)}
