"""All four services, for what they tell each other."""

from __future__ import annotations

import pytest

from tests.integration.together.company import Company
from tests.support.fixtures import billing, entitlement, renewals, tenant, usage
from tests.support.house import Service

__all__ = ["billing", "company", "entitlement", "renewals", "tenant", "usage"]


@pytest.fixture
def company(billing: Service, usage: Service, entitlement: Service, renewals: Service, tenant: str) -> Company:
    return Company({"billing": billing, "usage": usage, "entitlement": entitlement, "renewals": renewals}, tenant)
