"""Every scope that a route names, read from the services' source: what a local operator's token may do is all of it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from infra.local.processes import ROOT

DEPENDENCIES = {"reads", "writes", "evaluates", "streams"}


def every_scope(root: Path = ROOT) -> list[str]:
    """Sorted. A scope is the first argument of the dependency in a route's signature."""
    files = [*root.glob("services/*/api/**/*.py"), *root.glob("shared/http/*.py")]
    return sorted({scope for file in files for scope in _scopes(file)})


def _scopes(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        match node:
            case ast.Call(func=ast.Name(id=name), args=[ast.Constant(value=str(scope)), *_]) if name in DEPENDENCIES:
                yield scope
