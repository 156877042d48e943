"""A year of gate use: sells, meters, bills, collects and renews over the REST APIs of a running installation."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import results
import show
import typer
from api import Services
from chapters import Story
from flights import Flights
from rich.progress import Progress
from timeline import Slice, begins_at, slices

from infra.local.clock import move

HERE = Path(__file__).parent


@dataclass
class Stopwatch:
    """Seconds by stage."""

    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self.seconds[name] += time.perf_counter() - began


@dataclass
class Year:
    services: Services
    story: Story
    flights: Flights
    watch: Stopwatch = field(default_factory=Stopwatch)

    def begin(self, at: datetime) -> None:
        with self.watch.stage("set up"):
            move(self.services.clients, at)
            self.story.set_up()
            move(self.services.clients, at)
            self.story.publish_plan()
            move(self.services.clients, at)

    def live(self, cut: Slice) -> None:
        with self.watch.stage("clock moved and settled"):
            move(self.services.clients, cut.end)
        with self.watch.stage("story told"):
            self._tell(cut)
        with self.watch.stage("events sent and acknowledged"):
            self.flights.send(self.services.clients["usage"], cut.end)

    def _tell(self, cut: Slice) -> None:
        if cut.is_payday:
            self.story.pay_everything()
        for chapter in cut.chapters:
            getattr(self.story, chapter["do"])(chapter)

    def timings(self, total: float) -> dict[str, Any]:
        sending = self.watch.seconds["events sent and acknowledged"]
        return {
            "total_seconds": round(total, 2),
            "stages_seconds": {name: round(seconds, 2) for name, seconds in self.watch.seconds.items()},
            "events_sent": self.flights.sent + self.flights.repeated,
            "events_per_second_while_sending": round((self.flights.sent + self.flights.repeated) / sending),
            "events_per_second_over_all": round((self.flights.sent + self.flights.repeated) / total),
            "seconds_until_allowed_again": self.story.waited,
        }


def main(
    stack: Annotated[Path, typer.Option(help="What `quittance status --json` printed.")],
    out: Annotated[Path, typer.Option(help="Where the files of the run go.")] = Path("out"),
    daily: Annotated[bool, typer.Option(help="Slices of a day instead of a month; the same figures.")] = False,
) -> None:
    contract = json.loads((HERE / "contract.json").read_text())
    plot = json.loads((HERE / "story.json").read_text())
    zone = ZoneInfo(contract["zone"])
    services = Services.of(stack, contract["tenant"])
    year = Year(services, Story(services, contract, plot["unpaid"]), Flights(HERE / "flights-2013.csv.gz"))
    began = time.perf_counter()
    year.begin(begins_at(plot, zone))
    with Progress(disable=not show.console.is_terminal) as progress:
        for cut in progress.track(slices(plot, zone, daily=daily), description="The year"):
            year.live(cut)
            show.plain_progress(cut.end, year.flights.sent)
    total = time.perf_counter() - began
    invoices = results.write(out, services, plot, year.timings(total))
    show.year(services, invoices, year.flights.by_customer, year.story)
    show.timings(year.timings(total), out)


if __name__ == "__main__":
    typer.run(main)
