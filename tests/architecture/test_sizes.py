"""A file has one subject, a function can be read at a glance."""

from __future__ import annotations

import ast

from tests.architecture.sources import ROOT, Source, sources

MOST_LINES_A_FILE = 300
MOST_LINES_A_FUNCTION = 25

# Migrations say what a database has gone through: once released they stay as they are.
LONGER = {
    "services/billing/migrations/versions/0004_ledger.py _postings",
    "services/billing/migrations/versions/0030_top_ups.py upgrade",
}


def test_no_file_is_long() -> None:
    texts = {source.name: source.text for source in sources()}
    texts |= {str(path.relative_to(ROOT)): path.read_text() for path in (ROOT / "tests").rglob("*.py")}
    lines = {name: text.count("\n") for name, text in texts.items()}
    assert {name: length for name, length in lines.items() if length > MOST_LINES_A_FILE} == {}


def test_no_function_is_long() -> None:
    functions = (each for source in sources() for each in _functions(source))
    assert {name for name, length in functions if length > MOST_LINES_A_FUNCTION} == LONGER


def test_every_module_says_what_it_is_for() -> None:
    assert [s.name for s in sources() if s.text.strip() and not ast.get_docstring(s.tree)] == []


def _functions(source: Source) -> list[tuple[str, int]]:
    functions = [node for node in source.nodes() if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return [(f"{source.name} {node.name}", _length(node)) for node in functions]


def _length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Its lines but those of its docstring."""
    said = node.body[0] if ast.get_docstring(node) else None
    return _lines(node) - (_lines(said) if said else 0)


def _lines(node: ast.stmt) -> int:
    return (node.end_lineno or 0) - node.lineno + 1
