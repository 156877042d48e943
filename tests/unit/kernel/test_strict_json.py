"""What would surprise somebody later is refused when it comes in."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.http.problems import Problem
from shared.http.strict_json import DEEPEST, loads

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner) | st.dictionaries(texts, inner),
)


@given(values)
def test_plain_json_is_read_as_it_is(value: Any) -> None:
    assert loads(json.dumps(value).encode()) == value


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"a": NaN}', "not_a_number"),
        (b"[-Infinity]", "not_a_number"),
        (b'{"a": 1, "a": 2}', "duplicate_key"),
        (b'[{"a": {"b": 1, "b": 1}}]', "duplicate_key"),
        (b"[" * (DEEPEST + 2) + b"]" * (DEEPEST + 2), "nested_too_deep"),
        (b"[" * 100_000, "nested_too_deep"),
        (b'{"name": "a\\u0000b"}', "malformed_text"),
        (b'{"a\\u0000b": 1}', "malformed_text"),
        (b'["\\ud800"]', "malformed_text"),
        (b'{"name": "\xed\xa0\x80"}', "malformed_request"),
        ('{"name": "x"}'.encode("utf-16"), "malformed_request"),
    ],
)
def test_what_cannot_be_meant_is_refused(body: bytes, code: str) -> None:
    with pytest.raises(Problem) as refused:
        loads(body)
    assert (refused.value.status, refused.value.code) == (400, code)


def test_an_escaped_pair_of_surrogates_is_one_character() -> None:
    assert loads(b'"\\ud83d\\ude00"') == "\N{GRINNING FACE}"


def test_escapes_that_only_look_like_nul_are_text() -> None:
    assert loads(b'"\\\\u0000"') == "\\u0000"
