"""Rules and dashboard name what is really shown, and each rule has a runbook."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

import promql_parser
import pytest
import yaml
from flask import Flask
from prometheus_client import REGISTRY
from prometheus_client.metrics_core import Metric

from app.monitoring.shop_figures import ShopFigures
from app.web.registry import service
from app.worker import Worker
from dev.stack import ROOT

_RULES = yaml.safe_load((ROOT / "deploy/prometheus/alerts.yml").read_text())
_ALERTS = [rule for group in _RULES["groups"] for rule in group["rules"]]
_DASHBOARD = json.loads((ROOT / "deploy/grafana/dashboards/mossx.json").read_text())
_PANELS = [panel for panel in _DASHBOARD["panels"] if panel["type"] != "row"]
_QUERIES = [target["expr"] for panel in _PANELS for target in panel["targets"]]
_SCRAPED = {"job", "instance"}  # labels that Prometheus adds
_HEADINGS = ["Meaning", "What shoppers see", "Look first", "Mend", "Afterwards"]
Shown = dict[str, set[str]]


def _series(families: Iterable[tuple[Metric, tuple[str, ...]]]) -> Iterator[tuple[str, set[str]]]:
    for family, labels in families:
        named = {*labels, *_SCRAPED}
        if family.type == "histogram":
            yield f"{family.name}_bucket", {*named, "le"}
            yield f"{family.name}_count", named
            yield f"{family.name}_sum", named
        else:
            yield family.name + ("_total" if family.type == "counter" else ""), named


@pytest.fixture
def shown(app: Flask) -> Shown:
    """The labels of every series that web servers and workers show, by the series' name."""
    counted = [
        (family, collector._labelnames)
        for collector in set(REGISTRY._names_to_collectors.values())
        if hasattr(collector, "_labelnames")
        for family in collector.collect()
    ]
    read = [
        (family, getattr(family, "_labelnames", ()))
        for family in service(ShopFigures, app).collect()
    ]
    system = [(family, ()) for family in REGISTRY.collect() if family.name.startswith("process_")]
    return {"up": _SCRAPED, **dict(_series([*counted, *read, *system]))}


def _parts(query: str) -> tuple[list[Any], list[Any]]:
    """The selectors of a query, and its aggregations."""
    selectors: list[Any] = []
    aggregations: list[Any] = []

    def visit(node: Any) -> None:
        if isinstance(node, promql_parser.VectorSelector):
            selectors.append(node)
        elif isinstance(node, promql_parser.MatrixSelector):
            selectors.append(node.vector_selector)
        elif isinstance(node, promql_parser.AggregateExpr):
            aggregations.append(node)

    promql_parser.walk(promql_parser.parse(query), visit)
    return selectors, aggregations


@pytest.mark.parametrize("query", [*(rule["expr"] for rule in _ALERTS), *_QUERIES])
def test_a_query_names_what_is_shown(shown: Shown, query: str) -> None:
    selectors, aggregations = _parts(query)
    assert selectors
    for selector in selectors:
        assert selector.name in shown
        asked = set(re.findall(r"(\w+)(?:=~|!~|!=|=)\"", str(selector.matchers)))
        assert asked <= shown[selector.name], selector.name
    labels = set().union(*(shown[each.name] for each in selectors))
    for aggregation in aggregations:
        if aggregation.modifier is not None:
            assert set(aggregation.modifier.labels) <= labels


@pytest.mark.parametrize("query", ["sum(rate(mossx_nothing_total[5m]))", 'up{nowhere="x"}'])
def test_a_query_of_what_is_not_shown_is_found(shown: Shown, query: str) -> None:
    with pytest.raises(AssertionError):
        test_a_query_names_what_is_shown(shown, query)


@pytest.mark.parametrize("rule", _ALERTS, ids=lambda rule: rule["alert"])
def test_a_rule_says_how_urgent_it_is_and_has_a_runbook(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert rule["annotations"]["summary"]
    runbook = ROOT / rule["annotations"]["runbook"]
    lines = runbook.read_text().splitlines()
    assert lines[0] == f"# {rule['alert']}"
    assert [line.removeprefix("## ") for line in lines if line.startswith("## ")] == _HEADINGS
    for link in re.findall(r"\]\(([^)#]+)", runbook.read_text()):
        assert (runbook.parent / link).exists(), link


@pytest.mark.parametrize("job", ["web", "worker"])
def test_servers_of_which_not_one_is_there_are_missed(job: str) -> None:
    """In a cluster a pod that was never started is no target, and so not down."""
    assert any(f'absent(up{{job="{job}"}})' in rule["expr"] for rule in _ALERTS)


def test_no_runbook_is_left_over_and_no_name_is_used_twice() -> None:
    named = {rule["annotations"]["runbook"] for rule in _ALERTS}
    assert named == {f"docs/runbooks/{each.name}" for each in (ROOT / "docs/runbooks").iterdir()}
    assert len({rule["alert"] for rule in _ALERTS}) == len(_ALERTS) == len(named)


def test_the_servers_of_the_compose_file_are_scraped() -> None:
    scraped = yaml.safe_load((ROOT / "deploy/prometheus/prometheus.yml").read_text())
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    for job in scraped["scrape_configs"]:
        for target in job["static_configs"][0]["targets"]:
            assert target.partition(":")[0] in services


def test_panels_have_places_of_their_own() -> None:
    taken = set()
    for panel in _DASHBOARD["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert (x, y) not in taken, panel["title"]
                taken.add((x, y))
    assert len({panel["id"] for panel in _DASHBOARD["panels"]}) == len(_DASHBOARD["panels"])


def _windows(query: str) -> Iterator[timedelta]:
    found: list[timedelta] = []

    def visit(node: Any) -> None:
        if isinstance(node, promql_parser.MatrixSelector):
            found.append(node.range)

    promql_parser.walk(promql_parser.parse(query), visit)
    yield from found


def test_a_job_that_always_fails_is_seen_however_rarely_it_runs(app: Flask) -> None:
    [rule] = [each for each in _ALERTS if each["alert"] == "JobFails"]
    longest = max(_windows(rule["expr"]))
    assert longest > max(job.every for job in service(Worker, app).jobs)
