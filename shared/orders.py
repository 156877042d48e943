"""What a process answers to a message: a command for one stream, to be executed by somebody who has a store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from shared.decider import AnyDecider


@dataclass(frozen=True, slots=True)
class Order:
    """`command` is one of those that `decider` takes, for the stream of its category with this id."""

    decider: AnyDecider
    stream_id: UUID
    command: Any
