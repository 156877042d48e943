"""Rules that decide are pure. A clock read while deciding gives another answer when the events are replayed, and an id
drawn by a process gives a second invoice when its message is delivered again."""

from __future__ import annotations

import ast

from tests.architecture.sources import sources

FORBIDDEN_CALLS = {"now", "utcnow", "today", "real_now", "uuid1", "uuid4", "uuid7", "new_id", "random", "sleep"}
FORBIDDEN_MODULES = {"random", "secrets", "time", "os", "socket", "threading", "asyncio"}
PURE = [source for source in sources() if {"domain", "processes"} & set(source.path.parts)]


def test_rules_read_no_clock_and_draw_nothing_by_chance() -> None:
    found = {source.name: [place for node in source.nodes() for place in impurities(node)] for source in PURE}
    assert PURE
    assert {name: places for name, places in found.items() if places} == {}


def impurities(node: ast.AST) -> list[str]:
    match node:
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)) if name in FORBIDDEN_CALLS:
            return [f"line {node.lineno}: calls {name}"]
        case ast.Import(names=names):
            return [f"line {node.lineno}: imports {n.name}" for n in names if n.name.split(".")[0] in FORBIDDEN_MODULES]
        case ast.ImportFrom(module=str(module)) if module.split(".")[0] in FORBIDDEN_MODULES:
            return [f"line {node.lineno}: imports from {module}"]
    return []


def test_the_test_finds_what_it_looks_for() -> None:
    found = [
        place
        for node in ast.walk(ast.parse("import random\nx = datetime.now(UTC)\nuuid4()"))
        for place in impurities(node)
    ]
    assert len(found) == 3
