"""The example programmes: each is checked without a word, and its story is answered as the file beside it says.

After an intended change, write the answers anew: scripts/selo simulate NAME.yaml NAME.jsonl > NAME.expected.jsonl
"""

from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from domain.model.programme import load
from domain.model.programme.header import RESERVED_CATEGORIES
from domain.model.programme.loading import load_with_warnings
from domain.model.simulate import simulate

FOLDER = Path(__file__).parents[3] / "scripts" / "demo" / "programmes"
PROGRAMMES = sorted(FOLDER.glob("*.yaml"))
WRITTEN_ON = datetime(2026, 11, 29, tzinfo=UTC)


def test_there_are_example_programmes_and_nothing_else_in_the_folder() -> None:
    stems = {path.stem for path in PROGRAMMES}
    assert {"numiscollect", "coffee-stars", "paid-membership"} <= stems
    assert {path.name for path in FOLDER.iterdir()} == {
        f"{stem}{ending}" for stem in stems for ending in (".yaml", ".jsonl", ".expected.jsonl")
    }


@pytest.mark.parametrize("file", PROGRAMMES, ids=lambda path: path.stem)
def test_the_check_finds_nothing(file: Path) -> None:
    loaded = load_with_warnings(file.read_text(encoding="utf-8"), now=WRITTEN_ON)
    assert [str(warning) for warning in loaded.warnings] == []
    assert {locale: places for locale, places in loaded.missing_texts.items() if places} == {}


@pytest.mark.parametrize("file", PROGRAMMES, ids=lambda path: path.stem)
def test_what_shops_add_to_goods_earns_nothing(file: Path) -> None:
    assert set(RESERVED_CATEGORIES) <= set(load(file.read_text(encoding="utf-8")).programme.ineligible)


@pytest.mark.parametrize("file", PROGRAMMES, ids=lambda path: path.stem)
def test_the_story_is_answered_as_it_was(file: Path) -> None:
    warnings: list[str] = []
    story = file.with_suffix(".jsonl").read_text(encoding="utf-8").splitlines()
    answers = list(simulate(load(file.read_text(encoding="utf-8")), story, warn=warnings.append))
    expected = file.with_suffix(".expected.jsonl").read_text(encoding="utf-8").splitlines()
    assert warnings == []
    assert [orjson.dumps(answer).decode() for answer in answers] == expected
