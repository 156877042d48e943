"""Creates a service's database and its three roles on a server, as often as one likes."""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from infra.local.postgres import libpq

ROLES = ("owner", "api", "worker")
_LOCK = 0x71756974  # creating roles is not safe against itself: one at a time on a server


@dataclass(frozen=True, slots=True)
class Urls:
    """Where each role of a service connects: `owner` migrates, `api` and `worker` run."""

    owner: str
    api: str
    worker: str


def create_database(admin_url: str, name: str, service: str) -> Urls:
    """The database `name`, owned by `<service>_owner`, which `<service>_api` and `_worker` may enter.

    The roles belong to the server and are shared by all databases of the service; what they may do to tables is said
    by the migrations. A role's password is derived from the superuser's random one, so that everybody who may create
    databases finds the same, and none is stored.
    """
    with _locked(admin_url) as server:
        for role in ROLES:
            _create_role(server, f"{service}_{role}", _password(admin_url, f"{service}_{role}"))
        if not server.execute("select 1 from pg_database where datname = %s", [name]).fetchone():
            _run(server, "create database {} owner {}", name, f"{service}_owner")
        _run(server, "revoke all on database {} from public", name)
        _run(server, "grant connect on database {} to {}, {}", name, f"{service}_api", f"{service}_worker")
        with psycopg.connect(_url(admin_url, name), autocommit=True) as database:
            _run(database, "alter schema public owner to {}", f"{service}_owner")
            _run(database, "grant usage on schema public to {}, {}", f"{service}_api", f"{service}_worker")
    return urls(admin_url, name, service)


def drop_database(admin_url: str, name: str) -> None:
    """Removes it, cutting off who is still connected; the roles stay."""
    with psycopg.connect(libpq(admin_url), autocommit=True) as server:
        _run(server, "drop database if exists {} with (force)", name)


def urls(admin_url: str, name: str, service: str) -> Urls:
    """The URLs of a database that exists."""
    address = urlsplit(admin_url)
    return Urls(
        *(
            f"{address.scheme}://{user}:{_password(admin_url, user)}@{address.hostname}:{address.port}/{name}"
            for user in (f"{service}_{role}" for role in ROLES)
        )
    )


@contextmanager
def _locked(admin_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(libpq(admin_url), autocommit=True) as server:
        server.execute("select pg_advisory_lock(%s)", [_LOCK])
        yield server


def _create_role(server: psycopg.Connection, role: str, password: str) -> None:
    exists = server.execute("select 1 from pg_roles where rolname = %s", [role]).fetchone()
    verb = sql.SQL("alter" if exists else "create")
    # The server is told the verifier, never the password, which it would write to its log with a failing statement.
    verifier = server.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
    statement = sql.SQL("{} role {} login nosuperuser nocreatedb nocreaterole nobypassrls password {}")
    server.execute(statement.format(verb, sql.Identifier(role), sql.Literal(verifier)))


def _run(connection: psycopg.Connection, statement: str, *names: str) -> None:
    connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def _password(admin_url: str, role: str) -> str:
    secret = urlsplit(admin_url).password or ""
    return hmac.digest(secret.encode(), role.encode(), "sha256").hex()


def _url(admin_url: str, name: str) -> str:
    return libpq(admin_url).rpartition("/")[0] + f"/{name}"
