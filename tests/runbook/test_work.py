"""Incidents of our own processes, messages and figures, played with the commands of the runbook."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import OKPAlgorithm

from infra.local.databases import create_database, drop_database
from infra.local.processes import ROOT
from infra.local.tokens import DevelopmentIssuer, tenant_id
from shared.kafka import Publisher
from shared.messages import encode
from shared.settings import Settings
from tests.runbook.stage import Stage
from tests.support.tower.letters import letter
from tests.support.waiting import eventually

Book = dict[str, list[str]]


def test_a_message_cannot_be_applied(stage: Stage, book: Book) -> None:
    listed, replay, discard, over = book["A message cannot be applied"]
    tell_nonsense(stage)
    eventually(lambda: ("parked", "entitlement") in stage.findings(), seconds=60)
    (parked,) = json.loads(stage.done(listed))["items"]
    assert parked["reason"].startswith("ValidationError")
    stage.done(replay, PARKED_ID=parked["id"])
    eventually(lambda: json.loads(stage.done(listed))["items"][0]["decision"] is None)  # nothing was mended
    stage.done(discard, PARKED_ID=parked["id"])
    eventually(lambda: json.loads(stage.done(listed))["items"] == [])
    stage.over(over)


def tell_nonsense(stage: Stage) -> None:
    """A customer without any of its fields, as a producer with a bug would send it."""
    nonsense = letter(tenant_id("demo"), uuid4(), 1, type="billing.customer_changed.v1", source="/billing/customer")
    environment = stage.environment
    settings = Settings(
        database_url=environment["BILLING_WORKER_DATABASE_URL"],
        kafka_bootstrap_servers=environment["KAFKA_BOOTSTRAP_SERVERS"],
        kafka_profile="local",
        auth_issuer=environment["AUTH_ISSUER"],
        auth_jwks_url=environment["AUTH_JWKS_URL"],
    )
    publisher = Publisher(settings)
    publisher.send([("billing.customers", nonsense.subject.bytes, encode(nonsense).encode())])
    publisher.close()


def test_a_read_model_is_doubted(stage: Stage, book: Book) -> None:
    verify, rebuild, over = book["A read model is doubted"]
    assert stage.customer("doubted") == 200
    stage.done(
        'psql -q "${BILLING_WORKER_DATABASE_URL/+psycopg/}" -c "UPDATE customers SET version = 9 WHERE key = \'doubted\'"'
    )
    doubted = stage.run(verify)
    assert doubted.returncode == 1
    assert [line.split()[0] for line in doubted.stdout.splitlines() if "DIFFERENT" in line] == ["customers"]
    stage.done(rebuild)
    stage.over(over)
    assert stage.ask("GET", "billing", "/v1/customers/doubted").json()["version"] == 1


def test_a_signing_key_is_rotated(stage: Stage, book: Book) -> None:
    (over,) = book["A signing key is rotated"]
    issuer, old = DevelopmentIssuer(stage.home), stage.environment["TOKEN"]
    key = Ed25519PrivateKey.generate()
    new = jwt.encode(jwt.decode(old, options={"verify_signature": False}), key, "EdDSA", headers={"kid": "new"})
    published = json.loads(issuer.jwks_file.read_text())["keys"]
    public = OKPAlgorithm.to_jwk(key.public_key(), as_dict=True) | {"kid": "new", "use": "sig", "alg": "EdDSA"}
    believed = {}
    for step, keys in (("both", [*published, public]), ("new", [public]), ("old", published)):
        issuer.jwks_file.write_text(json.dumps({"keys": keys}))
        stage.kill("billing-api")
        stage.over(over)
        believed[step] = [stage.ask("GET", "billing", "/v1/customers", token=token).status_code for token in (old, new)]
    assert believed == {"both": [200, 200], "new": [401, 200], "old": [200, 401]}


def test_a_consumer_is_far_behind(stage: Stage, book: Book) -> None:
    (over,) = book["A consumer is far behind"]
    with stage.frozen("renewals-worker"):
        for number in range(3):
            assert stage.customer(f"unheard-{number}") == 200
        found = eventually(lambda: {k: v for k, v in stage.findings().items() if k[0] == "worker"}, seconds=60)
        assert found == {("worker", "renewals"): "has not been heard of"}
        stage.kill("renewals-worker")
    stage.over(over)
    known = 'psql -At "${RENEWALS_WORKER_DATABASE_URL/+psycopg/}" -c "SELECT key FROM customers"'
    eventually(lambda: stage.done(known).count("unheard-") == 3, seconds=90)


def test_an_invoice_is_doubted(stage: Stage, book: Book) -> None:
    verify, explain, over = book["An invoice is doubted"]
    invoice = sold(stage)
    verified = json.loads(stage.done(verify, INVOICE_ID=invoice))
    assert (verified["equal"], verified["lines"]) == (True, 1)
    assert json.loads(stage.done(explain, INVOICE_ID=invoice))["reading"]
    stage.over(over)
    wrong = "UPDATE invoices SET total_minor = total_minor + 1, open_minor = open_minor + 1"
    right = wrong.replace("+ 1", "- 1")
    stage.done(f'psql -q "${{BILLING_WORKER_DATABASE_URL/+psycopg/}}" -c "{wrong}"')
    doubted = stage.run(over)
    stage.done(f'psql -q "${{BILLING_WORKER_DATABASE_URL/+psycopg/}}" -c "{right}"')
    assert doubted.returncode == 1 and "invoice_totals" in doubted.stdout and "1 DISAGREE" in doubted.stdout
    stage.over(over)


def sold(stage: Stage) -> str:
    """A subscription that began in the past gives its first invoice at once."""
    price = {"model": "per_unit", "unit_amount": "49.00"}
    fee = {"code": "fee", "name": "Team", "kind": "flat", "in_advance": True, "price": price}
    plan = {"name": "Team", "every": "month", "term_months": 12, "net_days": 14, "collect_seconds": 0}
    assert stage.ask("PUT", "billing", "/v1/plans/team", plan | {"prices": {"EUR": [fee]}}).status_code == 200
    assert stage.customer("acme") == 200
    today = stage.done("date -u +%F").strip()
    form = {"customer": "acme", "lines": [{"plan": "team", "starts_on": today}]}
    quote = stage.ask("POST", "billing", "/v1/quotes", form).json()["quote_id"]
    stage.ask("POST", "billing", f"/v1/quotes/{quote}/submit")
    token = stage.ask("POST", "billing", f"/v1/quotes/{quote}/send").json()["acceptance_token"]
    accepted = stage.ask("POST", "billing", "/v1/quote-acceptances", {"token": token, "name": "Ann Buyer"})
    assert accepted.status_code == 201, accepted.text
    issued = eventually(lambda: stage.ask("GET", "billing", "/v1/invoices").json()["items"], seconds=60)
    invoice: str = issued[0]["invoice_id"]
    return invoice


def test_a_process_does_not_answer(stage: Stage, book: Book) -> None:
    (over,) = book["A process does not answer"]
    with stage.frozen("entitlement-api"):
        assert "Timeout" in stage.findings()["process", "entitlement"]
        stage.kill("entitlement-api")
    stage.over(over)


def test_a_loop_of_a_worker_fails(stage: Stage, book: Book) -> None:
    repair, over = book["A loop of a worker fails"]
    stage.done('psql -q "${BILLING_OWNER_DATABASE_URL/+psycopg/}" -c "REVOKE ALL ON timers FROM billing_worker"')
    log = stage.home / "logs" / "billing-worker.log"
    eventually(lambda: '"a loop failed"' in log.read_text() and "permission denied for table timers" in log.read_text())
    assert ("waiting", "billing") in stage.findings()
    stage.done(repair)
    stage.over(over)


def test_a_month_of_usage_has_no_place(stage: Stage, book: Book) -> None:
    repair, over = book["A month of usage has no place"]
    stage.over(over)
    lost = """psql -q "${USAGE_OWNER_DATABASE_URL/+psycopg/}" \\
      -c "REVOKE EXECUTE ON FUNCTION make_usage_event_month FROM usage_worker" \\
      -c "DO \\$\\$ BEGIN EXECUTE format('DROP TABLE partitions.usage_events_%s',
           to_char(date_trunc('month', now(), 'UTC') + interval '1 month', 'YYYY_MM')); END \\$\\$"
    """
    stage.done(lost)
    missing = stage.run(over)
    assert missing.returncode == 1 and "1 DISAGREE" in missing.stdout
    log = stage.home / "logs" / "usage-worker.log"
    stage.kill("usage-worker")
    eventually(lambda: "permission denied for function make_usage_event_month" in log.read_text(), seconds=90)
    stage.done(repair)
    stage.over(over)


def test_usage_events_are_archived(stage: Stage, book: Book, tmp_path: Path) -> None:
    archive, restore, over = book["Usage events are archived"]
    old = """psql -q "${USAGE_OWNER_DATABASE_URL/+psycopg/}" -c "SELECT make_usage_event_month('2024-03-05Z')" \\
      -c "INSERT INTO usage_events SELECT gen_random_uuid(), 1, '/s', 'i', 't', 'acme', '2024-03-05Z', '{}',
            gen_random_uuid(), '2024-03-05Z'"
    """
    stage.done(old)
    tmp_path.chmod(0o755)
    told = {"MONTH": "2024-04", "RESTORED": "2024-03", "ARCHIVES": str(tmp_path)}
    there = 'psql -At "${USAGE_OWNER_DATABASE_URL/+psycopg/}" -c "SELECT count(*) FROM usage_events WHERE subject = \'acme\'"'
    assert "2024-03" in stage.done(archive, **told)
    assert stage.done(there).strip() == "0"
    assert "restored" in stage.done(restore, **told)
    assert stage.done(there).strip() == "1"
    stage.done(archive, **told)
    assert stage.run(archive, **told | {"MONTH": "2999-01"}).returncode == 1
    stage.over(over)


def test_tables_are_behind_the_code(stage: Stage, book: Book) -> None:
    migrate, over = book["Tables are behind the code"]
    admin = stage.environment["ADMIN_DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://")
    urls = create_database(admin, "renewals_new", "renewals")
    new = {f"RENEWALS_{role}_DATABASE_URL": getattr(urls, role.lower()) for role in ("OWNER", "API", "WORKER")}
    try:
        told = json.loads(stage.run(f"{over.strip()} --json", **new).stdout)
        behind = {
            each["subject"] for each in told["findings"] if each["check"] == "tables" and each["verdict"] == "fail"
        }
        assert behind == {"renewals"}
        stage.done(migrate, **new)
        again = json.loads(stage.run(f"{over.strip()} --json", **new).stdout)
        assert {each["verdict"] for each in again["findings"] if each["check"] == "tables"} == {"ok"}
    finally:
        drop_database(admin, "renewals_new")


def test_every_incident_with_commands_is_played(book: Book) -> None:
    played = {title.lower().replace(" ", "_") for title, blocks in book.items() if blocks}
    tests = "".join((ROOT / "tests" / "runbook" / name).read_text() for name in ("test_servers.py", "test_work.py"))
    assert {name for name in played if f"def test_{name}(" not in tests} == set()
    assert len(played) >= 10
