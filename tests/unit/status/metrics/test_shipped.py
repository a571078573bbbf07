"""The alerts and the dashboard of docker/ speak of metrics that there are, and of their labels."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from ..conftest import Server
from .scraping import families, until_told

DOCKER = Path(__file__).parents[4] / "docker"
ALERTS = DOCKER / "prometheus" / "alerts.yml"
SCRAPE = DOCKER / "prometheus" / "prometheus.yml"
DASHBOARD = DOCKER / "grafana" / "rrdns.json"
ALERTS_TEST = Path(__file__).with_name("alerts_test.yml")

OF_PROMETHEUS = {"up": set[str]()}
GIVEN = {"instance", "job"}  # to each series, by the scrape
WORDS = {
    *("by", "on", "ignoring", "group_left", "unless", "and", "or"),
    *("sum", "count", "min", "max", "rate", "changes", "time", "vector", "histogram_quantile"),
    *("label_values", "humanizeDuration"),
}
STRING = re.compile(r'"[^"]*"')
SELECTOR = re.compile(r"([a-z_]+)\{([^}]*)\}")
GROUPING = re.compile(r"\b(?:by|on|ignoring|group_left) \(([^)]*)\)")
DURATION = re.compile(r"\[[^\]]*\]")
NAME = re.compile(r"[a-zA-Z_]+")

Labels = Mapping[str, set[str]]


def alerts() -> list[Any]:
    groups = yaml.safe_load(ALERTS.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def dashboard() -> Any:
    return json.loads(DASHBOARD.read_text())


def expressions() -> Iterator[str]:
    """All that is asked of Prometheus."""
    yield from (alert["expr"] for alert in alerts())
    board = dashboard()
    for panel in board["panels"]:
        yield from (target["expr"] for target in panel.get("targets", ()))
    yield from (each["expr"] for each in board["annotations"]["list"])
    yield from (v["definition"] for v in board["templating"]["list"] if v["type"] == "query")


async def labels_of(server: Server) -> Labels:
    """Every series that `server` exposes by its name, with its labels."""
    await until_told(server, "rrdns_anchor_up")
    found = dict(OF_PROMETHEUS)
    for family in families(server).values():
        for sample in family.samples:
            found.setdefault(sample.name, set()).update(sample.labels)
    return found


def mistakes(expression: str, known: Labels) -> list[str]:
    """The metrics and labels of `expression` that there are not."""
    words = STRING.sub('""', expression)
    all_labels = set().union(GIVEN, *known.values())
    wrong = []
    for metric, selected in SELECTOR.findall(words):
        labels = set(re.findall(r"([a-z_]+)\s*[=!]", selected))
        wrong += [f"{metric}{{{label}}}" for label in labels - known.get(metric, set()) - GIVEN]
    for grouped in GROUPING.findall(words):
        wrong += [label for label in re.findall("[a-z_]+", grouped) if label not in all_labels]
    bare = DURATION.sub("", GROUPING.sub("", re.sub(r"\{[^}]*\}", "", words)))
    bare = re.sub(r"(label_values\(.*), [a-z]+\)", r"\1)", bare)
    return wrong + [name for name in NAME.findall(bare) if name not in WORDS and name not in known]


async def test_every_expression_speaks_of_what_there_is(eventful: Server) -> None:
    known = await labels_of(eventful)
    found = {expression: mistakes(expression, known) for expression in expressions()}
    assert len(found) > 50
    assert not {expression: wrong for expression, wrong in found.items() if wrong}


async def test_what_there_is_not_would_be_seen(eventful: Server) -> None:
    known = await labels_of(eventful)
    assert mistakes("sum by (zone) (rate(rrdns_readyy[5m])) > 0", known) == ["rrdns_readyy"]
    assert mistakes('rrdns_member_up{member="a"} == 0', known) == ["rrdns_member_up{member}"]
    assert mistakes("max by (colour) (rrdns_ready)", known) == ["colour"]
    assert mistakes("rrdns_probes > 0", known) == ["rrdns_probes"], "without _total"


def test_each_alert_says_who_is_woken_and_why() -> None:
    names = [alert["alert"] for alert in alerts()]
    assert len(set(names)) == len(names)
    for alert in alerts():
        assert re.fullmatch(r"Rrdns([A-Z][a-z]+)+", alert["alert"])
        assert alert["labels"]["severity"] in ("page", "ticket")
        assert alert["annotations"].keys() == {"summary", "description"}
        assert alert["annotations"]["description"].endswith(".")


def test_the_scrape_has_the_job_that_the_alerts_mean() -> None:
    [scrape] = yaml.safe_load(SCRAPE.read_text())["scrape_configs"]
    jobs = {job for text in expressions() for job in re.findall(r'job="([^"]*)"', text)}
    assert jobs == {scrape["job_name"]}
    assert yaml.safe_load(SCRAPE.read_text())["rule_files"] == [ALERTS.name]


def test_the_alerts_are_looked_at_more_often_than_they_wait() -> None:
    looked_at_s = yaml.safe_load(SCRAPE.read_text())["global"]["evaluation_interval"]
    waits = {alert["for"] for alert in alerts() if alert.get("for", "").endswith("s")}
    assert waits
    assert int(looked_at_s.removesuffix("s")) <= min(int(wait.removesuffix("s")) for wait in waits)


def test_each_panel_has_a_title_a_description_and_a_place_of_its_own() -> None:
    taken: set[tuple[int, int]] = set()
    panels = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    for panel in panels:
        assert panel["title"]
        assert panel["type"] == "row" or panel["description"].endswith(".")
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not cells & taken, panel["title"]
        assert at["x"] + at["w"] <= 24
        taken |= cells


def test_every_variable_of_the_dashboard_is_used() -> None:
    board = dashboard()
    text = json.dumps(board)
    for variable in board["templating"]["list"]:
        assert f"${variable['name']}" in text or f"${{{variable['name']}}}" in text


@pytest.mark.parametrize(
    "words", [("check", "config", str(SCRAPE)), ("test", "rules", str(ALERTS_TEST))]
)
def test_promtool_agrees(words: tuple[str, ...]) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed (Debian: prometheus)")
    checked = subprocess.run([promtool, *words], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr
