"""The permissions of entitlement as types: a route's signature says what a caller must be allowed to."""

from typing import Annotated

from shared.http.access import reads, writes
from shared.unit_of_work import UnitOfWork

ReadEntitlements = Annotated[UnitOfWork, reads("entitlement:read")]
CheckAccess = Annotated[UnitOfWork, reads("entitlement:check")]
OperateHolds = Annotated[UnitOfWork, writes("entitlement:operate")]
