"""Tests give what they replace: a name that is patched is one that nobody could pass."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.architecture.sources import ROOT

PATCHES = {"setattr", "delattr", "setitem", "delitem"}


def test_no_test_patches() -> None:
    found = {
        str(path.relative_to(ROOT)): [*patches(ast.parse(path.read_text()))] for path in (ROOT / "tests").rglob("*.py")
    }
    assert {name: lines for name, lines in found.items() if lines} == {}


def test_the_test_finds_what_it_looks_for() -> None:
    told = "from unittest.mock import patch\nimport unittest.mock\nmonkeypatch.setattr(a, 'b', 1)\nmonkeypatch.setenv('A', '1')"
    assert [*patches(ast.parse(told))] == [1, 2, 3]


def patches(tree: ast.Module) -> Iterator[int]:
    """The lines on which something is patched. The environment and the working folder may be set."""
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module="unittest.mock", lineno=line):
                yield line
            case ast.Import(names=names, lineno=line) if any(name.name == "unittest.mock" for name in names):
                yield line
            case ast.Attribute(value=ast.Name(id="monkeypatch"), attr=attr, lineno=line) if attr in PATCHES:
                yield line
