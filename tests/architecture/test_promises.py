"""What docs/promises.md names as proof is there."""

from __future__ import annotations

import re
from pathlib import Path


def test_every_test_that_holds_a_promise_exists() -> None:
    named = set(re.findall(r"`(tests/[\w/]+\.py)`", Path("docs/promises.md").read_text()))
    assert len(named) > 20
    assert sorted(name for name in named if not Path(name).is_file()) == []
