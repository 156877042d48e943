"""Shows what all processes write to their log files, each line with the name of who wrote it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

LOOK_EVERY_SECONDS = 0.2


@dataclass(slots=True)
class LogFollower:
    """Within its `with`, follows every `*.log` in a folder from its beginning."""

    folder: Path
    write: Callable[[str], None]
    _offsets: dict[Path, int] = field(default_factory=dict)
    _stopping: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> LogFollower:
        self._thread = threading.Thread(target=self._follow, daemon=True, name="log follower")
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Shows what is left."""
        self._stopping.set()
        if self._thread:
            self._thread.join()

    def _follow(self) -> None:
        while not self._stopping.wait(LOOK_EVERY_SECONDS):
            self._show_new_lines()
        self._show_new_lines()

    def _show_new_lines(self) -> None:
        for log in sorted(self.folder.glob("*.log")):
            with log.open("rb") as file:
                file.seek(self._offsets.get(log, 0))
                complete = file.read().rpartition(b"\n")[0]
            if complete:
                self._offsets[log] = self._offsets.get(log, 0) + len(complete) + 1
                for line in complete.decode(errors="replace").split("\n"):
                    self.write(f"{log.stem} | {line}")
