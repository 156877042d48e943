"""Alarms speak of metrics that exist, and of incidents that the runbook has."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml
from prometheus_client import Gauge

from infra.local.processes import ROOT
from shared import metrics

RULES: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((ROOT / "infra" / "prometheus" / "alarms.yaml").read_text())["groups"]
    for rule in group["rules"]
]
# What Prometheus makes of every target itself.
OF_PROMETHEUS = {"up"}
FUNCTIONS = {"rate", "increase", "delta", "sum", "by", "and", "or", "on"}


def samples() -> dict[str, set[str]]:
    """The names under which our metrics are stored, with their labels."""
    found: dict[str, set[str]] = {}
    for metric in vars(metrics).values():
        if hasattr(metric, "_labelnames"):
            endings = {"counter": ["_total"], "histogram": ["_count", "_sum", "_bucket"]}.get(metric._type, [""])
            found |= {metric._name + ending: set(metric._labelnames) for ending in endings}
    return found


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_a_rule_speaks_of_a_metric_that_the_code_has(rule: dict[str, Any]) -> None:
    without_texts = re.sub(r'"[^"]*"|\[\w+\]', "", rule["expr"])
    labels_asked = set(re.findall(r"(\w+)\s*=~?", re.sub(r"==", "", without_texts)))
    grouped = {name for names in re.findall(r"by \(([^)]*)\)", without_texts) for name in names.split(", ")}
    names = set(re.findall(r"[a-z_]+", without_texts)) - FUNCTIONS - labels_asked - grouped
    assert names and names <= samples().keys() | OF_PROMETHEUS
    shown = set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
    known = set().union(*(samples().get(name, set()) for name in names))
    assert (labels_asked | grouped | shown) <= known | {"job"}
    assert rule["labels"]["severity"] in ("page", "ticket")


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_a_rule_names_the_incident_of_the_runbook(rule: dict[str, Any]) -> None:
    file, _, anchor = rule["annotations"]["runbook"].partition("#")
    titles = re.findall(r"^##+ (.+)$", (ROOT / file).read_text(), re.MULTILINE)
    assert anchor in {title.lower().replace(" ", "-").replace(",", "") for title in titles}


def test_every_gauge_has_an_alarm() -> None:
    """A figure that nobody would be told about need not be counted."""
    spoken_of = " ".join(rule["expr"] for rule in RULES)
    gauges = {metric._name for metric in vars(metrics).values() if isinstance(metric, Gauge)}
    assert {name for name in gauges if name not in spoken_of} == set()
