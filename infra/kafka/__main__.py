"""Makes an Apache Kafka ready for the product: `python -m infra.kafka`, and `python -m infra.kafka access` for who may do what.

Both read KAFKA_BOOTSTRAP_SERVERS and, where the brokers want to know who asks, the KAFKA_… names that services read.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

import typer
from kafka import KafkaAdminClient

from infra.kafka.access import grant, rules, set_passwords
from infra.local.topics import create_topics, on_a_small_cluster, read_topics

app = typer.Typer(help=__doc__, add_completion=False, pretty_exceptions_enable=False)

# What services read from the environment, and kafka-python's word for it.
CONNECTION = {
    "KAFKA_SECURITY_PROTOCOL": "security_protocol",
    "KAFKA_SSL_CAFILE": "ssl_cafile",
    "KAFKA_SASL_MECHANISM": "sasl_mechanism",
    "KAFKA_SASL_USERNAME": "sasl_plain_username",
    "KAFKA_SASL_PASSWORD": "sasl_plain_password",
}


@app.callback(invoke_without_command=True)
def topics(context: typer.Context) -> None:
    """Create the topics. KAFKA_REPLICAS, where set, is for clusters with fewer brokers than the file asks copies for."""
    replicas = int(os.environ.get("KAFKA_REPLICAS", "0"))
    wanted = [on_a_small_cluster(topic, replicas) if replicas else topic for topic in read_topics()]
    create_topics(os.environ["KAFKA_BOOTSTRAP_SERVERS"], wanted, production=True, access=_connection())


@app.command()
def access() -> None:
    """Create the topics, then a principal a service with its rules; passwords are read from <SERVICE>_KAFKA_PASSWORD."""
    wanted = rules(read_topics())
    passwords = {service: os.environ[f"{service.upper()}_KAFKA_PASSWORD"] for service in {r.service for r in wanted}}
    admin = KafkaAdminClient(bootstrap_servers=os.environ["KAFKA_BOOTSTRAP_SERVERS"], **_connection())
    try:
        set_passwords(admin, passwords)
        grant(admin, wanted)
    finally:
        admin.close()


def _connection() -> Mapping[str, str]:
    return {word: os.environ[name] for name, word in CONNECTION.items() if name in os.environ}


if __name__ == "__main__":
    app()
