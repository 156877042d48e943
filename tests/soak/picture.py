"""Draws what was seen over the time of a soak."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import matplotlib  # type: ignore[import-not-found]

matplotlib.use("Agg")
from matplotlib import pyplot  # type: ignore[import-not-found]

from tests.soak.samples import Row

PANELS = {
    "memory, MB": lambda name: name.endswith(" MB"),
    "latency, ms": lambda name: name.endswith(" ms"),
    "waiting in outboxes and in the broker": lambda name: name in ("outbox rows", "lag records", "parked rows"),
    "age of what waits, s": lambda name: name in ("outbox age s", "timers late s"),
}


def draw(rows: Sequence[Row], file: Path, title: str) -> None:
    figure, panels = pyplot.subplots(len(PANELS), 1, figsize=(10, 12), sharex=True)
    for panel, (label, shows) in zip(panels, PANELS.items(), strict=True):
        for name in [name for name in dict.fromkeys(n for row in rows for n in row) if shows(name)]:
            seen = [(row["seconds"] / 60, row[name]) for row in rows if name in row]
            panel.plot(*zip(*seen, strict=True), label=name, linewidth=0.9)
        panel.set_ylabel(label)
        panel.set_ylim(bottom=0)
        panel.legend(fontsize=6, loc="upper left", ncols=2)
    panels[0].set_title(title)
    panels[-1].set_xlabel("minutes")
    figure.tight_layout()
    figure.savefig(file, dpi=80)
