"""`make bench-usage`: how fast usage takes, meters and shows events here, each number beside its bound."""

from __future__ import annotations

import logging
import os
import statistics
import warnings
from collections.abc import Sequence

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from shared import logs
    from tests.bench.report import show, show_conditions
    from tests.bench.usage import http_rows, metering_rows, question_rows, stored_rows, together
    from tests.bench.usage.stand import Stand, standing

REPEATS = int(os.environ.get("REPEATS", "5"))
SECONDS, QUESTIONS = 3.0, 300
STEADY_SECONDS, BUSY_SECONDS = 20.0, float(os.environ.get("SECONDS", "60"))
STORED = int(os.environ.get("STORED", "20000000"))
PACKAGES = ("uvicorn", "httptools", "uvloop", "msgspec", "kafka-python", "psycopg")
ABOUT = f"""Apache Kafka, one node, 4 partitions
medians of {REPEATS} (least to most); the generator runs on the same cores"""


def main() -> None:
    logs.configure("CRITICAL", "usage", "bench")
    logging.disable()  # what libraries say when the servers leave before them
    with standing() as stand:
        show_conditions(stand.service.urls.worker, PACKAGES, ABOUT)
        show("parse only, batches of 100", http_rows.parse_only(REPEATS), "events per core-second")
        empty = show_metering(stand)
        http_rows.warm(stand)
        show_http(stand, "batches of 100", 100, "events a second (goal 150,000)")
        show_http(stand, "single events", 1, "events a second")
        show_together(stand)
        show_questions(stand)
        show_stored(stand, empty)


def show_http(stand: Stand, what: str, size: int, unit: str) -> None:
    bare, ours = http_rows.compare(stand, size=size, repeats=REPEATS, seconds=SECONDS)
    show(f"{what}, bare ASGI and packed records", bare.wall, "events a second")
    show("  per core-second", bare.per_core, "events")
    show(f"{what}, 202 after acks=all", ours.wall, unit)
    show("  per core-second", ours.per_core, "events" if size > 1 else "events (goal 8,000)")
    show("  p99", ours.p99_milliseconds, "ms" if size > 1 else "ms (goal 20)")
    show("  ratio to the bound per core-second", ratios(ours.per_core, bare.per_core), "of it (goal 0.45)")


def show_metering(stand: Stand) -> Sequence[float]:
    """First, while nothing is stored. Events per core-second of each repeat."""
    bound, ours = metering_rows.compare(stand, REPEATS)
    show("COPY and ON CONFLICT alone", bound.per_core, "events per core-second")
    show("log, repeats, stored, totals", ours.wall, "events a second")
    show("  per core-second", ours.per_core, "events (goal 50,000)")
    show("  ratio to the bound per core-second", ratios(ours.per_core, bound.per_core), "of it (goal 0.5)")
    return ours.per_core


def show_together(stand: Stand) -> None:
    hundredths = statistics.quantiles(together.seconds_until_visible(stand, STEADY_SECONDS), n=100)
    half, most = hundredths[49] * 1000, hundredths[98] * 1000
    print(f"accepted until visible, at {together.STEADY_EVENTS:,} events a second for {STEADY_SECONDS:.0f} s:", end=" ")
    print(f"p50 {half:,.0f} ms (goal 300), p99 {most:,.0f} ms (goal 1,000)", flush=True)
    busy = together.events_a_second(stand, BUSY_SECONDS)
    print(f"everything at once for {BUSY_SECONDS:.0f} s: {busy.rate:,.0f} events a second (goal 42,000),", end=" ")
    print(f"{busy.accepted:,} accepted, none lost, none counted twice;", end=" ")
    print(f"at most {busy.api_megabytes:.0f} MB in the API (goal 250),", end=" ")
    print(f"{busy.worker_megabytes:.0f} in the worker (goal 500)", flush=True)


def show_questions(stand: Stand) -> None:
    """Last, since what is filled in would slow the others down."""
    print(f"a month of one subject, hours of {question_rows.fill(stand):,} events rolled up:", flush=True)
    for window in ("hour", "day", "month"):
        took = question_rows.asked(stand, QUESTIONS, window=window, group_by="origin", limit="500")
        hundredths = statistics.quantiles(took, n=100)
        print(
            f"  by {window} and group: p50 {hundredths[49]:,.1f} ms, p99 {hundredths[98]:,.1f} ms (goal 50)", flush=True
        )


def show_stored(stand: Stand, empty: Sequence[float]) -> None:
    """Beside the first events that the store got."""
    stored_rows.fill(stand, STORED)
    full = metering_rows.metered(stand, REPEATS).per_core
    show(f"log, repeats, stored, totals, {STORED:,} events stored", full, "events per core-second")
    show("  ratio to the store that had none", ratios(full, empty), "of it (goal 0.8)")


def ratios(ours: Sequence[float], bounds: Sequence[float]) -> list[float]:
    return [our / bound for our, bound in zip(ours, bounds, strict=True)]


if __name__ == "__main__":
    main()
