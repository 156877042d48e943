"""Files for backfills: what each format may hold, and files that mean harm or were made by mistake."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest

from services.usage.domain.backfill import Limits
from services.usage.files.loading import CHUNK_ROWS
from tests.integration.usage.backfill_desk import BATCH, CSV, LINES, PARQUET, Desk, as_csv, as_lines, as_parquet
from tests.integration.usage.meter_room import START, Room, trip
from tests.support.house import Service

HEAD = b"id,source,type,subject,time,data.miles\n"
ROWS, WRONG = 55_000, 52_003
ROW = b"1,/cars,trip.ended,acme,2013-01-01T06:00:00Z,2.5\n"


@pytest.fixture
def desk(usage: Service, tenant: str) -> Desk:
    return Desk(Room(usage, tenant))


def refused(answer: Any) -> tuple[int, str, str]:
    body = answer.json()
    return answer.status_code, body["title"], body["errors"][0]["pointer"]


def columns(**more: Any) -> dict[str, Any]:
    return {
        "id": ["1", "2"],
        "source": ["/cars"] * 2,
        "type": ["trip.ended"] * 2,
        "subject": ["acme"] * 2,
        "time": [datetime(2013, 1, 1, 6, tzinfo=UTC)] * 2,
    } | more


def parquet(table: dict[str, Any], **options: Any) -> bytes:
    file = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table(table), file, **options)
    return file.getvalue()


def test_csv_may_have_marks_ends_of_lines_and_texts_of_any_kind(desk):
    desk.room.opened("miles")
    text = b"\xef\xbb\xbf" + HEAD.replace(b"\n", b"\r\n")
    text += b'1,"/ca""rs",trip.ended,acme,2013-01-01T06:00:00+01:00,2.5\r\n\r\n'
    text += b'"2","/a\nb",trip.ended,acme,2013-01-01T07:00:00Z,\r\n'
    loaded = desk.load(text, CSV).json()
    assert (loaded["rows"], loaded["errors"]) == (2, [])
    desk.committed()
    assert desk.room.quantities("miles") == {"": "2.5"}
    found = desk.room.client.get("/v1/events", params={"source": "/a\nb", "id": "2"}).json()["event"]
    assert (found["data"], found["time"]) == ("{}", "2013-01-01T07:00:00Z")


def test_csv_may_carry_the_data_as_json(desk):
    desk.room.opened("trips")
    text = b'id,source,type,subject,time,data\n1,/cars,trip.ended,acme,2013-01-01T06:00:00Z,"{""origin"":""JFK""}"\n'
    text += b'2,/cars,trip.ended,acme,2013-01-01T06:00:00Z,"{""origin"":"\n'
    text += b'3,/cars,trip.ended,acme,2013-01-01T06:00:00Z,"{},""subject"":""other"""\n'
    assert [(e["line"], e["detail"]) for e in desk.load(text, CSV).json()["errors"]] == [
        (3, "data is not JSON"),
        (4, "data is not JSON"),
    ]
    desk.committed()
    assert desk.room.quantities("trips") == {"JFK": "1"}


@pytest.mark.parametrize(
    ("row", "code"),
    [
        (b"1,/cars,trip.ended,acme\n", "malformed_row"),
        (b'1,"/ca"rs,trip.ended,acme,2013-01-01T06:00:00Z,1\n', "malformed_row"),
        (b"1,/cars\xff,trip.ended,acme,2013-01-01T06:00:00Z,1\n", "malformed_row"),
        (b"1,/cars,trip.ended,acme,2013-01-01T06:00:00,1\n", "invalid_time"),
        (b"1,/cars,trip.ended,acme,01/02/2013,1\n", "invalid_time"),
        (b",/cars,trip.ended,acme,2013-01-01T06:00:00Z,1\n", "missing"),
        (b"1," + b"c" * 300 + b",trip.ended,acme,2013-01-01T06:00:00Z,1\n", "invalid_text"),
    ],
)
def test_a_row_of_csv_that_is_wrong_is_named_and_those_beside_it_are_not(desk, row, code):
    loaded = desk.load(HEAD + ROW + row + ROW.replace(b"1,", b"2,", 1), CSV).json()
    assert (loaded["rows"], [(e["line"], e["code"]) for e in loaded["errors"]]) == (3, [(3, code)])


