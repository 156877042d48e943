"""Every field of every body gets what nobody should send: it is refused with its name and without an echo, or harmless."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.requests_by_route import Route, routes
from tests.integration.stocked import STOCK
from tests.integration.test_mass_assignment import Path, at
from tests.support.house import Service

ECHO = "s3cr3t"
# Any JSON may stand there: it is kept as it was sent.
DATA_OF_EVENTS = {("/v1/events", "data"), ("/v1/backfills/{backfill_id}/loads", "data")}
NUMBERS = [
    "NaN",
    "-Infinity",
    "1e400",
    "1E+1000000",
    "-0.0",
    "true",
    '"٣"',
    '" 7 "',
    '"0x10"',
    "9" * 40,
    "1" + "0" * 5000,
]
TEXTS = [
    r'"s3cr3t\u0000"',
    r'"s3cr3t\ud800"',
    r'"s3cr3t\u202e\u200b"',
    '"' + "s3cr3t" * 200_000 + '"',
    '"' + "s3cr3t" * 2_000 + '"',
    r'"s3cr3t\r\nSet-Cookie: a=b"',
    '"=s3cr3t()"',
    '""',
]
TIMES = [
    '"0001-01-01T00:00:00+14:00"',
    '"9999-12-31T23:59:59-14:00"',
    '"2012-02-30T00:00:00Z"',
    '"2012-02-29"',
    '"2016-12-31T23:59:60Z"',
    '"2031-01-01T00:00:00+99:99"',
    '"2031-01-01T00:00:00"',
    '"1924992000"',
    "1924992000",
]
DAYS = ['"0001-01-01"', '"9999-12-31"', '"2012-02-30"', '"2031-1-1"', '"2031-01-01T00:00:00"', '"20000"', "20000"]
ZONES = [
    '"../../etc/passwd"',
    '"localtime"',
    '"posixrules"',
    '"Factory"',
    '"/etc/localtime"',
    '"europe/berlin"',
    '"UTC\\n"',
]
SHAPES = ["null", "[]", "{}", '{"s3cr3t": {"s3cr3t": []}}', "[" * 70 + "]" * 70]


def hostile_to(key: Any, value: Any) -> list[str]:
    if key == "zone":
        return [*ZONES, *TEXTS[:2], *SHAPES]
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\dT.*Z", value):
        return [*TIMES, *SHAPES]
    if isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        return [*DAYS, *SHAPES]
    if isinstance(value, int) or (isinstance(value, str) and re.fullmatch(r"[0-9.]+", value)):
        return [*NUMBERS, *TEXTS[:2], *SHAPES]
    return [*TEXTS, *NUMBERS[:4], *SHAPES]


# Nothing in them may be taken for a value: a number for a time, a truth for a number, a wrong day for a right one.
NEVER = {*TIMES, *DAYS, *ZONES, *NUMBERS[:4], *TEXTS[:2], *SHAPES[3:]} - {'"9999-12-31"', '"2012-02-29"'}


@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", STOCK)
def test_whatever_a_field_holds_the_answer_names_it_and_keeps_quiet_about_it(
    name: str, request: pytest.FixtureRequest, tenant: str
) -> None:
    service: Service = request.getfixturevalue(name)
    client = service.client(tenant)
    faults = [
        f"{route.name} {'/'.join(map(str, path))} = {sent[:60]}: {fault}: {answer.status_code} {answer.text[:300]}"
        for route in routes(service, STOCK[name](service, tenant))
        for path, sent, body in attacks(route)
        for answer in [route.ask(client, content=body)]
        for fault in faults_of(answer, sent)
    ]
    assert faults == []


def faults_of(answer: Any, sent: str) -> Iterator[str]:
    if answer.status_code >= 500:
        yield "not refused"
    if answer.is_success and sent in NEVER and not answer.json().get("errors"):
        yield "taken for something"
    if answer.status_code >= 400 and answer.headers["content-type"] != "application/problem+json":
        yield "no problem document"
    if answer.status_code >= 400 and ECHO in answer.text:
        yield "echoed"
    if answer.status_code == 422 and not all(
        e.get("pointer") or "index" in e for e in answer.json().get("errors", [{}])
    ):
        yield "not named"


def attacks(route: Route) -> Iterator[tuple[Path, str, bytes]]:
    for path in (path for path in leaves(route.body, ()) if (route.path, path[0]) not in DATA_OF_EVENTS):
        parent, key = at(route.body, path[:-1]), path[-1]
        for sent in hostile_to(key, parent[key]):
            body = copy.deepcopy(route.body)
            at(body, path[:-1])[key] = "<hostile>"
            yield path, sent, json.dumps(body).replace('"<hostile>"', sent).encode()


def leaves(value: Any, path: Path) -> Iterator[Path]:
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in inside:
        yield from leaves(inner, (*path, key))
    if path and not isinstance(value, dict | list):
        yield path
