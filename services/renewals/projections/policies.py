"""Renewal policies, every version that was ever published."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import Connection, RowMapping, Select, func, select
from sqlalchemy.dialects.postgresql import insert

from services.renewals.domain.policy import PolicyNotFound, PolicyVersion, RenewalPolicyPublished
from services.renewals.tables import policy_versions
from shared.event_store import Recorded
from shared.statements import write
from shared.unit_of_work import UnitOfWork

_add = insert(policy_versions).on_conflict_do_nothing()


def project(tx: Connection, recorded: Sequence[Recorded]) -> None:
    for entry in recorded:
        if isinstance(entry.event, RenewalPolicyPublished):
            write(tx, _add, _row(entry, entry.event))


def _row(entry: Recorded, event: RenewalPolicyPublished) -> dict[str, Any]:
    return {
        "tenant_id": entry.tenant_id,
        "code": event.policy.code,
        "version": event.policy.version,
        "published_at": event.at,
        "policy": msgspec.to_builtins(event.policy),
    }


def current(unit: UnitOfWork) -> Select[Any]:
    """The last version of every policy."""
    each = policy_versions.alias()
    last = (
        select(func.max(each.c.version))
        .where(each.c.tenant_id == policy_versions.c.tenant_id, each.c.code == policy_versions.c.code)
        .scalar_subquery()
    )
    return select(policy_versions).where(
        policy_versions.c.tenant_id == unit.tenant_id, policy_versions.c.version == last
    )


def get(unit: UnitOfWork, code: str, version: int | None = None) -> PolicyVersion:
    """A version of a policy, the last one if none is named. Raises PolicyNotFound."""
    mine = select(policy_versions).where(policy_versions.c.tenant_id == unit.tenant_id, policy_versions.c.code == code)
    if version is not None:
        mine = mine.where(policy_versions.c.version == version)
    row = unit.tx.execute(mine.order_by(policy_versions.c.version.desc()).limit(1)).mappings().first()
    if row is None:
        raise PolicyNotFound("no such renewal policy or version")
    return policy_of(row)


def policy_of(row: RowMapping) -> PolicyVersion:
    return msgspec.convert(row["policy"], PolicyVersion)
