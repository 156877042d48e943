"""A fault of ours: the answer and the log line have the same correlation id, so that one leads to the other."""

from __future__ import annotations

import structlog
from fastapi import FastAPI
from fastapi.testclient import TestClient
from structlog.testing import capture_logs

from shared.http import problems
from shared.http.observation import Observation


def broken() -> FastAPI:
    app = FastAPI()
    app.add_middleware(Observation, service="tower")
    problems.install(app)

    @app.get("/bell")
    def ring() -> None:
        raise ZeroDivisionError

    return app


def test_a_bug_is_answered_and_logged_under_the_correlation_id_of_its_request() -> None:
    client = TestClient(broken(), raise_server_exceptions=False)
    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as logs:
        answer = client.get("/bell", headers={"X-Correlation-Id": "order-17"})

    assert (answer.status_code, answer.json()["title"]) == (500, "internal_error")
    assert answer.headers["X-Correlation-Id"] == "order-17"
    assert [line["correlation_id"] for line in logs if line["event"] == "a bug"] == ["order-17"]
