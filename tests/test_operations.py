"""What whoever runs Selo is handed: alert rules, a dashboard and a page, of figures that there are."""

import json
import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import typer
from prometheus_client import REGISTRY
from ruamel.yaml import YAML

import api.app  # noqa: F401 - it makes the series of the API and, with it, of the domain
import domain.store.counters  # noqa: F401 - these make the series
from api.cli import COMMANDS
from tests.servers import ROOT

FOLDER = ROOT / "scripts" / "operations"
PAGE = (ROOT / "scripts" / "OPERATIONS.md").read_text(encoding="utf-8")
# Made anew at each request, of what waits in the database.
OF_THE_DATABASE = {
    "selo_clock_timestamp_seconds",
    "selo_database_up",
    "selo_due",
    "selo_due_oldest_seconds",
    "selo_parked",
    "selo_jobs",
    "selo_jobs_oldest_seconds",
}
# What `process_...` and the like are comes from the library.
NAME = re.compile(r"\bselo_\w+")


def series() -> set[str]:
    """Return the names of all series of ours, as a scrape shows them."""
    ends = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum"), "info": ("_info",)}
    return OF_THE_DATABASE | {
        f"{metric.name}{end}"
        for metric in REGISTRY.collect()
        if metric.name.startswith("selo_")
        for end in ends.get(metric.type, ("",))
    }


def rules() -> list[dict[str, Any]]:
    [group] = YAML(typ="safe").load(FOLDER / "alerts.yaml")["groups"]
    found: list[dict[str, Any]] = group["rules"]
    return found


def panels() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((FOLDER / "dashboard.json").read_text())["panels"]
    return found


def test_alerts_and_dashboard_ask_for_what_there_is() -> None:
    asked = [rule["expr"] for rule in rules()]
    asked += [target["expr"] for panel in panels() for target in panel["targets"]]
    names = {name for text in asked for name in NAME.findall(text)}
    assert names - series() == set()
    assert len(names) >= 15


def test_the_page_says_what_to_do_at_each_alert_and_names_every_figure() -> None:
    headings = re.findall(r"^### (\w+)$", PAGE, flags=re.MULTILINE)
    assert headings == [rule["alert"] for rule in rules()]
    listed = {re.sub(r"_(bucket|count|sum)$", "", name) for name in NAME.findall(PAGE)}
    shown = {re.sub(r"_(bucket|count|sum)$", "", name) for name in series()}
    assert shown <= listed


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: str(rule["alert"]))
def test_an_alert_says_how_bad_it_is_and_what_it_is(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in ("page", "ticket")
    assert rule["annotations"]["summary"]


def test_no_two_panels_share_a_place() -> None:
    places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels()]
    assert len(places) == len(set(places))


def command_lines() -> list[list[str]]:
    """Return the words of every `scripts/selo` command of the page, up to where its sentence goes on."""
    ends = r"(?=`|\n|\||;|,|$)"
    return [line.split() for line in re.findall(rf"(?:scripts/selo|--rm command) (.+?){ends}", PAGE)]


@pytest.mark.parametrize("words", command_lines(), ids=" ".join)
def test_a_command_of_the_page_is_there_with_its_options(words: list[str]) -> None:
    module, _, attribute = COMMANDS[words[0]].rpartition(".")
    named = getattr(import_module(f"api.commands.{module}"), attribute)
    if not isinstance(named, typer.Typer):
        alone = typer.Typer()
        alone.command()(named)
        named = alone
    command, rest = typer.main.get_command(named), words[1:]
    while rest and (below := getattr(command, "commands", None)):
        command, rest = below[rest[0]], rest[1:]
    options = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in rest if word.startswith("--")} <= options


def test_every_link_of_the_page_leads_somewhere() -> None:
    assert len(command_lines()) >= 20
    assert all((Path(ROOT) / "scripts" / link).exists() for link in re.findall(r"\]\(([\w/.]+)\)", PAGE))
