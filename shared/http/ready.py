"""Answers that are made of plain values only, or JSON already: nobody looks through them once more."""

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


@dataclass(frozen=True, slots=True)
class Written:
    """The same as it goes out, with the version that it says."""

    json: bytes
    version: object

    @classmethod
    def of(cls, ready: Ready) -> Written:
        return cls(ready.encoded(), ready.version)

    def encoded(self) -> bytes:
        return self.json
