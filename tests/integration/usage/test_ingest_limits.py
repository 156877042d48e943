"""Usage is limited by its size as well, so that few large requests are worth as much as many small ones."""

from __future__ import annotations

import json
from uuid import uuid4

from fastapi.testclient import TestClient

from services.usage.app import create_app
from tests.support.house import Service

BATCH = {"Content-Type": "application/cloudevents-batch+json"}


def events(count: int) -> bytes:
    event = {"specversion": "1.0", "source": "/gate", "type": "made.up", "subject": "acme", "data": {}}
    return json.dumps([event | {"id": uuid4().hex} for _ in range(count)]).encode()


def test_a_tenant_that_sends_too_much_is_asked_to_come_again(usage: Service, tenant: str) -> None:
    limited = {"rate_limit_bytes": 3 * len(events(10)), "rate_limit_seconds": 86_400}
    app = create_app(usage.settings("api").model_copy(update=limited))
    client = TestClient(app, headers=dict(usage.client(tenant).headers) | BATCH)
    answers = [client.post("/v1/events", content=events(10)) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [202, 202, 202, 429]
    assert answers[-1].headers["retry-after"]
    assert '"bytes";q=' in answers[0].headers["ratelimit-policy"] and '"bytes";r=0' in answers[-1].headers["ratelimit"]
    assert client.get("/v1/meters").status_code == 200
    app.state.ingest_log.close()
    app.state.engine.dispose()
