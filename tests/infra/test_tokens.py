"""Tokens of the development issuer."""

from pathlib import Path

import jwt
import pytest

from infra.local.tokens import ISSUER, DevelopmentIssuer, tenant_id


@pytest.fixture
def issuer(tmp_path: Path) -> DevelopmentIssuer:
    issuer = DevelopmentIssuer(tmp_path)
    issuer.prepare()
    return issuer


def verified(issuer: DevelopmentIssuer, token: str) -> dict[str, object]:
    key = jwt.PyJWKSet.from_json(issuer.jwks_file.read_text())[jwt.get_unverified_header(token)["kid"]]
    return jwt.decode(
        token,
        key,
        algorithms=["EdDSA"],
        audience="quittance",
        issuer=ISSUER,
        options={"require": ["exp", "iat", "iss", "aud", "sub"]},
    )


def test_a_token_is_believed_by_who_has_the_public_keys(issuer: DevelopmentIssuer) -> None:
    claims = verified(issuer, issuer.token(tenant="demo", scopes=["invoices:read", "invoices:write"], subject="ann"))
    assert claims["sub"] == "ann"
    assert claims["tenant_id"] == str(tenant_id("demo"))
    assert claims["scope"] == "invoices:read invoices:write"


def test_a_token_ends(issuer: DevelopmentIssuer) -> None:
    with pytest.raises(jwt.ExpiredSignatureError):
        verified(issuer, issuer.token(tenant="demo", scopes=[], hours=-1))


def test_a_token_of_another_checkout_is_not_believed(issuer: DevelopmentIssuer, tmp_path: Path) -> None:
    other = DevelopmentIssuer(tmp_path / "other")
    other.prepare()
    with pytest.raises(jwt.InvalidSignatureError):
        verified(issuer, other.token(tenant="demo", scopes=[]))


def test_the_key_pair_stays_and_is_private(issuer: DevelopmentIssuer, tmp_path: Path) -> None:
    token = issuer.token(tenant="demo", scopes=[])
    issuer.prepare()
    assert verified(issuer, token)
    assert (tmp_path / "issuer.pem").stat().st_mode & 0o777 == 0o600
    assert '"d"' not in issuer.jwks_file.read_text()


def test_a_tenant_has_the_same_id_everywhere() -> None:
    assert str(tenant_id("demo")) == "21c5dc00-4d97-522f-967d-fb78ef627b39"
