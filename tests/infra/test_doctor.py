"""The doctor names what is broken, says what to do, and finds nothing wrong where nothing is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from infra.doctor import clocks
from infra.doctor.examination import examine
from infra.doctor.findings import Finding, is_healthy
from infra.doctor.installation import Installation, NothingToExamine, found
from infra.doctor.installation import Service as Examined
from infra.local.broker import Broker
from infra.local.children import free_port
from infra.local.databases import create_database, drop_database
from infra.local.postgres import libpq
from shared.clock import real_now
from shared.parked import park
from shared.settling import NOBODY
from tests.support.house import Service, running
from tests.support.servers import Servers
from tests.support.tower.letters import letter
from tests.support.waiting import eventually

# The tests' server forgets what it committed when it crashes, and says so.
OF_THE_TEST_SERVER = "durability"


@pytest.fixture(scope="module")
def one(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running("renewals", servers, tmp_path_factory.mktemp("issuer")) as service:
        yield service.hear_only_of_its_tenants()


@pytest.fixture
def service(one: Service) -> Service:
    """Its worker consumes, and was heard of late enough for the slowest examination."""
    one.background.settling.last_beat = 0.0
    eventually(lambda: consuming(one))
    with one.background.relay.engine.begin() as tx:
        tx.exec_driver_sql("UPDATE worker_status SET answered_at = answered_at + interval '5 minutes'")
    return one


def consuming(service: Service) -> bool:
    service.step()
    with service.background.relay.engine.connect() as tx:
        row = tx.exec_driver_sql(
            "SELECT answer ->> 'consuming' FROM worker_status WHERE tenant_id = %(t)s", {"t": NOBODY}
        )
        return row.scalar() == "true"


@pytest.fixture
def installation(service: Service) -> Installation:
    return Installation(
        services=(Examined("renewals", service.urls.api, service.urls.worker),),
        bootstrap_servers=service.servers.bootstrap_servers,
        jwks_url=service.issuer.settings["AUTH_JWKS_URL"],
        issuer=service.issuer.settings["AUTH_ISSUER"],
    )


def ill(installation: Installation) -> dict[str, Finding]:
    findings = {each.check: each for each in examine(installation) if each.verdict != "ok"}
    assert all(finding.remedy for finding in findings.values())
    findings.pop(OF_THE_TEST_SERVER)
    return findings


def as_owner(service: Service, statement: str) -> None:
    with psycopg.connect(libpq(service.urls.owner), autocommit=True) as owner:
        owner.execute(statement)


def test_where_nothing_is_wrong_nothing_is_found(service: Service, installation: Installation) -> None:
    assert ill(installation) == {}
    findings = list(examine(installation))
    assert {each.check for each in findings} >= {"packages", "topics", "tables", "roles", "policies", "worker", "lag"}
    assert [each.said for each in findings if each.check == OF_THE_TEST_SERVER and each.verdict == "fail"]


@pytest.mark.parametrize(
    ("damage", "repair", "check", "said"),
    [
        (
            "GRANT UPDATE ON events TO renewals_api",
            "REVOKE UPDATE ON events FROM renewals_api",
            "roles",
            "renewals_api: may change events",
        ),
        (
            "REVOKE INSERT ON events FROM renewals_worker",
            "GRANT INSERT ON events TO renewals_worker",
            "roles",
            "renewals_worker: may not append events",
        ),
        (
            "ALTER TABLE opportunities DISABLE ROW LEVEL SECURITY",
            "ALTER TABLE opportunities ENABLE ROW LEVEL SECURITY",
            "policies",
            "without a policy: opportunities",
        ),
        (
            "ALTER POLICY by_tenant ON opportunities USING (true)",
            "ALTER POLICY by_tenant ON opportunities"
            " USING (tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid)",
            "policies",
            "without a policy: opportunities",
        ),
        (
            "GRANT SELECT ON outbox TO renewals_api",
            "REVOKE SELECT ON outbox FROM renewals_api",
            "policies",
            "without a policy: outbox",
        ),
        (
            "ALTER TABLE opportunities RENAME COLUMN version TO edition",
            "ALTER TABLE opportunities RENAME COLUMN edition TO version",
            "tables",
            "behind in: opportunities",
        ),
    ],
)
def test_damage_to_rights_and_tables_is_named(
    service: Service, installation: Installation, damage: str, repair: str, check: str, said: str
) -> None:
    as_owner(service, damage)
    found = {name: finding.said for name, finding in ill(installation).items()}
    as_owner(service, repair)
    assert (found, ill(installation)) == ({check: said}, {})


def test_a_role_that_owns_the_tables_is_not_one_to_run_with(service: Service, installation: Installation) -> None:
    as_owner_runs = replace(installation.services[0], api=service.urls.owner)
    findings = ill(replace(installation, services=(as_owner_runs,)))
    assert findings.keys() == {"roles", "policies"} and "owns" in findings["roles"].said


def test_work_that_waits_is_counted_and_aged(service: Service, installation: Installation) -> None:
    tenant, old = uuid4(), real_now() - timedelta(hours=1)
    with service.background.relay.engine.begin() as tx:
        park(tx, letter(tenant, uuid4(), 1), "poison", old)
        tx.exec_driver_sql(
            "INSERT INTO timers (tenant_id, name, subject, fire_at, stage) VALUES (%(t)s, 'x', %(t)s, %(at)s, 0)",
            {"t": tenant, "at": old},
        )
    findings = ill(installation)
    with service.background.relay.engine.begin() as tx:
        tx.exec_driver_sql("DELETE FROM parked_messages")
        tx.exec_driver_sql("DELETE FROM timers")
    assert {name: finding.verdict for name, finding in findings.items()} == {"parked": "warn", "timers": "fail"}
    assert findings["parked"].said == "1 messages, 1 of them wait for a person"


def test_a_worker_that_is_gone_is_missed(service: Service, installation: Installation) -> None:
    with service.background.relay.engine.begin() as tx:
        tx.exec_driver_sql("UPDATE worker_status SET answered_at = answered_at - interval '6 minutes'")
    findings = ill(installation)
    assert (findings.keys(), findings["worker"].said) == ({"worker"}, "has not been heard of")


def test_a_broker_without_our_topics_is_named_with_them(installation: Installation, tmp_path: Path) -> None:
    broker = Broker(tmp_path / "kafka.log")
    broker.start()
    try:
        findings = ill(replace(installation, bootstrap_servers=broker.bootstrap_servers))
    finally:
        broker.stop()
    assert "billing.invoices has 0 of 4 partitions" in findings["topics"].said


def test_servers_that_are_away_are_findings_and_the_rest_is_examined(installation: Installation) -> None:
    nowhere = f"127.0.0.1:{free_port()}"
    gone = Examined("usage", f"postgresql+psycopg://a@{nowhere}/a", f"postgresql+psycopg://a@{nowhere}/a")
    both = replace(installation, services=(*installation.services, gone), bootstrap_servers=nowhere)
    findings = [each for each in examine(both) if each.verdict == "fail" and each.check != OF_THE_TEST_SERVER]
    assert {each.check for each in findings if each.subject == "all"} == {"topics"}
    assert [each for each in findings if each.subject == "renewals"] == []
    assert len([each for each in findings if each.subject == "usage"]) == 7


def test_keys_that_nobody_can_be_checked_with_are_named(installation: Installation, tmp_path: Path) -> None:
    (tmp_path / "none.json").write_text('{"keys": []}')
    assert ill(replace(installation, jwks_url=(tmp_path / "none.json").as_uri())).keys() == {"signing keys"}
    assert ill(replace(installation, jwks_url=(tmp_path / "absent.json").as_uri())).keys() == {"signing keys"}


@pytest.mark.parametrize(("seconds", "verdict"), [(0, "ok"), (1.5, "ok"), (-5, "warn"), (5, "warn"), (-31, "fail")])
def test_clocks_that_disagree_are_judged_by_what_it_does(seconds: float, verdict: str) -> None:
    now = datetime(2030, 1, 1, tzinfo=UTC)
    found = clocks.judge("billing", now, now + timedelta(seconds=seconds), now + timedelta(milliseconds=9))
    assert found.verdict == verdict


def test_what_the_environment_does_not_name_is_missed(service: Service, tmp_path: Path) -> None:
    named = {"RENEWALS_WORKER_DATABASE_URL": service.urls.worker, "AUTH_ISSUER": "somebody"}
    assert found(named, tmp_path).missing == ("RENEWALS_API_DATABASE_URL", "KAFKA_BOOTSTRAP_SERVERS", "AUTH_JWKS_URL")
    with pytest.raises(NothingToExamine):
        found({}, tmp_path)


def test_a_program_gets_the_findings_as_json_and_the_status_says_whether_all_is_well(
    servers: Servers, service: Service
) -> None:
    empty = f"renewals_{uuid4().hex[:8]}"
    urls = create_database(servers.admin_url, empty, "renewals")
    try:
        given = {
            "RENEWALS_API_DATABASE_URL": urls.api,
            "RENEWALS_WORKER_DATABASE_URL": urls.worker,
            "KAFKA_BOOTSTRAP_SERVERS": servers.bootstrap_servers,
            **service.issuer.settings,
        }
        command = [sys.executable, "-m", "infra.local.cli", "doctor", "--json"]
        asked = subprocess.run(command, env={**os.environ, **given}, capture_output=True, text=True, timeout=60)
        told = json.loads(asked.stdout)
        assert (asked.returncode, told["healthy"]) == (1, False)
        (tables,) = [each for each in told["findings"] if each["check"] == "tables"]
        assert "upgrade head" in tables["remedy"]
    finally:
        drop_database(servers.admin_url, empty)


def test_a_warning_is_not_a_failure() -> None:
    assert is_healthy([Finding("clock", "all", "warn", "5 s apart", "set it")])
    assert not is_healthy([Finding("clock", "all", "fail", "50 s apart", "set it")])
