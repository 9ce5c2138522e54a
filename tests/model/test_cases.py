"""Cases: a programme, events, and the figures that are right, each with its reason and where it was found."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from domain.model.programme import load
from domain.model.simulate import simulate

CASES = sorted(path for path in (Path(__file__).parent / "cases").iterdir() if path.is_dir())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_case_comes_out_right(case: Path) -> None:
    expected = json.loads((case / "expected.json").read_text(encoding="utf-8"))
    until = datetime.fromisoformat(expected["until"]) if expected["until"] else None
    programme = load((case / "programme.yaml").read_text(encoding="utf-8"))
    events = (case / "events.jsonl").read_text(encoding="utf-8").splitlines()
    answers: list[Any] = list(simulate(programme, events, until=until))
    members = {answer["member"]: answer for answer in answers if "event" not in answer}
    for member, parts in expected["expected"].items():
        for wallet, figures in parts.get("wallets", {}).items():
            stored = members[member]["wallets"][wallet]
            assert {name: stored[name] for name in figures} == figures, expected["why"]
    inputs = [answer for answer in answers if answer.get("by") == "input"]
    for index, refusal in expected.get("refused", {}).items():
        assert inputs[int(index)]["refused"] == refusal, expected["why"]
