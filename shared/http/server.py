"""The process of an API: `python -m shared.http.server services.billing.app:from_environment --port 8000`.

uvicorn, with what it leaves to a proxy: an end to slow clients, a limit on open connections, problem documents.
"""

from __future__ import annotations

import argparse
import resource
from functools import partial
from typing import Any, cast

import uvicorn
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared import garbage
from shared.http.connections import Doorway, GuardedConnection

OTHER_FILES = 200  # connections to PostgreSQL and Kafka, logs, the loop's own


class ServerSettings(BaseSettings):
    """What a client may take of the process. Bodies have their own limits, where they are read."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    connection_limit: int = Field(default=2000, ge=1)
    head_timeout_seconds: float = Field(default=10, gt=0)
    answer_timeout_seconds: float = Field(default=30, gt=0)


def serve(factory: str, host: str, port: int, settings: ServerSettings) -> None:
    """Returns after SIGTERM or SIGINT. Logs go where `shared.logs` says, as JSON."""
    _allow_files(settings.connection_limit + OTHER_FILES)
    doorway = Doorway(settings.connection_limit, settings.head_timeout_seconds, settings.answer_timeout_seconds)
    configuration = uvicorn.Config(
        factory,
        factory=True,
        host=host,
        port=port,
        http=cast("Any", partial(GuardedConnection, doorway=doorway)),
        ws="none",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=20,
    )
    configuration.load()
    garbage.look_seldom()
    uvicorn.Server(configuration).run()


def _allow_files(wanted: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < wanted:
        raise SystemExit(
            f"{wanted} open files are needed, {hard} are allowed: lower CONNECTION_LIMIT or raise ulimit -n"
        )
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("factory", help="module:function that makes the application")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    given = parser.parse_args()
    serve(given.factory, given.host, given.port, ServerSettings())


if __name__ == "__main__":
    main()
