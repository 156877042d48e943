"""What msgspec lets pass and we do not: duplicate keys, of which the last would win, and deep nesting."""

from __future__ import annotations

import json
from typing import Any

import msgspec

DEEPEST = 64


class _DuplicateKey(ValueError):
    pass


def may_have_duplicate_keys(text: bytes, decoded: Any) -> bool:
    """False only where no object in the JSON `text` names a key twice; `decoded` is what msgspec made of the text.

    msgspec drops all but the last value of a key, so the text written again from `decoded` has fewer quotation marks
    exactly if something was dropped: every string kept brings its two marks and those escaped in it, every key dropped
    takes two or more away. Only marks written by their code could make up for that, so such text may have anything.
    Most programs write JSON as msgspec does: then there is nothing to count.
    """
    again = msgspec.json.encode(decoded)
    return again != text and (b"\\u0022" in text or text.count(b'"') != again.count(b'"'))


def has_duplicate_keys(text: bytes, decoded: Any) -> bool:
    """Whether an object names a key twice. Where marks leave a doubt, a strict and slower parser decides."""
    if not may_have_duplicate_keys(text, decoded):
        return False
    try:
        json.loads(text, object_pairs_hook=_object)
    except _DuplicateKey:
        return True
    return False


def may_be_too_deep(text: bytes) -> bool:
    """False where there are not even brackets enough to nest more than 64 deep; each has to be closed, too."""
    return len(text) > 2 * DEEPEST and text.count(b"{") + text.count(b"[") > DEEPEST


def depth(decoded: Any) -> int:
    """How deep objects and arrays are nested: 0 for a plain value, 1 for {}."""
    levels, nodes = 0, [decoded]
    while containers := [node for node in nodes if isinstance(node, dict | list)]:
        levels += 1
        nodes = [child for node in containers for child in (node.values() if isinstance(node, dict) else node)]
    return levels


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise _DuplicateKey
    return made
