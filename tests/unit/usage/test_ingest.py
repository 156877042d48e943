"""From a request's body to events and errors."""

import json
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from services.usage.domain.cloud_event import CloudEvent, Window
from services.usage.domain.event_rules import check
from services.usage.domain.ingest import (
    BATCH_TYPE,
    EVENT_TYPE,
    MOST_BYTES,
    BodyTooLarge,
    MalformedBody,
    UnsupportedContentType,
    decode,
    decode_batch,
    faultless,
)
from services.usage.messaging.backfilling import parted
from services.usage.metering.backfill_loads import Chunk

now = datetime(2026, 1, 10, 12, tzinfo=UTC)
window = Window.at(now)
fine = {"specversion": "1.0", "id": "1", "source": "/gates", "type": "trip.ended", "subject": "acme", "data": {"m": 7}}


def batch(*events):
    return json.dumps(events).encode()


def raw(data, **more):
    """A batch of one event whose data is this text."""
    head = json.dumps({name: value for name, value in {**fine, **more}.items() if name != "data"})
    return f'[{head[:-1]}, "data": {data}}}]'.encode()


def errors_of(body):
    decoded = decode_batch(body, window)
    return [(error.index, error.pointer, error.code) for error in decoded.errors]


def test_a_faultless_batch_is_accepted_with_its_data_as_it_came():
    decoded = decode_batch(raw('{"m":  1.50, "n":"\\u0041"}'), window)
    assert decoded.rejected == []
    (event,) = decoded.accepted
    assert bytes(event.data) == b'{"m":  1.50, "n":"\\u0041"}'
    assert (event.id, event.source, event.type, event.subject, event.time) == ("1", "/gates", "trip.ended", "acme", now)


def test_time_is_kept_in_utc():
    (event,) = decode_batch(batch({**fine, "time": "2026-01-10T13:00:00+02:00"}), window).accepted
    assert (event.time, event.time.tzinfo) == (datetime(2026, 1, 10, 11, tzinfo=UTC), UTC)


def test_data_may_be_missing():
    (event,) = decode_batch(batch({k: v for k, v in fine.items() if k != "data"}), window).accepted
    assert bytes(event.data) == b"{}"


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"specversion": "0.3"}, "/specversion", "unsupported_specversion"),
        ({"id": ""}, "/id", "missing"),
        ({"id": 7}, "/id", "not_a_text"),
        ({"id": "x" * 257}, "/id", "invalid_text"),
        ({"id": "nul\0"}, "/id", "invalid_text"),
        ({"source": None}, "/source", "missing"),
        ({"type": ""}, "/type", "missing"),
        ({"subject": ""}, "/subject", "missing"),
        ({"time": "yesterday"}, "/time", "invalid_time"),
        ({"time": "2026-01-10T12:00:00"}, "/time", "invalid_time"),
        ({"time": 1736510400}, "/time", "invalid_time"),
        ({"time": (now - timedelta(days=400, seconds=1)).isoformat()}, "/time", "too_old"),
        ({"time": (now + timedelta(minutes=5, seconds=1)).isoformat()}, "/time", "too_far_ahead"),
        ({"time": "0001-01-01T00:00:00+14:00"}, "/time", "too_old"),
        ({"time": "9999-12-31T23:59:59-14:00"}, "/time", "too_far_ahead"),
        ({"data": [1]}, "/data", "not_an_object"),
        ({"data": None}, "/data", "not_an_object"),
        ({"data": "text"}, "/data", "not_an_object"),
        ({"data": {"long": "x" * 300_000}}, "/data", "too_large"),
        ({"datacontenttype": "text/csv"}, "/data", "unsupported_data"),
        ({"data_base64": "e30="}, "/data", "unsupported_data"),
    ],
)
def test_what_is_wrong_with_an_event_is_named(change, pointer, code):
    decoded = decode_batch(batch(fine, {**fine, **change}, fine), window)
    assert [(error.index, error.pointer, error.code) for error in decoded.errors] == [(1, pointer, code)]
    assert len(decoded.accepted) == 2


def test_all_that_is_wrong_is_said_at_once():
    assert errors_of(batch({"data": {}})) == [
        (0, "/specversion", "unsupported_specversion"),
        *((0, f"/{name}", "missing") for name in ("id", "source", "type", "subject")),
    ]