@pytest.mark.parametrize(
    ("content_type", "content", "pointer"),
    [
        (CSV, b"", "/lines/1"),
        (CSV, b",".join(b"data.%d" % number for number in range(10_000)) + b"\n", "/columns"),
        (CSV, HEAD.replace(b"subject", b"customer"), "/columns/customer"),
        (CSV, HEAD.replace(b"subject,", b""), "/columns/subject"),
        (CSV, HEAD.replace(b"source", b"id"), "/columns/id"),
        (CSV, HEAD + ROW + b'2,"/cars' + b"\n3,x" * 50_000 + b'"oops\n', "/lines/3"),
        (CSV, HEAD + ROW + b"x" * 2_000_000, "/lines/3"),
        (LINES, as_lines([trip("1")]) + b"[" * 2_000_000, "/lines/2"),
    ],
)
def test_a_file_that_is_none_is_refused_whole_and_the_place_is_named(desk, content_type, content, pointer):
    assert refused(desk.load(content, content_type)) == (422, "malformed_file", pointer)
    assert (desk.state()["rows"], desk.room.client.get(f"{desk.path}/loads").json()["items"]) == (0, [])


@pytest.mark.parametrize("content", [b"{}", b"[1", b"\xff", b"[" * 100_000, json.dumps([1] * 10_001).encode()])
def test_a_batch_that_is_none_is_refused(desk, content):
    answer = desk.load(content, BATCH)
    assert (answer.status_code, answer.json()["title"]) == (422, "malformed_file")


def test_lines_that_are_no_json_are_named(desk):
    lines = as_lines([trip("1")]) + b"{\n\n" + b'{"id": 1e999}\n' + b"\xff\xfe\n" + as_lines([trip("2")])
    loaded = desk.load(lines, LINES).json()
    assert (loaded["rows"], sorted({e["line"] for e in loaded["errors"]})) == (5, [2, 4, 5])


@pytest.mark.parametrize(("content_type", "write"), [(LINES, as_lines), (CSV, as_csv), (PARQUET, as_parquet)])
def test_one_row_in_many_thousands_that_is_wrong_is_named_by_its_line_and_the_rest_is_previewed(
    desk, content_type, write
):
    desk.room.opened("miles")
    events = [trip(str(number), miles="1") for number in range(ROWS)]
    events[WRONG]["type"] = ""
    assert WRONG > 2 * CHUNK_ROWS, "in a chunk that is not the first"
    loaded = desk.load(write(events), content_type).json()
    line = WRONG + (2 if content_type == CSV else 1)
    assert [(e["line"], e["pointer"]) for e in loaded["errors"]] == [(line, "/type")]
    assert (loaded["rows"], loaded["rejected"]) == (ROWS, 1)
    assert desk.rejected() == [(line, "/type", "missing")]
    outcome = desk.previewed()["outcome"]
    assert (outcome["new"], outcome["rejected"]) == (ROWS - 1, 1)
    assert desk.changes() == {"miles": ({}, {"": str(ROWS - 1)})}


def test_parquet_may_have_numbers_decimals_and_nulls(desk):
    desk.room.opened("miles")
    miles = pyarrow.array([Decimal("2.50"), None], pyarrow.decimal128(9, 2))
    more = {"data.miles": miles, "data.legs": [1, 2], "data.rate": [0.1, None], "data.paid": [True, False]}
    assert desk.load(parquet(columns(**more)), PARQUET).json()["errors"] == []
    desk.committed()
    assert desk.room.quantities("miles") == {"": "2.5"}
    found = [
        desk.room.client.get("/v1/events", params={"source": "/cars", "id": id_}).json()["event"] for id_ in ("1", "2")
    ]
    assert [each["data"] for each in found] == [
        '{"miles":"2.50","legs":1,"rate":0.1,"paid":true}',
        '{"legs":2,"paid":false}',
    ]
    assert found[0]["time"] == "2013-01-01T06:00:00Z"


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"time": [datetime(2013, 1, 1)] * 2}, "/columns/time"),  # noqa: DTZ001 - that is the fault
        ({"time": [1, 2]}, "/columns/time"),
        ({"id": [1, 2]}, "/columns/id"),
        ({"data.miles": [[1], [2]]}, "/columns/data.miles"),
        ({"data.miles": pyarrow.array([1, 2], pyarrow.float32())}, "/columns/data.miles"),
        ({"data.miles": [datetime(2013, 1, 1, tzinfo=UTC)] * 2}, "/columns/data.miles"),
        ({"miles": ["1", "2"]}, "/columns/miles"),
        ({f"data.{number}": ["1", "2"] for number in range(10_000)}, "/columns"),
    ],
)
def test_a_column_of_parquet_that_says_something_else_is_named(desk, changed, pointer):
    assert refused(desk.load(parquet(columns(**changed)), PARQUET)) == (422, "malformed_file", pointer)


