"""Each service is a principal of its own: it can do its work, nothing else, and is told what was denied."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from kafka import KafkaAdminClient
from structlog.testing import capture_logs

from infra.kafka.access import Rule, grant, rules, set_passwords
from infra.local.apache_kafka import ApacheKafka
from infra.local.services import SERVICES
from infra.local.topics import read_topics
from shared import kafka
from shared.kafka import Publisher, TopicsHidden, WriteDenied
from shared.settings import Settings
from tests.integration.renewals.desk import POLICY
from tests.support.house import Service, running, settle
from tests.support.servers import Servers, create_product_topics
from tests.support.waiting import eventually

RULES = rules(read_topics())


@dataclass
class Guard:
    """Says who may do what on a broker that wants to know who asks."""

    admin: KafkaAdminClient
    servers: Servers
    taken: set[Rule] = field(default_factory=set)

    def take(self, rule: Rule) -> None:
        grant(self.admin, RULES - {rule})

    def give_back(self) -> None:
        grant(self.admin, RULES)

    def settings(self, service: str) -> Settings:
        return Settings(
            database_url="postgresql://nowhere",
            auth_issuer="nobody",
            auth_jwks_url="file:///nowhere",
            **self.servers.kafka(service),
        )


@pytest.fixture(scope="module")
def guard(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guard]:
    home = tmp_path_factory.mktemp("guarded")
    broker = ApacheKafka(home / "kafka", home / "kafka.log", is_guarded=True)
    broker.start()
    create_product_topics(broker)
    admin = KafkaAdminClient(bootstrap_servers=broker.bootstrap_servers, **broker.administrator)
    passwords = {service: secrets.token_urlsafe(16) for service in SERVICES}
    set_passwords(admin, passwords)
    guarded = Guard(admin, replace(servers, bootstrap_servers=broker.bootstrap_servers, passwords=passwords))
    guarded.give_back()
    yield guarded
    admin.close()
    broker.stop()


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_reads_what_it_listens_to_and_writes_its_own(guard: Guard, name: str, tmp_path: Path) -> None:
    publisher = Publisher(guard.settings(name))
    publisher.send((topic.name, b"a stream", b"not a message") for topic in read_topics() if topic.owner == name)
    publisher.close()
    with running(name, guard.servers, tmp_path) as service:
        settle([service], seconds=120)
        assert service.background.is_consuming()


@pytest.mark.parametrize("topic", [t.name for t in read_topics() if t.owner != "usage"])
def test_a_write_to_another_service_s_topic_is_an_error_that_says_who_and_where(guard: Guard, topic: str) -> None:
    publisher = Publisher(guard.settings("usage"))
    with capture_logs() as logs, pytest.raises(WriteDenied, match=f"does not let usage write to {topic}"):
        publisher.send([(topic, b"key", b"value")])
    assert [(line["event"], line["log_level"]) for line in logs] == [("a write was denied", "error")]
    publisher.close()


def test_a_service_that_may_not_read_a_topic_is_told_which(guard: Guard, tmp_path: Path) -> None:
    with running("usage", guard.servers, tmp_path) as service:
        guard.take(Rule("usage", "READ", "TOPIC", "billing.usage_periods"))
        with pytest.raises(TopicsHidden, match=r"does not show usage billing\.usage_periods"):
            eventually(service.background.consumer.step)
        guard.give_back()
        settle([service], seconds=120)


def test_what_a_relay_may_not_send_stays_in_the_outbox_until_it_may(guard: Guard, tmp_path: Path) -> None:
    with running("renewals", guard.servers, tmp_path) as service:
        guard.take(Rule("renewals", "WRITE", "TOPIC", "renewals.policies"))
        assert service.client("acme").put("/v1/policies/standard", json=POLICY).status_code == 200
        for _ in range(2):
            with pytest.raises(WriteDenied, match=r"does not let renewals write to renewals\.policies"):
                service.background.relay.step()
        assert outbox(service) == 1
        guard.give_back()
        assert eventually(service.background.relay.step) == 1
        assert outbox(service) == 0


def test_usage_that_may_not_be_written_is_refused_with_a_problem_and_can_be_sent_again(
    guard: Guard, tmp_path: Path
) -> None:
    event = {"specversion": "1.0", "id": "1", "source": "/app", "type": "call", "subject": "acme", "data": {}}
    with running("usage", guard.servers, tmp_path) as service:
        client = service.client("acme", raise_server_exceptions=False)
        guard.take(Rule("usage", "WRITE", "TOPIC", "usage.events"))
        told = client.post("/v1/events", json=event, headers={"Content-Type": "application/cloudevents+json"})
        assert (told.status_code, told.json()["title"]) == (503, "write_denied")
        assert told.headers["content-type"] == "application/problem+json"
        guard.give_back()
        again = client.post("/v1/events", json=event, headers={"Content-Type": "application/cloudevents+json"})
        assert again.status_code == 202


def test_a_wrong_password_is_said_at_the_start(guard: Guard) -> None:
    wrong = guard.settings("usage").model_copy(update={"startup_timeout_seconds": 3})
    wrong = wrong.model_copy(update={"kafka_sasl_password": guard.settings("billing").kafka_sasl_password})
    with pytest.raises(SystemExit, match="does not believe that we are usage"):
        kafka.wait_for_broker(wrong)


def outbox(service: Service) -> int:
    with service.background.relay.engine.connect() as tx:
        count: int = tx.exec_driver_sql("SELECT count(*) FROM outbox").scalar_one()
    return count
