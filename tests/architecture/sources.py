"""The product's own source files, read once."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = ("services", "shared", "infra", "examples")
SERVICES = sorted(path.parent.name for path in (ROOT / "services").glob("*/app.py"))


@dataclass(frozen=True, slots=True)
class Source:
    path: Path
    text: str

    @property
    def name(self) -> str:
        return str(self.path.relative_to(ROOT))

    @property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    def nodes(self) -> Iterator[ast.AST]:
        return ast.walk(self.tree)


@cache
def sources() -> tuple[Source, ...]:
    paths = (path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py")))
    return tuple(Source(path, path.read_text()) for path in paths)