def test_a_value_of_parquet_that_is_no_number_is_the_fault_of_its_row(desk):
    table = columns(**{"data.miles": [float("nan"), 1.5]})
    assert [(e["line"], e["code"]) for e in desk.load(parquet(table), PARQUET).json()["errors"]] == [
        (1, "malformed_row")
    ]


def long_words() -> bytes:
    """A megabyte that stands for a hundred gigabytes."""
    rows = 100_000
    words = pyarrow.DictionaryArray.from_arrays(pyarrow.array([0] * rows, pyarrow.int32()), ["x" * 1_000_000])
    return parquet({name: values[:1] * rows for name, values in columns().items()} | {"data.x": words})


def long_page() -> bytes:
    """Some kilobytes of pages that are half a gigabyte."""
    table = columns(**{"data.x": ["x" * 250_000_000] * 2})
    return parquet(table, compression="zstd", use_dictionary=False, data_page_size=2**30)


@pytest.mark.parametrize("bomb", [long_words, long_page])
def test_a_small_file_that_stands_for_a_large_one_takes_nothing_down(desk, bomb):
    content = bomb()
    assert len(content) < 10_000_000
    answer = desk.load(content, PARQUET)
    assert (answer.status_code, answer.json()["title"]) == (422, "malformed_file")
    assert desk.loaded(trip("1"))["rows"] == 1


@pytest.mark.parametrize("cut", [0, 3, 100, -5])
def test_a_file_that_is_not_parquet_or_half_of_it_is_refused(desk, cut):
    answer = desk.load(parquet(columns())[:cut] + b"?", PARQUET)
    assert (answer.status_code, answer.json()["title"]) == (422, "malformed_file")


def test_a_batch_has_limits_and_what_is_over_them_leaves_nothing(usage: Service, tenant: str):
    room = Room(usage, tenant)
    app, before = usage.app, usage.app.state.backfill_limits
    desk = Desk(room)
    try:
        app.state.backfill_limits = Limits(open=2, rows=4, rejected=1)
        desk.loaded(trip("1"), trip("2"))
        assert desk.load(as_lines([trip("3"), trip("4"), trip("5")])).json()["title"] == "backfill_too_large"
        answer = desk.load(b"{}\n{}\n")
        assert (answer.status_code, answer.json()["title"]) == (422, "too_many_rejected")
        assert (desk.state()["rows"], desk.state()["rejected_rows"]) == (2, 0)
        Desk(room, "second")
        third = room.client.post("/v1/backfills", json={"name": "third"})
        assert (third.status_code, third.json()["title"]) == (409, "too_many_open")
        desk.post("discard", reason="to make room")
        assert room.client.post("/v1/backfills", json={"name": "third"}).status_code == 200
    finally:
        app.state.backfill_limits = before


def test_a_body_larger_than_a_file_may_be_is_refused_before_it_comes(desk):
    headers = {"Content-Type": LINES, "Content-Length": str(2 * 1024**3)}
    answer = desk.room.client.post(f"{desk.path}/loads", content=b"{}", headers=headers)
    assert (answer.status_code, answer.json()["title"]) == (413, "body_too_large")


def test_two_rows_of_one_time_are_two(desk):
    desk.room.opened("trips")
    desk.load(as_parquet([trip("1", at=START, origin="A"), trip("2", at=START, origin="A")]), PARQUET)
    desk.committed()
    assert desk.room.quantities("trips") == {"A": "2"}
