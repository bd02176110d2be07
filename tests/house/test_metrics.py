"""What processes count, the alarms that go by it, and the dashboard: each named as it is, each rule tried."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, Literal, cast

import msgspec
import pytest
from prometheus_client import REGISTRY

import meterai.processes.adapter
import meterai.processes.closer
import meterai.processes.console
import meterai.processes.controller
import meterai.processes.gate
import meterai.processes.signer
import meterai.processes.site
import meterai.processes.status
import meterai.processes.verifier
import meterai.processes.worker  # noqa: F401 - each declares its figures
from meterai.gate.application import Gate
from meterai.gate.http.server import Server
from meterai.gate.measures import GateMeasures

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "metrics.md").read_text()
DEPLOY = ROOT / "deploy"
ALARMS = (DEPLOY / "alarms.yml").read_text()
RULES = dict(re.findall(r"- alert: (\w+)\n +expr: (.*)$", ALARMS, re.M))
OTHERS = {"process_resident_memory_bytes", "process_cpu_seconds_total", "process_open_fds", "process_max_fds"}
"""Metrics that prometheus-client makes by itself."""


def declared() -> dict[str, tuple[str, str, str]]:
    """Each metric of a process: type, labels, meaning."""
    collectors = {id(one): one for one in cast("Any", REGISTRY)._names_to_collectors.values()}
    gate = cast("Gate", type("NoEvents", (), {"open_events": {}}))
    found = [*collectors.values(), *GateMeasures(gate, Server(cast("Any", None))).collect()]
    return dict(
        _row(one) for one in found if getattr(one, "_name", getattr(one, "name", "")).startswith("meterai_")
    )


def _row(one: Any) -> tuple[str, tuple[str, str, str]]:
    name, kind = getattr(one, "_name", None) or one.name, getattr(one, "_type", None) or one.type
    labels = ", ".join(f"`{label}`" for label in one._labelnames) or "–"
    meaning = getattr(one, "_documentation", None) or one.documentation
    return name + ("_total" if kind == "counter" else ""), (kind, labels, meaning)


def test_the_documentation_has_every_figure_of_a_process() -> None:
    rows = re.findall(r"^\| `(meterai_\w+)` \| (\w+) \| (.*?) \| (.*) \| .+ \|$", PAGE, re.M)
    assert {name: row for name, *row in rows} == {name: list(row) for name, row in declared().items()}


def known_metrics() -> set[str]:
    """Every name that an expression may have."""
    names = set(re.findall(r"^\| `(meterai_\w+)`", PAGE, re.M))
    histograms = {name for name, (kind, *_) in declared().items() if kind == "histogram"}
    parts = {name + part for name in histograms for part in ("_bucket", "_count", "_sum")}
    return (names - histograms) | parts | OTHERS | {"up"}


def names_in(expression: str) -> set[str]:
    """The metrics in an expression: names that stand before a selector, an operator or a bracket."""
    without = re.sub(r'"[^"]*"|\{[^}]*\}', "", expression)
    return set(re.findall(r"\b(?:meterai|process)_\w+|\bup\b", without))


def test_alarms_go_by_figures_that_there_are() -> None:
    assert len(RULES) == ALARMS.count("- alert:") == ALARMS.count("on_duty: ")
    assert f"and {len(RULES)} alarms" in PAGE
    for name, expression in RULES.items():
        assert (used := names_in(expression)), name
        assert used <= known_metrics(), name


def test_alarms_lead_to_what_to_do() -> None:
    for document, sought in re.findall(r'on_duty: "(\S+): (.*)"', ALARMS):
        assert sought in (ROOT / "docs" / document).read_text(), sought


@pytest.mark.skipif(shutil.which("promtool") is None, reason="Debian's prometheus is not installed")
def test_promtool_finds_each_alarm_as_its_tests_say() -> None:
    tests = sorted(map(str, DEPLOY.glob("tests/*.yml")))
    done = subprocess.run(["promtool", "test", "rules", *tests], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    checked = subprocess.run(
        ["promtool", "check", "config", "--syntax-only", str(DEPLOY / "prometheus.yml")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_each_alarm_is_tried_where_it_rings_and_where_it_does_not() -> None:
    rings, quiet = set(), set()
    for path in DEPLOY.glob("tests/*.yml"):
        for name, expected in re.findall(r"alertname: (\w+)\n +exp_alerts: ?(\[\])?", path.read_text()):
            (quiet if expected else rings).add(name)
    assert rings == quiet == set(RULES)


class Place(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a panel stands on Grafana's grid of 24 columns."""

    x: int
    y: int
    w: int
    h: int

    def cells(self) -> set[tuple[int, int]]:
        return {(x, y) for x in range(self.x, self.x + self.w) for y in range(self.y, self.y + self.h)}


class Source(msgspec.Struct, frozen=True):
    type: str
    uid: str


class Target(msgspec.Struct, frozen=True, rename="camel"):
    """A query of a panel."""

    ref_id: str
    expr: str
    datasource: Source
    legend_format: str


class Panel(msgspec.Struct, frozen=True, rename="camel"):
    """A panel or the head of a row."""

    id: int
    type: Literal["row", "stat", "timeseries"]
    title: str
    grid_pos: Place
    targets: list[Target] = []
    description: str = ""


class Dashboard(msgspec.Struct, frozen=True, rename="camel"):
    """What Grafana needs to import a dashboard."""

    uid: str
    title: str
    schema_version: int
    time: dict[str, str]
    templating: dict[str, list[dict[str, Any]]]
    panels: list[Panel]


def dashboard() -> Dashboard:
    return msgspec.json.decode((DEPLOY / "grafana-dashboard.json").read_bytes(), type=Dashboard)


def test_the_dashboard_has_the_form_that_grafana_imports() -> None:
    read = dashboard()
    assert [panel.title for panel in read.panels if panel.type == "row"] == [
        "People",
        "Money",
        "Stamping",
        "Processes",
    ]
    assert len({panel.id for panel in read.panels}) == len(read.panels)
    assert len({panel.title for panel in read.panels}) == len(read.panels)
    variables = {f"${{{variable['name']}}}" for variable in read.templating["list"]}
    taken: set[tuple[int, int]] = set()
    for panel in read.panels:
        cells = panel.grid_pos.cells()
        assert max(x for x, _ in cells) < 24, panel.title
        assert not cells & taken, f"{panel.title} covers another panel"
        taken |= cells
        assert (panel.type == "row") == (not panel.targets)
        assert panel.type == "row" or panel.description
        assert len({target.ref_id for target in panel.targets}) == len(panel.targets)
        assert {target.datasource.uid for target in panel.targets} <= variables


def test_the_dashboard_shows_figures_that_there_are() -> None:
    for panel in dashboard().panels:
        for target in panel.targets:
            assert (used := names_in(target.expr)), panel.title
            assert used <= known_metrics(), panel.title


@pytest.mark.skipif(shutil.which("promtool") is None, reason="Debian's prometheus is not installed")
def test_promtool_can_read_each_query_of_the_dashboard(tmp_path: Path) -> None:
    queries = [target.expr for panel in dashboard().panels for target in panel.targets]
    rules = [{"record": "x:y", "expr": query} for query in queries]
    groups = {"groups": [{"name": f"q{n}", "rules": [rule]} for n, rule in enumerate(rules)]}
    (tmp_path / "rules.yml").write_bytes(msgspec.json.encode(groups))  # JSON is YAML
    command = ["promtool", "check", "rules", "--lint=none", str(tmp_path / "rules.yml")]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
