"""What a look at quotation marks and brackets tells of JSON, compared with its values."""

import json

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from services.usage.domain.json_check import depth, has_duplicate_keys


class Pairs(list):
    """An object as it is written, keys possibly twice."""


texts = st.text(st.sampled_from('ab"\\:{}[],\u2028é'), max_size=4)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | texts,
    lambda inner: st.lists(inner, max_size=3) | st.lists(st.tuples(texts, inner), max_size=3).map(Pairs),
    max_leaves=12,
)


def written(value, escape):
    if isinstance(value, Pairs):
        return "{" + ",".join(f"{written(k, escape)}:{written(v, escape)}" for k, v in value) + "}"
    if isinstance(value, list):
        return "[" + ",".join(written(v, escape) for v in value) + "]"
    text = json.dumps(value, ensure_ascii=escape)
    return text.replace('\\"', "\\u0022") if escape and "\\\\" not in text else text


def repeats(value):
    if isinstance(value, Pairs):
        return len(dict(value)) < len(value) or any(repeats(v) for _, v in value)
    return isinstance(value, list) and any(repeats(v) for v in value)


@given(values, st.booleans())
def test_counting_quotation_marks_finds_every_duplicate_key(value, escape):
    text = written(value, escape).encode()
    assert has_duplicate_keys(text, msgspec.json.decode(text)) == repeats(value)


@given(values)
def test_depth_is_that_of_the_deepest_bracket(value):
    def deep(v):
        if isinstance(v, list):
            children = [child for _, child in v] if isinstance(v, Pairs) else v
            return 1 + max((deep(child) for child in children), default=0)
        return 0

    if not repeats(value):
        assert depth(json.loads(written(value, escape=False))) == deep(value)
