"""What a document links to, and each file that it names from the root, is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT

DOCUMENTS = sorted(
    path for pattern in ("*.md", "docs/**/*.md", "services/*/*.md", "examples/*/*.md") for path in ROOT.glob(pattern)
)
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")
NAMED = re.compile(r"`((?:docs|examples|infra|services|shared|tests)/[\w./-]+)`")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_a_document_points_to_is_there(document: Path) -> None:
    text = document.read_text()
    places = [document.parent / link for link in LINK.findall(text)] + [ROOT / name for name in NAMED.findall(text)]
    assert [str(place) for place in places if not place.exists()] == []


def test_documents_do_point_to_files() -> None:
    texts = [document.read_text() for document in DOCUMENTS]
    assert sum(len(LINK.findall(text)) for text in texts) > 20
    assert sum(len(NAMED.findall(text)) for text in texts) > 100
