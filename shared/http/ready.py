"""Answers that are made of plain values only: they become JSON as they are, and nobody looks through them once more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Ready:
    """For answers that are read often or are long. The route's `response_model` says what the document looks like; a
    test has to hold that it does."""

    document: Document

    @property
    def version(self) -> object:
        return self.document.get("version")

    def encoded(self) -> bytes:
        return msgspec.json.encode(self.document)
