"""Tiny programs in place of the services, for the tests of the runner: `python -m tests.infra.fake_services …`."""

from __future__ import annotations

import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from infra.local import runner
from infra.local.children import free_port, plain_environment
from infra.local.processes import Process
from infra.local.services import Addresses
from infra.local.stack import Plan

ME = (sys.executable, "-m", "tests.infra.fake_services")


class Ready(BaseHTTPRequestHandler):
    """Answers 200 to everything."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()


def api(port: int) -> Process:
    return Process("billing-api", (*ME, "api", str(port)), plain_environment(), f"http://127.0.0.1:{port}/readyz")


def worker() -> Process:
    return Process("billing-worker", (*ME, "worker"), plain_environment())


def migrations(addresses: Addresses) -> list[Process]:
    url = addresses.databases["billing"].owner
    return [Process("billing-migrations", (*ME, "migrate"), plain_environment() | {"DATABASE_URL": url})]


def processes(_: Addresses) -> list[Process]:
    return [api(free_port()), worker()]


PLAN = Plan(("billing",), migrations, processes)


def say(line: str) -> None:
    sys.stdout.write(line + "\n")


def main(what: str, argument: str = "") -> None:
    match what:
        case "api":
            HTTPServer(("127.0.0.1", int(argument)), Ready).serve_forever()
        case "worker":
            threading.Event().wait()
        case "migrate":
            sys.stdout.write("migrated\n")
        case "stack":
            runner.run(Path(argument), say, shows_logs=True, plan=PLAN)
        case _:
            raise SystemExit(f"this never works: {what}")


if __name__ == "__main__":
    main(*sys.argv[1:])
