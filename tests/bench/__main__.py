"""`make bench`: how fast the kernel is here, each number beside its bound, measured in the same run."""

from __future__ import annotations

import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from infra.local.broker import Broker
    from infra.local.databases import create_database
    from infra.local.postgres import Postgres
    from tests.bench import appends, backfill, commands, fairness, messages
    from tests.bench.clients import rate
    from tests.bench.report import show, show_conditions
    from tests.support.house import migrate
    from tests.support.servers import Servers
    from tests.support.tower.house import Tower, build, create_topic

REPEATS = 5
SECONDS = 2.0
PACKAGES = ("psycopg", "sqlalchemy", "msgspec", "kafka-python")


def main() -> None:
    with standing() as tower:
        show_conditions(tower.urls.worker, PACKAGES, f"medians of {REPEATS} (least to most)")
        bare = commands.bare(tower)
        unit = commands.through_the_unit_of_work(tower)
        bound: list[float] = []
        ours: list[float] = []
        for _ in range(REPEATS):  # side by side, as the machine's mood changes
            bound.append(rate(bare, processes=commands.PROCESSES, seconds=SECONDS))
            ours.append(rate(unit, processes=commands.PROCESSES, seconds=SECONDS))
        show("bare BEGIN; INSERT; COMMIT, 8 processes", bound, "a second")
        show("one-event commands, 8 processes", ours, "a second")
        show("  ratio to the bound", [o / b for o, b in zip(ours, bound, strict=True)], "of it (goal 0.5)")
        show("batch appends, events alone", repeated(lambda: batch(tower, with_messages=False)), "events a second")
        show(
            "  with projection and outbox", repeated(lambda: batch(tower, with_messages=True)), "a second (goal 20,000)"
        )
        tower.close()
        show("relay, broker, inbox", repeated(lambda: messages.messages_per_second(tower)), "messages (goal 10,000)")
        tower.close()
        show_fairness(tower)
        show_backfills(tower.servers)


def show_fairness(tower: Tower) -> None:
    alone, beside, flood = fairness.compare(tower)
    for who, took in (("alone", alone), (f"beside a flood of {flood:,.0f} a second", beside)):
        half, most = (fairness.percentile(took, part) for part in (50, 99))
        print(
            f"a calm tenant {who}: {len(took) / fairness.SECONDS:,.0f} a second, p50 {half:.1f} ms, p99 {most:.1f} ms"
        )
    print(f"  of its rate alone {len(beside) / len(alone):.2f} (goal 0.5)", flush=True)


def show_backfills(servers: Servers) -> None:
    name = "usage_bench"
    urls = create_database(servers.admin_url, name, "usage")
    migrate("usage", urls.owner)
    found = [backfill.measure(urls) for _ in range(REPEATS)]
    show("binary COPY of usage rows with their keys", [each.copied for each in found], "rows a second")
    show("backfill: committed", [each.committed for each in found], "rows a second")
    show("  ratio to the bound", [each.committed / each.copied for each in found], "of it (goal 0.35)")
    show("  loaded from CSV", [each.loaded for each in found], "rows a second")
    show("  loaded and committed", [each.through for each in found], "rows a second")
    show("  previewed", [each.previewed for each in found], "rows a second")


def batch(tower: Tower, *, with_messages: bool) -> float:
    return appends.events_per_second(tower, batches=6, with_messages=with_messages)


def repeated(measure: Callable[[], float]) -> list[float]:
    return [measure() for _ in range(REPEATS)]


@contextmanager
def standing() -> Iterator[Tower]:
    """A durable PostgreSQL and a broker, for this run only."""
    home = Path(tempfile.mkdtemp(prefix="quittance-bench-"))
    home.chmod(0o711)  # the server's own user passes through
    postgres, broker = Postgres(home / "postgres", home / "postgres.log"), Broker(home / "kafka.log")
    try:
        postgres.start()
        broker.start()
        servers = Servers(postgres.admin_url, broker.bootstrap_servers)
        create_topic(servers, "bench.bells")
        urls = create_database(postgres.admin_url, "tower_bench", "tower")
        build(urls)
        yield Tower(urls, servers, "bench.bells")
    finally:
        broker.stop()
        postgres.stop()
        postgres.remove()
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
