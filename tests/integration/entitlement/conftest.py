"""A tenant of its own for each test."""

from __future__ import annotations

import pytest

from tests.integration.entitlement.rights import Rights
from tests.support.house import Service


@pytest.fixture
def rights(entitlement: Service, tenant: str) -> Rights:
    return Rights(entitlement, tenant)
