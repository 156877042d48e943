"""What every earlier release left behind: migrated it is read, equals its events, answers as before, and lives on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from infra.local.databases import create_database, drop_database
from infra.local.postgres import libpq
from infra.local.tokens import tenant_id
from shared.contracts.usage import GroupTotal, UsagePeriodClosedV1
from shared.messages import Message, body, decode
from shared.republish import republish
from shared.timers import Timer
from tests.architecture.sources import ROOT
from tests.contracts.samples import contracts
from tests.support.house import Service, migrate
from tests.support.moving_clock import move_clock
from tests.support.operating import operate
from tests.support.published import published
from tests.support.servers import Servers
from tests.upgrade import releases
from tests.upgrade.capture import capture
from tests.upgrade.conftest import Upgraded
from tests.upgrade.story import PAYER, TENANT

CONTRACTS = {contract.TYPE: contract for contract in contracts()}
_EXPONENT = re.compile(r"-?[0-9.]+E[+-][0-9]+")
# The story has no failures in it, not every service is told by POST, and usage sets no due dates.
MAY_BE_EMPTY = {
    "billing": {"parked_messages"},
    "usage": {"idempotency_keys", "parked_messages", "timers", "usage_rejected"},
    "entitlement": {"parked_messages"},
    "renewals": {"idempotency_keys", "parked_messages"},
}


def test_its_tables_become_those_of_a_new_database(upgraded: Upgraded, servers: Servers) -> None:
    service = upgraded.service.name
    name = f"{service}_{uuid4().hex[:8]}"
    fresh = create_database(servers.admin_url, name, service)
    try:
        migrate(service, fresh.owner)
        fresh_url = f"{servers.admin_url.rpartition('/')[0]}/{name}"
        # Which partitions there are depends on what was stored.
        tables = ("--schema-only", "--exclude-schema=partitions")
        assert releases.dump(upgraded.superuser_url, *tables) == releases.dump(fresh_url, *tables)
    finally:
        drop_database(servers.admin_url, name)


def test_it_left_something_of_everything(upgraded: Upgraded) -> None:
    assert upgraded.empty <= MAY_BE_EMPTY[upgraded.service.name]
    assert upgraded.unsent


def test_what_the_migration_leaves_to_a_rebuild_is_what_the_notes_say(upgraded: Upgraded) -> None:
    rows = re.findall(r"^\| ([\d.]+) \| (\w+) \| (.+) \|$", (ROOT / "docs/upgrades.md").read_text(), re.MULTILINE)
    noted = {(release, service): set(re.findall(r"`(\w+)`", tables)) for release, service, tables in rows}
    assert upgraded.unfilled == noted.get((upgraded.release, upgraded.service.name), set())


def test_its_read_models_are_what_its_events_make(upgraded: Upgraded) -> None:
    assert upgraded.different() == {}


def test_what_it_answered_is_answered_still(upgraded: Upgraded) -> None:
    client = upgraded.service.client(TENANT)
    for path, before in releases.answers(upgraded.release)[upgraded.service.name].items():
        assert list(lost(before, client.get(path).json(), path)) == []


def test_its_unsent_messages_leave_and_its_history_can_be_told_again(upgraded: Upgraded) -> None:
    relay = upgraded.service.background.relay
    assert republish(upgraded.engine, upgraded.store, upgraded.outbox, since=None) >= len(upgraded.unsent)
    while relay.step():
        pass
    told = {m.id: m for topic in upgraded.outbox.topics.values() for m in published(upgraded.service, topic, TENANT)}
    for row in upgraded.unsent:
        before = decode(row.message)
        now = told[before.id]
        assert (now.type, now.sequence, now.time) == (before.type, before.sequence, before.time)
    assert all(message.read(CONTRACTS[message.type]) for message in told.values())


def test_its_life_goes_on(upgraded: Upgraded) -> None:
    """Its due dates fire, its waiting bills are made out, and what comes of it is again what the events say."""
    rows = upgraded.rows("SELECT tenant_id, name, subject, fire_at, stage FROM timers")
    timers = [Timer(**row._mapping) for row in rows]
    assert {timer.name for timer in timers} <= set(upgraded.service.background.timers.handlers)
    if upgraded.service.name == "billing":
        close_usage(upgraded)
    now = datetime.fromisoformat(clock_of(upgraded.service)["now"])
    move_clock(upgraded.service, upgraded.service.client(TENANT), now + timedelta(days=20))
    assert upgraded.rows("SELECT reason FROM parked_messages") == []
    assert upgraded.rows("SELECT 1 FROM timers WHERE fire_at <= %(then)s", then=now + timedelta(days=20)) == []
    assert upgraded.different() == {}


@pytest.mark.parametrize("upgraded", [(name, "billing") for name in releases.names()], indirect=True, ids="-".join)
def test_its_invoices_are_explained_and_verified(upgraded: Upgraded) -> None:
    clerk = upgraded.service.client(TENANT)
    invoices = clerk.get("/v1/invoices", params={"customer": PAYER}).json()["items"]
    [january] = [i for i in invoices if i["issued_on"] == "2026-02-01"]
    [calls] = [line for line in january["lines"] if line["charge"] == "calls"]
    told = clerk.get(f"/v1/invoices/{january['invoice_id']}/lines/{calls['number']}/explain").json()
    assert told["reading"][0] == "123457 metered for calls"
    for invoice in invoices:
        assert clerk.post(f"/v1/invoices/{invoice['invoice_id']}/verify").json()["equal"]


def test_an_operator_who_went_back_a_version_is_told_which_events_it_does_not_know(servers: Servers) -> None:
    later = """
    INSERT INTO events (tenant_id, category, stream_id, version, type, data, context, occurred_at, recorded_at)
    SELECT tenant_id, category, stream_id, 1000, 'renewal_foretold', data, context, now(), now()
    FROM events WHERE category = 'renewal_opportunity' LIMIT 1"""
    with releases.restored(releases.names()[-1], "renewals", servers.admin_url) as (superuser_url, urls):
        migrate("renewals", urls.owner)
        with psycopg.connect(libpq(superuser_url)) as database:
            database.execute(later)
        verified = operate("renewals", urls.worker, "verify")
    assert (verified.returncode, verified.stderr) == (2, "")
    assert verified.stdout.startswith("'renewal_foretold' in the events of 'renewal_opportunity' is not known")


def test_what_was_captured_stays_what_it_was() -> None:
    with pytest.raises(SystemExit, match="captured already"):
        capture(releases.names()[0])


def test_the_test_tells_what_an_answer_lost() -> None:
    before = {"items": [{"id": 1, "name": "a"}], "total": 1}
    assert list(lost(before, {"items": [{"id": 1, "name": "a", "more": 2}], "total": 1}, "")) == []
    assert list(lost(before, {"items": [{"id": 1, "name": "b"}]}, "")) == [
        "/items/0/name was 'a' and is 'b'",
        "/total vanished",
    ]
    assert list(lost({"rest": "0E-3"}, {"rest": "0.000"}, "")) == []
    assert list(lost({"rest": "1E-3"}, {"rest": "0.002"}, "")) == ["/rest was '1E-3' and is '0.002'"]
    assert list(lost(before, {"items": [], "total": 1}, "")) == [f"/items was {before['items']!r} and is []"]


def lost(before: Any, now: Any, path: str) -> Iterator[str]:
    """Where an answer does not say any more what it said; what it says beyond that is welcome."""
    match before, now:
        case dict(), dict():
            for name, value in before.items():
                yield from lost(value, now[name], f"{path}/{name}") if name in now else [f"{path}/{name} vanished"]
        case list(), list() if len(before) == len(now):
            for number, value in enumerate(before):
                yield from lost(value, now[number], f"{path}/{number}")
        case str(), str() if _EXPONENT.fullmatch(before) and now == format(Decimal(before), "f"):
            pass  # the same number, written in full
        case _ if before != now:
            yield f"{path} was {before!r} and is {now!r}"


def clock_of(service: Service) -> dict[str, Any]:
    with service.working():
        clock: dict[str, Any] = service.client(TENANT).get("/v1/test-clock").json()
    return clock


def close_usage(billing: Upgraded) -> None:
    """Usage tells billing of the periods that its bills wait for."""
    inbox = billing.service.background.parking.inbox
    now = datetime.fromisoformat(clock_of(billing.service)["now"])
    open_periods = "SELECT * FROM usage_periods WHERE status = 'open' AND ends_on <= %(today)s"
    for period in billing.rows(open_periods, today=now.date()):
        inbox.receive([closed(billing, period, now)])
    assert billing.rows("SELECT 1 FROM waiting_bills") == []


def closed(billing: Upgraded, period: Any, at: datetime) -> Message:
    """The message that comes next of a period, after those that billing had before it was upgraded."""
    [told] = billing.rows(
        "SELECT COALESCE(max(sequence), 0) FROM inbox WHERE source = '/usage/usage_period' AND stream_id = %(id)s",
        id=period.period_id,
    )
    contract = UsagePeriodClosedV1(
        period_id=period.period_id,
        subscription_id=period.subscription_id,
        charge=period.charge,
        meter=period.charge,
        meter_version=1,
        totals=[GroupTotal(group="", quantity=Decimal(7), count=7, digest="00")],
        starts_at=at - timedelta(days=28),
        ends_at=at,
        learned_at=at,
    )
    return Message(
        id=uuid4(),
        source="/usage/usage_period",
        type=contract.TYPE,
        subject=UUID(str(period.period_id)),
        time=at,
        tenantid=tenant_id(TENANT),
        sequence=told[0] + 1,
        correlationid="upgrade",
        data=body(contract),
    )
