"""The four documents are true: whatever schemathesis makes of them gets an answer that they describe."""

from __future__ import annotations

import os
from typing import Any
import warnings
import time

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.integration.stocked import STOCK
from tests.support.house import Service

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
FEW = settings(
    max_examples=int(os.environ.get("MANY","12")),
    derandomize="MANY" not in os.environ,
    database=None,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
seen = {}

@pytest.mark.parametrize("name", ["billing", "usage", "entitlement", "renewals"])
def test_every_answer_is_one_that_the_document_describes(name: str, request: pytest.FixtureRequest, tenant: str) -> None:
    service: Service = request.getfixturevalue(name)
    names = STOCK[name](service, tenant)
    client = service.client(tenant)
    auth = {"Authorization": client.headers["Authorization"]}
    schema = schemathesis.openapi.from_asgi("/openapi.json", service.app)
    begun = time.monotonic()
    failures = []
    with service.working():
      for result in schema.get_all_operations():
        operation = result.ok()

        @FEW
        @given(operation.as_strategy(), st.booleans())
        def ask(case: Any, known: bool) -> None:
            if known:
                case.path_parameters = with_names(case.path_parameters, names)
                case.query = with_names(case.query, names)
                case.body = with_names(case.body, names)
                case.headers.pop("If-Match", None)
            response = case.call(headers=auth)
            try:
                key = (name, case.method, case.path, response.status_code)
                seen[key] = seen.get(key, 0) + 1
                case.validate_response(response, checks=CHECKS)
            except BaseException as e:
                failures.append((case.method, case.path, response.status_code, str(e)[:1500]))
        ask()
    print(name, time.monotonic() - begun)
    with open(f'/tmp/fail_{name}.txt','w') as out:
        for f in failures: print(*f, file=out)
    for k, v in sorted(seen.items()): print(k, v)
    assert not failures


def with_names(sent: Any, names: dict[str, Any]) -> Any:
    match sent:
        case dict():
            return {name: names.get(name, with_names(value, names)) for name, value in sent.items()}
        case list():
            return [with_names(item, names) for item in sent]
    return sent
