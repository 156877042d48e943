"""The year as a person sees it: a table, one line explained, one invoice verified, and why somebody was suspended."""

from __future__ import annotations

import sys
from collections import defaultdict
from datetime import datetime
from pathlib import Path
from typing import Any

from api import Json, Services
from chapters import Story
from rich.console import Console
from rich.table import Table

console = Console(width=None if sys.stdout.isatty() else 110)


def plain_progress(at: datetime, flights: int) -> None:
    if not console.is_terminal:
        print(f"{at:%Y-%m-%d %H:%M} {flights} flights metered", flush=True)  # noqa: T201


def year(services: Services, invoices: list[Json], flights: dict[str, int], story: Story) -> None:
    console.print(_customers(services, invoices, flights))
    _explain(services, invoices)
    _verify(services, invoices)
    _why(story)


def _customers(services: Services, invoices: list[Json], flights: dict[str, int]) -> Table:
    table = Table("customer", "flights", "invoices", "invoiced", "paid", "open", "state", title="The year")
    for name in ("flights", "invoices", "invoiced", "paid", "open"):
        next(column for column in table.columns if column.header == name).justify = "right"
    states = {s["customer"]: s["status"] for s in services.pages("billing", "/v1/subscriptions")}
    by_customer: dict[str, list[Json]] = defaultdict(list)
    for invoice in invoices:
        by_customer[invoice["customer"]].append(invoice)
    for key, mine in sorted(by_customer.items()):
        total, left = (sum(i[f"{name}_minor"] for i in mine) for name in ("total", "open"))
        table.add_row(
            key,
            f"{flights.get(key, 0):,}",
            str(len(mine)),
            _money(total),
            _money(total - left),
            _money(left),
            states[key],
        )
    return table


def _explain(services: Services, invoices: list[Json]) -> None:
    invoice, line = next((i, line) for i in invoices for line in i["lines"] if len(line["tiers"]) > 2)
    told = services.call("billing", "GET", f"/v1/invoices/{invoice['invoice_id']}/lines/{line['number']}/explain")
    console.print(
        f"\n[bold]Line {line['number']} of invoice {told['invoice']} ({invoice['customer']}) explained[/bold]"
    )
    for sentence in told["reading"]:
        console.print(f"  {sentence}")
    console.print(f"  the events: GET usage {told['usage_events']}")
    recount = services.call("usage", "POST", told["usage_recount"], {})
    console.print(f"  recounted by usage: {'equal' if recount['equal'] else 'DIFFERENT'}")


def _verify(services: Services, invoices: list[Json]) -> None:
    invoice = max(invoices, key=lambda i: int(i["total_minor"]))
    answer = services.call("billing", "POST", f"/v1/invoices/{invoice['invoice_id']}/verify")
    verdict = "equal" if answer["equal"] else f"DIFFERENT: {answer['differences']}"
    total = _money(answer["total_minor"])
    console.print(
        f"\n[bold]Invoice {invoice['number']} recomputed from the log:[/bold] {verdict}, {answer['lines']} lines, {total}"
    )


def _why(story: Story) -> None:
    told = story.heard["why"]
    for hold in told["holds"]:
        console.print(
            f"\n[bold]Why {told['account']} was suspended: hold {hold['hold']} from {hold['placed_at']}[/bold]"
        )
        for fact in hold["because"]:
            due = f", due {fact['due_on']}, {_money(fact['open_minor'])} open" if fact["due_on"] else ""
            console.print(f"  {fact['at'] or ' ' * 20} {fact['what'].replace('_', ' ')} {fact['name']}{due}")


def timings(figures: Json, out: Path) -> None:
    stages = ", ".join(f"{name} {seconds} s" for name, seconds in figures["stages_seconds"].items())
    console.print(
        f"\n{figures['total_seconds']} s in all: {stages}; {figures['events_per_second_over_all']:,} events/s. Files: {out}/"
    )


def _money(minor: Any) -> str:
    return f"{minor / 100:,.2f}"