def test_an_event_that_is_no_object_is_a_row_error():
    assert errors_of(batch(fine, 7, [])) == [(1, "", "not_an_object"), (2, "", "not_an_object")]


@pytest.mark.parametrize("literal", ["1e400", "-1e400", "9" * 5000])
def test_a_number_beyond_all_bounds_is_a_row_error(literal):
    assert errors_of(raw(f'{{"m": {literal}}}')) == [(0, "", "number_out_of_range")]


@pytest.mark.parametrize("literal", ["NaN", "Infinity", "-Infinity", "01", '"\\ud800"', '"\xff"'])
def test_what_is_no_json_is_no_batch(literal):
    body = raw(f'{{"m": {literal}}}').replace("\xff".encode(), b"\xff")
    with pytest.raises(MalformedBody):
        decode_batch(body, window)


@pytest.mark.parametrize(
    "beside", [raw('{"m": "\\u0000"}'), raw("{}", id=7)], ids=["what cannot be stored", "no event"]
)
def test_a_batch_that_is_not_in_utf_8_is_none_whatever_else_is_wrong_with_it(beside):
    body = b"[" + beside[1:-1] + b"," + raw('{"m": "\xff"}')[1:-1].replace("\xff".encode(), b"\xff") + b"]"
    with pytest.raises(MalformedBody):
        decode_batch(body, window)


@pytest.mark.parametrize(
    "data",
    ['{"m":1,"m":2}', '{"m":{"a":1,"b":2,"a":3}}', '{"\\u006d":1,"m":2}', '{"a":"\\u0022\\u0022\\u0022","b":1,"b":2}'],
)
def test_a_key_given_twice_is_a_row_error(data):
    assert errors_of(raw(data)) == [(0, "", "duplicate_key")]


def test_an_attribute_given_twice_is_a_row_error():
    body = batch(fine).replace(b'"id"', b'"id": "0", "id"')
    assert errors_of(body) == [(0, "", "duplicate_key")]


@pytest.mark.parametrize(
    "data", ['{"a":"say \\"yes\\""}', '{"a":"\\u0022"}', '{"a":"\\\\","b":":"}', '{"a":"\\u0000"}']
)
def test_escapes_are_no_duplicates(data):
    assert errors_of(raw(data)) == []


def test_nesting_ends_at_64():
    assert errors_of(raw('{"a":' * 64 + "1" + "}" * 64)) == []
    assert errors_of(raw('{"a":' * 65 + "1" + "}" * 65)) == [(0, "/data", "too_deep")]
    assert errors_of(raw('{"a":' + "[[]," * 70 + "1" + "]" * 70 + "}")) == [(0, "/data", "too_deep")]
    assert errors_of(raw('{"a":[' + "[]," * 100 + "1]}")) == []


@pytest.mark.parametrize("text", ["[" * 100_000, '[{"data":' * 50_000, '{"data":' + "[" * 100_000])
def test_a_bottomless_body_is_refused_without_harm(text):
    with pytest.raises(MalformedBody):
        decode_batch(text.encode(), window)


@pytest.mark.parametrize("body", [b"", b"7", b"{}", b"[", b"\xff", b"null"])
def test_what_is_no_array_is_no_batch(body):
    with pytest.raises(MalformedBody):
        decode_batch(body, window)


def test_a_request_has_limits():
    with pytest.raises(BodyTooLarge):
        decode({"content-type": BATCH_TYPE}, b" " * (MOST_BYTES + 1), window)
    with pytest.raises(BodyTooLarge):
        decode_batch(batch(*[fine] * 10_001), window)
    assert len(decode_batch(batch(*[fine] * 10_000), window).accepted) == 10_000


def test_with_a_test_clock_the_future_is_not_limited():
    ahead = batch({**fine, "time": (now + timedelta(days=30)).isoformat()})
    assert errors_of(ahead) == [(0, "/time", "too_far_ahead")]
    assert len(decode_batch(ahead, Window.at(now, test_clock=True)).accepted) == 1


def test_a_rejected_event_is_kept_with_its_text_and_its_time():
    at = now - timedelta(days=3)
    (rejected,) = decode_batch(batch({**fine, "id": "", "time": at.isoformat()}), window).rejected
    assert rejected.at == at
    assert json.loads(rejected.text)["time"] == at.isoformat()
    (without_time,) = decode_batch(batch({**fine, "time": "?"}), window).rejected
    assert without_time.at == now


