"""The permissions of usage as types: a route's signature says what a caller must be allowed to."""

from typing import Annotated

from shared.http.access import evaluates, reads, streams, writes
from shared.http.tokens import Caller
from shared.unit_of_work import UnitOfWork

ReadUsage = Annotated[UnitOfWork, reads("usage:read")]
AskUsage = Annotated[Caller, evaluates("usage:read")]
SendEvents = Annotated[Caller, evaluates("usage:ingest", by_bytes=True)]
ChangeMeters = Annotated[UnitOfWork, writes("usage:meters")]
SetThresholds = Annotated[UnitOfWork, writes("usage:thresholds")]
OperateUsage = Annotated[UnitOfWork, writes("usage:operate")]
LoadBackfill = Annotated[Caller, streams("usage:backfill")]
ChangeBackfill = Annotated[UnitOfWork, writes("usage:backfill")]
CommitUsage = Annotated[UnitOfWork, writes("usage:backfill:commit")]
