"""The commands that the documents name: each is there, has the options that stand with it, and is not shown
without an option that it needs.
"""

import re
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from api import RELEASE
from api.cli import COMMANDS, cli
from tests.servers import ROOT

PAGES = (
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "api/README.md",
    "domain/DECISIONS.md",
    "domain/model/programme/README.md",
    "scripts/OPERATIONS.md",
)
COMMAND = re.compile(r"(?:(?<![\w/.=-])(?:scripts/)?selo|run --rm command) ([a-z][^|#;<>`]*)")


def test_the_release_is_told() -> None:
    done = CliRunner().invoke(cli, ["--version"])
    assert (done.exit_code, done.stdout) == (0, f"{RELEASE}\n")


def command_of(name: str) -> Any:
    """A command or group of commands, as `selo` itself makes it."""
    module, _, attribute = COMMANDS[name].rpartition(".")
    found = getattr(import_module(f"api.commands.{module}"), attribute)
    if not isinstance(found, typer.Typer):
        alone = typer.Typer(rich_markup_mode=None)
        alone.command()(found)
        found = alone
    return typer.main.get_command(found)


def lines_of(text: str) -> Iterator[str]:
    """What stands in the code of a page: its spans, also over the end of a line, and its indented lines."""
    for paragraph in re.split(r"\n{2,}", text):
        if paragraph.startswith("    "):
            yield from paragraph.splitlines()
        else:
            yield from re.findall(r"`([^`]+)`", " ".join(paragraph.split()))


def fault_of(written: str) -> str | None:
    """What is wrong with a command as it is written; None where nothing is."""
    words = written.replace("[", "").replace("]", "").split()
    name, *rest = words
    if name not in COMMANDS:
        return f"no command {name}"
    command = command_of(name)
    if hasattr(command, "commands"):
        if not rest:
            return None
        name, *rest = rest
        if name not in command.commands:
            return f"no command {name} in {words[0]}"
        command = command.commands[name]
    options = {option: each for each in command.params for option in each.opts if option.startswith("--")}
    given = {re.split("[=)`,.]", word)[0] for word in rest if word.startswith("--")} - {"--help"}
    needed = {option for option, each in options.items() if each.required}
    is_whole = any(not word.startswith("--") for word in rest)  # else it only names an option
    wrong = sorted(given - options.keys()) or (sorted(needed - given) if is_whole else [])
    return " ".join(wrong) or None


@pytest.mark.parametrize("page", PAGES)
def test_every_command_of_a_page_can_be_typed_as_it_stands(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    written = {found.strip() for line in lines_of(text) for found in COMMAND.findall(line)}
    assert {command: fault for command in sorted(written) if (fault := fault_of(command))} == {}


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ("verify --member 1 --sample 5", None),
        ("verify --all", "--all"),
        ("figures rebuild --until 2026-01-01", "--until"),
        ("figures rebild", "no command rebild in figures"),
        ("staff add NAME --role service", "--name"),
        ("publish FILE", "no command publish"),
    ],
)
def test_a_command_that_is_not_there_is_found(written: str, fault: str | None) -> None:
    assert fault_of(written) == fault
