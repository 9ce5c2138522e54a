"""The rows of an example programme's story in short, to compare with what was worked out by hand."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from domain.model.programme import load
from domain.model.simulate import simulate

PROGRAMMES = Path(__file__).parents[4] / "scripts" / "demo" / "programmes"
Answer = dict[str, Any]


@dataclass(frozen=True)
class StoryRow:
    """What one event brought. An entry reads `stars AWARD 24 by stars until 2027-07-31`; `at` is in UTC, to the
    minute.
    """

    at: str
    member: str
    event: str
    entries: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()
    vouchers: tuple[str, ...] = ()


def answers_of(name: str) -> list[Answer]:
    """Return the answers of `selo simulate` to the story of an example programme."""
    file, story = PROGRAMMES / f"{name}.yaml", PROGRAMMES / f"{name}.jsonl"
    answers: list[Any] = list(simulate(load(file.read_text()), story.read_text().splitlines()))
    return answers


def story_rows(answers: list[Answer]) -> list[StoryRow]:
    """Return the rows that brought an entry, a message or a voucher, in their order."""
    rows = [
        StoryRow(
            answer["at"][:16],
            answer["member"],
            answer["event"],
            tuple(map(_entry, answer["entries"])),
            tuple(answer["messages"]),
            tuple(answer["vouchers"]),
        )
        for answer in answers
        if "event" in answer
    ]
    return [row for row in rows if row.entries or row.messages or row.vouchers]


def members_of(answers: list[Answer]) -> dict[str, Answer]:
    """Return the line of each member at the end."""
    return {answer["member"]: answer for answer in answers if "event" not in answer}


def outcomes_of(answers: list[Answer], at: str, rule: str) -> list[tuple[bool, int, str | None]]:
    """Return what a rule came to in the rows at an instant, to the minute: applied, amount and reason."""
    return [
        (outcome["applied"], outcome["amount"], outcome["reason"])
        for answer in answers
        if answer.get("at", "")[:16] == at
        for outcome in answer["outcomes"]
        if outcome["rule"] == rule
    ]


def _entry(entry: Answer) -> str:
    by = f" by {entry['rule']}" if entry["rule"] else ""
    until = f" until {entry['expiresOn']}" if entry["expiresOn"] else ""
    return f"{entry['wallet']} {entry['kind']} {entry['amount']}{by}{until}"
