"""Waits for what another process does, as briefly as it can."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")


def eventually(look: Callable[[], Found], *, seconds: float = 60.0) -> Found:
    """The first true answer of `look`; what it last said in an AssertionError if there is none in time."""
    give_up_at = time.monotonic() + seconds
    while not (found := look()):
        assert time.monotonic() < give_up_at, f"not within {seconds} s: {found!r}"
        time.sleep(0.02)
    return found
