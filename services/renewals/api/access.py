"""The permissions of renewals as types: a route's signature says what a caller must be allowed to."""

from typing import Annotated

from shared.http.access import reads, writes
from shared.unit_of_work import UnitOfWork

ReadRenewals = Annotated[UnitOfWork, reads("renewals:read")]
ChangePolicies = Annotated[UnitOfWork, writes("renewals:policies")]
ChangeOpportunities = Annotated[UnitOfWork, writes("renewals:opportunities")]
