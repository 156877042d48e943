"""`make bench-billing`: how fast billing rates, bills, answers and proves here, beside bounds of the same run."""

from __future__ import annotations

import logging
import os
import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from infra.local.databases import create_database
    from shared import garbage, logs
    from tests.bench.backfill import ROWS
    from tests.bench.billing import bill_run, http_rows, rating_rows, recount_rows, revenue_rows, what_if_rows
    from tests.bench.billing.seller import CHARGES
    from tests.bench.billing.stand import Stand, standing
    from tests.bench.report import show, show_conditions
    from tests.support.house import migrate

REPEATS = int(os.environ.get("REPEATS", "5"))
SECONDS = float(os.environ.get("SECONDS", "3"))
SUBSCRIPTIONS = int(os.environ.get("SUBSCRIPTIONS", "1000"))
QUOTES, INVOICES, CONTRACTS = 1000, 500, 2000
YEARS, COPIES = 400, 70  # a million period totals
PACKAGES = ("psycopg", "sqlalchemy", "fastapi", "uvicorn", "msgspec")
ABOUT = f"""medians of {REPEATS} (least to most)
rates per core-second are of all processes that work for the row; the generator runs on the same cores"""


def main() -> None:
    logs.configure("CRITICAL", "billing", "bench")
    logging.disable()
    garbage.look_seldom()  # as a worker does
    with standing() as stand:
        show_conditions(stand.urls.worker, PACKAGES, ABOUT)
        show_rating()
        show_bill_run(stand)
        show_revenue(stand)
        show_http(stand)
        show_what_if(stand)
        show_proof(stand)


def show_rating() -> None:
    bound = rating_rows.whole_numbers(REPEATS)
    show("whole numbers, five tiers", bound, "lines per core-second")
    show("rated, with tiers", rating_rows.with_tiers(REPEATS), "lines per core-second (goal 220,000)")
    show("rated, totals only", rating_rows.totals_only(REPEATS), "lines per core-second (goal 1,300,000)")


def show_bill_run(stand: Stand) -> None:
    row = bill_run.run(stand.urls, stand.postgres_pid, SUBSCRIPTIONS, REPEATS)
    show("COPY of the rows of a bill run", row.bound, "invoices per core-second")
    show(f"{SUBSCRIPTIONS:,} subscriptions with {len(CHARGES)} metered charges", row.wall, "invoices a second")
    show("  per core-second", row.per_core, "invoices (goal 2,500)")
    show("  ratio to the bound", [our / bound for our, bound in zip(row.per_core, row.bound, strict=True)], "of it")
    show("  memory of the worker grew by", row.grown, "MB")


def show_revenue(stand: Stand) -> None:
    for row in revenue_rows.run(stand.urls, stand.postgres_pid, CONTRACTS, REPEATS):
        show(f"/v1/revenue/{row.question}, {CONTRACTS:,} contracts", row.process, "CPU seconds of the process")
        show("  PostgreSQL", row.postgres, "CPU seconds")


def show_http(stand: Stand) -> None:
    accepted, made = http_rows.accepted(stand, QUOTES, REPEATS)
    show("quotes accepted, 16 connections", accepted.wall, "a second (goal 1,500)")
    show("  p99", accepted.p99_milliseconds, "ms (goal 25)")
    show("subscriptions made of them by a worker", made, "a second")
    seller = stand.seller()
    seller.sell(INVOICES)
    seller.bill()
    single, pages = http_rows.read(stand, seller, REPEATS, SECONDS)
    show("an invoice read, 16 connections", single.wall, "a second (goal 5,000)")
    show("  p99", single.p99_milliseconds, "ms")
    show("a page of 100 invoices, 4 connections", pages.wall, "a second")
    show("  p99", pages.p99_milliseconds, "ms (goal 20)")
    show("an invoice verified, p99", http_rows.verified(stand, seller, REPEATS, SECONDS).p99_milliseconds, "ms")
    seller.close()


def show_what_if(stand: Stand) -> None:
    some, many = what_if_rows.asked(stand, YEARS, COPIES, REPEATS)
    show(f"what-if over {what_if_rows.totals_of(YEARS):,} period totals of a year", some, "totals a second")
    totals = what_if_rows.totals_of(YEARS * COPIES)
    show(f"  over {totals:,}, the same rows again and again", [totals / rate for rate in many], "seconds (goal 10)")


def show_proof(stand: Stand) -> None:
    urls = create_database(stand.postgres.admin_url, "usage_bench", "usage")
    migrate("usage", urls.owner)
    took = recount_rows.recounted(urls, REPEATS)
    show(f"{ROWS:,} events behind it counted again", took, "ms (goal 1,000 with the above)")


if __name__ == "__main__":
    main()
