"""Where Apache Kafka cannot run, that is said, and what to install."""

from __future__ import annotations

import pytest

from infra.local.kafka_jars import NoJava, java


def test_a_machine_without_java_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(NoJava, match="needs Java 17 or newer and Maven, and there is no `java`"):
        java()
