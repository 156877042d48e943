from uuid import uuid4

import pytest

from infra.local.tokens import tenant_id
from shared.contracts.billing import CustomerChangedV1
from tests.support.house import Service, settle
from tests.support.published import published

CUSTOMER = {"name": "Acme", "zone": "Europe/Berlin", "currency": "EUR"}


def test_putting_a_customer_twice_changes_nothing(billing: Service, tenant: str) -> None:
    client = billing.client(tenant)
    first = client.put("/v1/customers/acme", json=CUSTOMER)
    assert (first.status_code, first.json()["version"], first.headers["etag"]) == (200, 1, '"1"')
    assert client.put("/v1/customers/acme", json=CUSTOMER).json() == first.json()
    assert client.put("/v1/customers/acme", json=CUSTOMER | {"name": "Acme SE"}).json()["version"] == 2


def test_what_is_not_said_of_a_customer_is_the_default_and_stays(billing: Service, tenant: str) -> None:
    client = billing.client(tenant)
    defaults = {"zone": "Europe/Berlin", "currency": "CHF"}
    assert client.put("/v1/settings", json=defaults).is_success
    assert client.put("/v1/customers/acme", json={"name": "Acme"}).json().items() >= defaults.items()
    assert client.put("/v1/settings", json={"zone": "UTC", "currency": "USD"}).is_success
    again = client.put("/v1/customers/acme", json={"name": "Acme SE"}).json()
    assert again.items() >= (defaults | {"name": "Acme SE"}).items()


def test_a_stale_if_match_is_refused(billing: Service, tenant: str) -> None:
    client = billing.client(tenant)
    client.put("/v1/customers/acme", json=CUSTOMER)
    changed = CUSTOMER | {"name": "Acme SE"}
    assert client.put("/v1/customers/acme", json=changed, headers={"If-Match": '"1"'}).status_code == 200
    again = client.put("/v1/customers/acme", json=CUSTOMER, headers={"If-Match": '"1"'})
    assert (again.status_code, again.json()["title"]) == (412, "stream_moved")


def test_another_tenant_sees_nothing(billing: Service, tenant: str) -> None:
    billing.client(tenant).put("/v1/customers/acme", json=CUSTOMER)
    other = billing.client(f"other-{uuid4().hex}")
    assert other.get("/v1/customers/acme").status_code == 404
    assert other.get("/v1/customers").json()["items"] == []


@pytest.mark.parametrize("zone", ["Mars/Base", "localtime", "../etc/passwd", ""])
def test_an_unknown_zone_is_named(billing: Service, tenant: str, zone: str) -> None:
    refused = billing.client(tenant).put("/v1/customers/acme", json=CUSTOMER | {"zone": zone})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/zone")


@pytest.mark.parametrize("address", ["/v1/customers?external_id=%00", "/v1/quotes?status=sent&external_id=a%00"])
def test_a_name_that_no_column_can_hold_is_refused(billing: Service, tenant: str, address: str) -> None:
    refused = billing.client(tenant).get(address)
    assert (refused.status_code, refused.json()["title"]) == (400, "malformed_text")


def test_a_list_goes_on_where_it_ended(billing: Service, tenant: str) -> None:
    client = billing.client(tenant)
    for n in range(5):
        client.put(f"/v1/customers/c{n}", json=CUSTOMER)
    first = client.get("/v1/customers?limit=3").json()
    rest = client.get("/v1/customers", params={"limit": 3, "cursor": first["next_cursor"]}).json()
    assert len(first["items"]) == 3 and len(rest["items"]) == 2 and rest["next_cursor"] is None
    assert client.get("/v1/customers?external_id=c2").json()["items"][0]["external_id"] == "c2"


def test_a_test_clock_is_chosen_before_the_first_event(billing: Service, tenant: str) -> None:
    client = billing.client(tenant)
    assert client.put("/v1/test-clock", json={"now": "2012-12-01T05:00:00Z"}).status_code == 200
    client.put("/v1/customers/acme", json=CUSTOMER)
    settle([billing])
    late = billing.client(f"late-{uuid4().hex}")
    late.put("/v1/customers/acme", json=CUSTOMER)
    assert late.put("/v1/test-clock", json={"now": "2012-12-01T05:00:00Z"}).status_code == 409


def test_what_others_cut_their_figures_by_is_told(billing: Service, tenant: str) -> None:
    form = {"name": "Acme", "zone": "Europe/Berlin", "currency": "EUR", "segment": "small", "region": "north"}
    assert billing.client(tenant).put("/v1/customers/acme", json=form).status_code == 200
    settle([billing])
    (told,) = published(billing, "billing.customers", tenant)
    assert (told.read(CustomerChangedV1).segment, told.read(CustomerChangedV1).region) == ("small", "north")


def test_customers_are_found_by_what_is_known_of_them(billing: Service, tenant: str) -> None:
    client = billing.client(tenant)
    known = {"size_band": "medium", "industry": "air", "region": "north", "tier": "gold"}
    for key, facts in {"all": known, "some": {"region": "north", "tier": "tin"}, "none": {}}.items():
        assert client.put(f"/v1/customers/{key}", json=CUSTOMER | facts).status_code == 200

    def found(**asked: str) -> set[str]:
        answer = client.get("/v1/customers", params=asked)
        assert answer.status_code == 200, answer.text
        return {customer["external_id"] for customer in answer.json()["items"]}

    for name, value in known.items():
        assert found(**{name: value}) == ({"all", "some"} if name == "region" else {"all"})
    assert found(region="north", tier="tin") == {"some"}
    assert found(industry="") == {"some", "none"} and found(region="") == {"none"}
    assert client.get("/v1/customers?size_band=huge").status_code == 422


def test_a_customer_says_what_is_not_known_of_it(billing: Service, tenant: str) -> None:
    client = billing.client(tenant)
    refused = client.put("/v1/customers/acme", json=CUSTOMER | {"size_band": "huge"})
    assert (refused.status_code, refused.json()["errors"][0]["pointer"]) == (422, "/size_band")
    told = client.put("/v1/customers/acme", json=CUSTOMER | {"size_band": "small", "tier": "gold"}).json()
    assert told["completeness"] == {"percent": 50, "missing": ["industry", "region"]}
    assert (told["size_band"], told["industry"], told["region"], told["tier"]) == ("small", "", "", "gold")
    again = client.put("/v1/customers/acme", json=CUSTOMER).json()
    assert (again["version"], again["size_band"], again["completeness"]["percent"]) == (2, None, 0)


def test_the_row_of_a_customer_leaves_out_what_is_not_said(billing: Service, tenant: str) -> None:
    """It is the one that the release before has written."""
    billing.client(tenant).put("/v1/customers/acme", json=CUSTOMER | {"tier": "gold"})
    rows = "SELECT customer FROM customers WHERE tenant_id = %(tenant)s"
    with billing.background.relay.engine.connect() as tx:
        row = tx.exec_driver_sql(rows, {"tenant": tenant_id(tenant)}).scalar_one()
    assert row["tier"] == "gold" and not {"size_band", "industry"} & row.keys()