def test_one_event_is_the_same_in_all_content_modes():
    time = "2026-01-10T11:00:00Z"
    whole = json.dumps({**fine, "time": time, "id": "ä"}).encode()
    headers = {f"ce-{name}": str(value) for name, value in fine.items() if name != "data"}
    headers |= {"ce-id": "%C3%A4", "ce-time": time, "content-type": "application/json; charset=utf-8"}
    structured = decode({"content-type": f"{EVENT_TYPE}; charset=utf-8"}, whole, window)
    in_batch = decode({"content-type": BATCH_TYPE}, b"[" + whole + b"]", window)
    binary = decode(headers, b'{"m": 7}', window)
    assert structured.accepted == in_batch.accepted == binary.accepted
    assert len(structured.accepted) == 1


def test_a_binary_event_cannot_smuggle_attributes_in():
    headers = {"ce-specversion": "1.0", "content-type": "application/json"}
    with pytest.raises(MalformedBody):
        decode(headers, b'{}, "id": "1"', window)


def test_a_binary_event_is_checked_like_any_other():
    headers = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/s", "ce-type": "t", "content-type": "text/csv"}
    decoded = decode(headers, b"7", window)
    assert [(error.pointer, error.code) for error in decoded.errors] == [
        ("/subject", "missing"),
        ("/data", "unsupported_data"),
    ]


def test_another_content_type_is_not_understood():
    with pytest.raises(UnsupportedContentType):
        decode({"content-type": "application/json"}, batch(fine), window)


PLAIN = [[], [fine], [fine, {**fine, "id": "2", "time": "2026-01-10T13:00:00+02:00"}]]
NOT_PLAIN = [
    [fine, {**fine, "id": ""}],
    [{**fine, "time": (now + timedelta(hours=1)).isoformat()}],
    [{**fine, "time": "2020-01-01T00:00:00Z"}],
    [{**fine, "data": [1]}],
    [{**fine, "id": "nul\0"}],
    [{**fine, "subject": 7}],
    [{**fine, "datacontenttype": "text/csv"}],
    [7],
]


@pytest.mark.parametrize("events", PLAIN)
def test_what_is_faultless_is_accepted_at_once(events):
    headers = {"content-type": f"{BATCH_TYPE}; charset=utf-8"}
    assert faultless(headers, batch(*events), window) == decode_batch(batch(*events), window).accepted
    for event in events:
        single = {"content-type": EVENT_TYPE}, json.dumps(event).encode(), window
        assert faultless(*single) == decode(*single).accepted


@pytest.mark.parametrize("events", NOT_PLAIN)
def test_what_has_a_fault_is_not_looked_at_any_further(events):
    assert decode_batch(batch(*events), window).rejected
    assert faultless({"content-type": BATCH_TYPE}, batch(*events), window) is None
    single = {"content-type": EVENT_TYPE}, json.dumps(events[-1]).encode(), window
    assert faultless(*single) is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"[",
        b"\xff",
        b"[" * 100_000,
        raw('{"m": 1e400}'),
        raw('{"m": NaN}'),
        raw('{"m":1,"m":2}'),
        raw('{"a":' * 65 + "1" + "}" * 65),
        batch(*[fine] * 10_001),
    ],
)
def test_what_is_hostile_is_not_faultless(body):
    assert faultless({"content-type": BATCH_TYPE}, body, window) is None


@pytest.mark.parametrize("content_type", ["", "application/json", "text/plain"])
def test_another_form_is_not_looked_at(content_type):
    assert faultless({"content-type": content_type, "ce-specversion": "1.0"}, batch(fine), window) is None


def test_rows_that_cannot_be_metered_together_are_halved_and_the_one_at_fault_is_kept_with_its_text():
    events = [CloudEvent(id_, "/cars", "trip.ended", "acme", now, msgspec.Raw(b'{"miles":1.50}')) for id_ in "abc"]
    first, second = parted(Chunk(events, []))
    assert [each.id for each in (*first.events, *second.events)] == ["a", "b", "c"]
    [alone] = parted(Chunk(events[:1], []))
    [rejected] = alone.rejected
    assert (alone.events, rejected.at, rejected.errors[0].code) == ([], now, "not_metered")
    assert check(0, rejected.text.encode(), window) == events[0]
