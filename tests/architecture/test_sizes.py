"""A file has one subject, a function can be read at a glance."""

from __future__ import annotations

import ast

from tests.architecture.sources import ROOT, sources

MOST_LINES_A_FILE = 300
MOST_LINES_A_FUNCTION = 45


def test_no_file_is_long() -> None:
    texts = {source.name: source.text for source in sources()}
    texts |= {str(path.relative_to(ROOT)): path.read_text() for path in (ROOT / "tests").rglob("*.py")}
    lines = {name: text.count("\n") for name, text in texts.items()}
    assert {name: length for name, length in lines.items() if length > MOST_LINES_A_FILE} == {}


def test_no_function_is_long() -> None:
    functions = [
        (f"{source.name}:{node.lineno} {node.name}", (node.end_lineno or 0) - node.lineno + 1)
        for source in sources()
        for node in source.nodes()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    assert {name: length for name, length in functions if length > MOST_LINES_A_FUNCTION} == {}


def test_every_module_says_what_it_is_for() -> None:
    assert [s.name for s in sources() if s.text.strip() and not ast.get_docstring(s.tree)] == []
