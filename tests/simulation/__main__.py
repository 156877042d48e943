"""`make simulate SEEDS=10000` plays seeds from 0 on; `make simulate SEED=17` plays one and shows its steps."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from infra.local.postgres import Postgres
from tests.simulation.run import Verdict, play_all, theatres
from tests.support.servers import Servers


def main() -> int:
    parser = argparse.ArgumentParser(prog="make simulate", description=__doc__)
    parser.add_argument("--seeds", type=int, default=300, help="how many, from 0 on")
    parser.add_argument("--seed", type=int, help="this one alone, with its steps")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # ends like Ctrl-C: it takes its server along
    seeds = range(asked.seeds) if asked.seed is None else [asked.seed]
    failed = 0
    with _postgres() as servers, theatres(servers, None if asked.seed is None else 1) as pool:
        for played, verdict in enumerate(play_all(pool, seeds), start=1):
            failed += bool(verdict.told)
            _say(verdict, played, alone=asked.seed is not None)
    sys.stdout.write(f"{len(seeds) - failed} of {len(seeds)} seeds came to the same end as the calm world\n")
    return 1 if failed else 0


def _say(verdict: Verdict, played: int, *, alone: bool) -> None:
    if alone:
        sys.stdout.write("".join(f"{number:5} {step}\n" for number, step in enumerate(verdict.trace, start=1)))
    if verdict.told or alone:
        sys.stdout.write(f"{verdict}\n")
    elif played % 100 == 0:
        sys.stdout.write(f"{played} seeds\n")
    sys.stdout.flush()


@contextmanager
def _postgres() -> Iterator[Servers]:
    """A server of its own, which forgets everything."""
    with TemporaryDirectory(prefix="quittance-simulation-") as home:
        Path(home).chmod(0o711)  # the server's own user passes through
        server = Postgres(Path(home) / "postgres", Path(home) / "postgres.log", durable=False)
        server.start()
        try:
            yield Servers(server.admin_url, bootstrap_servers="127.0.0.1:9")  # nobody asks for a broker
        finally:
            server.stop()
            server.remove()


if __name__ == "__main__":
    sys.exit(main())
