"""One of each service a test process, each on a database of its own; tests keep apart by tenant."""

from tests.support.fixtures import billing, entitlement, renewals, tenant, usage

__all__ = ["billing", "entitlement", "renewals", "tenant", "usage"]
