"""Why something happens: for which tenant, at which instants, asked by whom, following from what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Cause:
    """`occurred_at` is when it took effect, `recorded_at` when we learned it, both by the tenant's clock.

    `context` names the principal and the correlation and causation ids, and is stored with every event.
    """

    tenant_id: UUID
    occurred_at: datetime
    recorded_at: datetime
    context: Mapping[str, Any]
