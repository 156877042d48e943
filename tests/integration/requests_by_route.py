"""Every route of a service, from its own table, with a request that reaches what it is about."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient

from shared.http.access import Needs
from shared.http.documents import needs_of
from tests.integration.request_bodies import bodies
from tests.integration.request_parts import NOBODYS
from tests.integration.stocked import Names
from tests.support.house import Service

# What a parameter of a path is called when it is not known to `stocked`.
IN_PATHS = {"number": 1, "kind": "manual", "month": "2030-12", "provider": "test", "day": "2031-01-01"} | {
    "cost_centre": "rd",
    "period": "2031",
}
JANUARY = {"from": "2013-01-01T00:00:00Z", "to": "2013-02-01T00:00:00Z"}
# What is proved by something else than a bearer token: by the token of a quote, by a signature.
BY_OTHER_PROOF = ["POST /v1/quote-acceptances", "POST /v1/payment-webhooks/{provider}"]
CONTENT_TYPES = {
    "POST /v1/events": "application/cloudevents+json",
    "POST /v1/backfills/{backfill_id}/loads": "application/jsonl",
    "POST /v1/bank-statements": "text/csv",
}
QUERIES: dict[str, dict[str, Any]] = {
    "/v1/events": {"source": "/cars", "id": "1"},
    "/v1/meters/{slug}/query": JANUARY | {"window": "day", "group_by": "origin"},
    "/v1/meters/{slug}/adoption": JANUARY,
    "/v1/meters/{slug}/top": JANUARY,
    "/v1/meters/{slug}/trend": {"at": "2013-02-01T00:00:00Z"},
    "/v1/meters/{slug}/concurrency": JANUARY,
    "/v1/completeness": JANUARY,
    "/v1/revenue/mapping": {"period": "2031-01"},
    "/v1/revenue/unbilled": {"at": "2031-01-31"},
    "/v1/revenue/recurring": {"from": "2031-01-01", "to": "2031-12-31"},
    "/v1/reconciliation": {"period": "2031-01"},
    "/v1/customers/{external_id}/spending": {"period": "2031"},
    "/v1/taxes": {"period": "2031-01"},
    "/v1/taxes/report.csv": {"period": "2031-01"},
    "/v1/metrics/cancellation-reasons": {"due_from": "2013-01-01", "due_to": "2014-01-01", "currency": "USD"},
    "/v1/metrics/renewals": {"due_from": "2013-01-01", "due_to": "2014-01-01", "currency": "USD"},
}


@dataclass(frozen=True)
class Route:
    """`path` as the table has it, and `address` with the names filled in."""

    method: str
    path: str
    address: str
    needs: Needs
    query: dict[str, Any] = field(default_factory=dict)
    body: Any = None
    content_type: str = "application/json"

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    def ask(self, client: TestClient, **options: Any) -> Any:
        content = self.body if isinstance(self.body, str) else json.dumps(self.body)
        sent = {"params": self.query} | ({} if self.body is None else {"content": content})
        headers = {"Content-Type": self.content_type} | options.pop("headers", {})
        return client.request(self.method, self.address, headers=headers, **(sent | options))


def routes(service: Service, names: Names) -> Iterator[Route]:
    """Raises KeyError for a name or a body that a new route needs and nobody has written down yet."""
    document = service.app.openapi()["paths"]
    written = bodies(names)
    for route in iter_route_contexts(service.app.routes):
        for needs in needs_of(route):
            for method in sorted(route.methods or ()):
                path = route.path_format
                takes_body = "requestBody" in document[path][method.lower()]
                yield Route(
                    method,
                    path,
                    path.format_map(IN_PATHS | names | _of_route(path, names)),
                    needs,
                    QUERIES.get(path, {}) if method == "GET" else {},
                    written[f"{method} {path}"] if takes_body else None,
                    CONTENT_TYPES.get(f"{method} {path}", "application/json"),
                )


def _of_route(path: str, names: Names) -> Names:
    """What a route calls like others and yet asks more of."""
    if path.startswith("/v1/parked-messages"):
        return {"id": names["parked"]}
    return {"slug": names.get("of_levels", NOBODYS)} if path.endswith("/concurrency") else {}
