"""A tenant of its own for each test."""

from __future__ import annotations

import pytest

from tests.integration.renewals.desk import Desk
from tests.support.house import Service


@pytest.fixture
def desk(renewals: Service, tenant: str) -> Desk:
    return Desk(renewals, tenant)
