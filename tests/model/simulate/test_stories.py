"""More stories of NumisCollect: the expected answer of `selo simulate` stands beside each, line by line.

After an intended change, write them anew: scripts/selo simulate scripts/demo/programmes/numiscollect.yaml
STORY.jsonl > STORY.expected.jsonl
"""

from pathlib import Path

import orjson
import pytest

from domain.model.programme import load
from domain.model.simulate import simulate

DEMO = Path(__file__).parents[3] / "scripts" / "demo"
STORIES = sorted(path for path in (DEMO / "stories").glob("*.jsonl") if ".expected" not in path.name)


@pytest.mark.parametrize("story", STORIES, ids=lambda path: path.stem)
def test_a_story_is_answered_as_it_was(story: Path) -> None:
    programme = load((DEMO / "programmes" / "numiscollect.yaml").read_text())
    answers = list(simulate(programme, story.read_text().splitlines()))
    expected = story.with_suffix(".expected.jsonl").read_text().splitlines()
    assert [orjson.dumps(answer).decode() for answer in answers] == expected


def test_each_story_has_an_end_that_a_person_can_check() -> None:
    assert [story.stem for story in STORIES] == ["friends-and-plans", "refunds"]
