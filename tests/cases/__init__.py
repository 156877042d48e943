"""Known answers, collected from billing systems in use and recomputed with exact fractions; one file per calculation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def rows(name: str) -> list[dict[str, Any]]:
    """The rows of `<name>.json`, each with an `id`, its inputs and what is expected."""
    loaded: list[dict[str, Any]] = json.loads((Path(__file__).parent / f"{name}.json").read_text())
    return loaded
