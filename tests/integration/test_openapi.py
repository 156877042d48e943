"""The four documents are true: whatever schemathesis makes of them gets an answer that they describe."""

from __future__ import annotations

import os
from contextlib import nullcontext, suppress
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as some
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import not_a_server_error
from schemathesis.generation.modes import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.integration.stocked import STOCK, Names
from tests.support.house import Service


@schemathesis.serializer("application/jsonl", "application/x-ndjson", "application/vnd.apache.parquet")
def of_files(context: object, value: object) -> bytes:
    """A file is whatever text it is."""
    return str(value).encode(errors="replace")


CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
ASKS_THE_WORKER = {"/v1/test-clock", "/v1/completeness"}
# The same few in every run. Who looks for trouble asks for more: SCHEMATHESIS_EXAMPLES=300.
EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "4"))
few_and_always_the_same = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.timeout(180 * max(5, EXAMPLES))
@pytest.mark.parametrize("name", STOCK)
def test_every_answer_is_one_that_the_document_describes(
    name: str, request: pytest.FixtureRequest, tenant: str
) -> None:
    service: Service = request.getfixturevalue(name)
    names = STOCK[name](service, tenant)
    token = {"Authorization": service.client(tenant).headers["Authorization"]}
    for found in schemathesis.openapi.from_asgi("/openapi.json", service.app).get_all_operations():
        operation = found.ok()
        with service.working() if operation.path in ASKS_THE_WORKER else nullcontext():
            ask_at_every_boundary(operation, token)
            for mode in GenerationMode:
                ask(operation, mode, names, token)


def ask_at_every_boundary(operation: Any, token: dict[str, str]) -> None:
    """Each boundary of each field from both sides: what the document forbids is refused."""
    how = operation.schema.config.generation_for(operation=operation, phase="coverage")
    for case in operation.schema.iter_coverage_cases(
        operation, generation_modes=list(GenerationMode), generation_config=how
    ):
        answer = case.call(headers=token)
        is_too_much = answer.status_code == 413  # a refusal, too, which schemathesis does not count as one
        checks = CHECKS if is_too_much else [*CHECKS, negative_data_rejection]
        case.validate_response(answer, checks=checks, headers=token)


def ask(operation: Any, mode: GenerationMode, names: Names, token: dict[str, str]) -> None:
    """What fits the document and what does not, half of the time about things that are there."""

    @few_and_always_the_same
    @given(operation.as_strategy(generation_mode=mode), some.booleans())
    def asked(case: Any, about_known_things: bool) -> None:
        if about_known_things:
            for part in ("path_parameters", "query", "body"):
                setattr(case, part, named(getattr(case, part), names))
            case.headers.pop("If-Match", None)
        case.call_and_validate(headers=token, checks=CHECKS)

    with suppress(Unsatisfiable):  # a request without parameters and body cannot be wrong
        asked()


def named(sent: Any, names: Names) -> Any:
    match sent:
        case dict():
            return {name: names.get(name, named(value, names)) for name, value in sent.items()}
        case list():
            return [named(item, names) for item in sent]
    return sent


@pytest.mark.parametrize("name", STOCK)
def test_what_the_kernel_does_around_every_route_is_documented(name: str, request: pytest.FixtureRequest) -> None:
    document = request.getfixturevalue(name).app.openapi()
    move = document["paths"]["/v1/test-clock"]["put"]
    assert move["security"] == [{"bearer": ["operations:clock"]}]
    assert list(move["responses"]["409"]["content"]) == ["application/problem+json"]
    replay = document["paths"]["/v1/parked-messages/{id}/replay"]["post"]
    assert "Idempotency-Key" in [parameter["name"] for parameter in replay["parameters"] if parameter["required"]]


def test_a_change_is_guarded_by_the_etag_that_an_answer_carries(billing: Service) -> None:
    path = billing.app.openapi()["paths"]["/v1/customers/{external_id}"]
    assert "ETag" in path["get"]["responses"]["200"]["headers"]
    assert "If-Match" in [parameter["name"] for parameter in path["put"]["parameters"]]
    assert "412" in path["put"]["responses"]
    assert "412" not in path["get"]["responses"]
