"""Incidents of the servers below us, played with the commands of the runbook."""

from __future__ import annotations

from pathlib import Path

from tests.runbook.stage import Stage
from tests.support.waiting import eventually

Book = dict[str, list[str]]


def test_the_broker_is_away(stage: Stage, book: Book) -> None:
    (over,) = book["The broker is away"]
    with stage.frozen("kafka"):
        assert stage.customer("while-the-broker-was-away") == 200
        event = {"specversion": "1.0", "id": "1", "source": "/a", "type": "a.b", "subject": "c", "data": {}}
        assert stage.ask("POST", "usage", "/v1/events", event).status_code in (415, 503)
        assert "could not be examined" in stage.findings()["topics", "all"]
    stage.over(over)
    eventually(lambda: stage.ask("GET", "billing", "/v1/customers/while-the-broker-was-away").status_code == 200)


def test_the_broker_came_back_empty(stage: Stage, book: Book) -> None:
    repair, over = book["The broker came back empty"]
    assert stage.customer("before-the-broker-was-lost") == 200
    stage.over(over)
    stage.kill("kafka")
    assert "messages are queued for the relay" in stage.done(repair)
    stage.over(over)


def test_postgresql_was_restarted(stage: Stage, book: Book) -> None:
    (over,) = book["PostgreSQL was restarted"]
    assert stage.customer("before-the-restart") == 200
    stage.kill("postgres")
    eventually(lambda: stage.customer("after-the-restart") == 200)
    assert stage.ask("GET", "billing", "/v1/customers/before-the-restart").status_code == 200
    stage.over(over)


def test_a_database_is_restored_from_yesterday(stage: Stage, book: Book, tmp_path: Path) -> None:
    backup, restore, tell, over = book["A database is restored from yesterday"]
    assert stage.customer("yesterday") == 200
    stage.over(over)
    stage.done(backup, BACKUPS=str(tmp_path))
    assert stage.customer("today") == 200
    assert stage.ask("PUT", "billing", "/v1/customers/yesterday", changed("since-then")).status_code == 200
    stage.over(over)
    stage.done(restore, BACKUPS=str(tmp_path))
    assert stage.customer("nobody-gets-in") == 503
    stage.kill("kafka")  # the local broker keeps nothing: that empties its topics
    stage.done(tell)
    stage.over(over)
    assert stage.ask("GET", "billing", "/v1/customers/today").status_code == 404
    assert stage.ask("GET", "billing", "/v1/customers/yesterday").json()["segment"] == ""
    # What is told under numbers that the others had heard before is heard: they forgot the same time.
    assert stage.ask("PUT", "billing", "/v1/customers/yesterday", changed("anew")).status_code == 200
    eventually(lambda: "yesterday|anew" in known_to_renewals(stage), seconds=90)


def changed(segment: str) -> dict[str, str]:
    return {"name": "yesterday", "zone": "Europe/Berlin", "currency": "EUR", "segment": segment}


def known_to_renewals(stage: Stage) -> str:
    """The customers that it knows from messages alone."""
    return stage.done('psql -At "${RENEWALS_WORKER_DATABASE_URL/+psycopg/}" -c "SELECT key, segment FROM customers"')
