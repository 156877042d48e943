"""The files of a deployment say the same as the code."""

from __future__ import annotations

import os
import subprocess
from typing import Any

import psycopg
import pytest
import yaml

from infra.local.databases import drop_database
from infra.local.postgres import libpq
from infra.local.postgres_binaries import find_binaries
from infra.local.processes import ROOT
from infra.local.services import SERVICES
from infra.local.topics import read_topics
from tests.support.servers import Servers

INFRA = ROOT / "infra"


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    parsed: dict[str, Any] = yaml.safe_load((INFRA / "compose.yaml").read_text())
    return parsed


def test_every_service_migrates_answers_and_works(compose: dict[str, Any]) -> None:
    expected = {f"{service}-{part}" for service in SERVICES for part in ("migrate", "api", "worker")}
    assert set(compose["services"]) == expected | {"postgres", "roles", "kafka", "topics"}


@pytest.mark.parametrize("service", SERVICES)
def test_each_part_of_a_service_has_its_own_role_and_image(compose: dict[str, Any], service: str) -> None:
    for part, role in (("migrate", "owner"), ("api", "api"), ("worker", "worker")):
        container = compose["services"][f"{service}-{part}"]
        url = container["environment"]["DATABASE_URL"]
        assert url.startswith(f"postgresql+psycopg://{service}_{role}:${{{service.upper()}_{role.upper()}_PASSWORD}}@")
        assert url.endswith(f"/{service}")
        assert container["build"]["args"] == {"SERVICE": service}


def test_whoever_is_waited_for_exists_and_can_be_waited_for(compose: dict[str, Any]) -> None:
    services = compose["services"]
    for container in services.values():
        for name, wait in container.get("depends_on", {}).items():
            assert name in services
            assert wait["condition"] != "service_healthy" or "healthcheck" in services[name]


def test_no_password_is_written_down(compose: dict[str, Any]) -> None:
    for container in compose["services"].values():
        for name, value in container.get("environment", {}).items():
            assert "PASSWORD" not in name or str(value).startswith("${")


def test_who_takes_webhooks_has_the_key_that_their_secrets_are_made_from(compose: dict[str, Any]) -> None:
    having = [
        name for name, each in compose["services"].items() if "PAYMENT_WEBHOOK_KEY" in each.get("environment", {})
    ]
    assert having == ["billing-api"]
    assert compose["services"]["billing-api"]["environment"]["PAYMENT_WEBHOOK_KEY"].startswith(
        "${PAYMENT_WEBHOOK_KEY:?"
    )


def test_nothing_is_published_beyond_loopback(compose: dict[str, Any]) -> None:
    published = [port for container in compose["services"].values() for port in container.get("ports", [])]
    assert len(published) == len(SERVICES)
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_an_image_holds_one_service_and_does_not_run_as_root() -> None:
    lines = (INFRA / "Dockerfile").read_text().split("AS service")[1].splitlines()
    copied = [line.split()[1] for line in lines if line.startswith("COPY") and "--from" not in line]
    assert copied == ["shared/", "services/__init__.py", "services/${SERVICE}/"]
    assert "USER 10001" in lines


def test_topics_are_owned_by_services_that_exist() -> None:
    assert {topic.owner for topic in read_topics()} == set(SERVICES)
    assert all(topic.min_insync_replicas < topic.replication_factor for topic in read_topics())


def test_the_roles_of_production_may_do_what_the_local_ones_may(servers: Servers) -> None:
    for _ in range(2):
        run_roles(servers, "production")
    address = servers.admin_url.rpartition("@")[2].partition("/")[0]
    with psycopg.connect(f"postgresql://production_owner:one@{address}/production") as owner:
        owner.execute("create table kept (number int)")
    with (
        psycopg.connect(f"postgresql://production_worker:three@{address}/production") as worker,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        worker.execute("select * from kept")
    drop_database(servers.admin_url, "production")


def run_roles(servers: Servers, service: str) -> None:
    passwords = {"OWNER_PASSWORD": "one", "API_PASSWORD": "two", "WORKER_PASSWORD": "three"}
    psql = find_binaries() / "psql"
    command = [str(psql), libpq(servers.admin_url), "-q", "-X", "-v", f"service={service}", "-f", "roles.sql"]
    subprocess.run(command, cwd=INFRA / "postgres", env=os.environ | passwords, check=True, capture_output=True)
