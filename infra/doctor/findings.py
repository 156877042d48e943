"""What the doctor says: one line a question, good or bad, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

from rich.table import Table

Verdict = Literal["ok", "warn", "fail"]
COLOURS = {"ok": "green", "warn": "yellow", "fail": "red"}


@dataclass(frozen=True, slots=True)
class Finding:
    """`subject` is a service, or a server that all of them use; `remedy` is empty where all is well."""

    check: str
    subject: str
    verdict: Verdict
    said: str
    remedy: str = ""


def judged(check: str, subject: str, said: str, remedy: str, *, is_well: bool, otherwise: Verdict = "fail") -> Finding:
    return Finding(check, subject, "ok", said) if is_well else Finding(check, subject, otherwise, said, remedy)


def graded(check: str, subject: str, value: float, warn: float, fail: float, said: str, remedy: str) -> Finding:
    """Well up to `warn`, bad beyond `fail`."""
    worse: Verdict = "fail" if value > fail else "warn"
    return judged(check, subject, said, remedy, is_well=value <= warn, otherwise=worse)


def is_healthy(findings: Iterable[Finding]) -> bool:
    return all(finding.verdict != "fail" for finding in findings)


def table(findings: Sequence[Finding]) -> Table:
    """The worst last, where a person looks first."""
    shown = Table("check", "of", "", "found", "what to do")
    for finding in sorted(findings, key=lambda finding: list(COLOURS).index(finding.verdict)):
        verdict = f"[{COLOURS[finding.verdict]}]{finding.verdict}[/]"
        shown.add_row(finding.check, finding.subject, verdict, finding.said, finding.remedy)
    return shown


def document(findings: Sequence[Finding]) -> dict[str, Any]:
    return {"healthy": is_healthy(findings), "findings": [asdict(finding) for finding in findings]}
