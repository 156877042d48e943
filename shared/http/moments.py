"""The two query parameters by which a question is asked as of then."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query

from shared.http.fields import Instant
from shared.moments import Moment


async def _moment(
    as_of: Annotated[Instant | None, Query(description="What had taken effect by then.")] = None,
    known_at: Annotated[Instant | None, Query(description="What had been recorded by then.")] = None,
) -> Moment:
    return Moment(as_of, known_at)


AtMoment = Annotated[Moment, Depends(_moment)]
