"""One of each service for a file of tests, each on a database of its own; tests keep apart by tenant.

A consumer that nobody turns for minutes is thrown out of its group by the broker, so none outlives its file.
"""

from tests.support.fixtures import billing, entitlement, renewals, tenant, usage

__all__ = ["billing", "entitlement", "renewals", "tenant", "usage"]
