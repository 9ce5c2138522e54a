"""What few rows bring stands in those rows alone: the surveys that are asked, the webhooks that are called, and
the tags that come and go.
"""

import json

import pytest

from domain.model.programme import load
from domain.model.simulate import InputMalformed, simulate

FILE = """
programme: {code: c, name: C, currency: EUR, timezone: UTC, locales: [en]}
wallets: [{code: points, name: Points}]
events: [{name: shop.visited, title: A visit, data: {}}]
surveys: [{code: happy, kind: csat, question: "Are you content?"}]
rules:
  - code: asked
    on: purchase.completed
    do: [{survey: happy}, {webhook: crm}, {tag: asked}]
  - {code: content, title: T, on: survey.answered, when: event.data.score >= 4, do: [{award: {wallet: points, fixed: 20}}]}
  - {code: answered, on: survey.answered, do: [{untag: asked}, {tag: answered}]}
  - {code: again, on: shop.visited, do: [{tag: answered}]}
"""


def answers(*rows: tuple[str, dict[str, object]]) -> list[dict[str, object]]:
    lines = [
        json.dumps({"at": f"2026-03-0{number}T10:00:00Z", "member": "ana", "name": name, "data": event_data})
        for number, (name, event_data) in enumerate((("member.enrolled", {}), *rows), start=1)
    ]
    return list(simulate(load(FILE), lines))  # type: ignore[arg-type]


BOUGHT = ("purchase.completed", {"externalId": "R-1", "total": 1000})


def test_a_survey_and_a_webhook_stand_in_the_row_that_asks_them() -> None:
    _, bought, _ = answers(BOUGHT)
    assert (bought["surveys"], bought["webhooks"]) == (["happy"], ["crm"])


def test_an_answer_is_an_event_that_rules_act_on() -> None:
    _, _, answered, ana = answers(BOUGHT, ("survey.answered", {"survey": "happy", "score": 4}))
    assert [(one["rule"], one["amount"]) for one in answered["outcomes"]] == [  # type: ignore[attr-defined]
        ("content", 20),
        ("answered", 0),
    ]
    assert ana["wallets"]["points"]["available"] == 20  # type: ignore[index]


def test_tags_that_come_and_go_stand_in_their_row_and_what_stays_in_the_members() -> None:
    _, bought, answered, visited, refunded, ana = answers(
        BOUGHT,
        ("survey.answered", {"survey": "happy", "score": 2}),
        ("shop.visited", {}),
        ("purchase.refunded", {"externalId": "R-1"}),
    )
    assert bought["tags"] == {"added": ["asked"], "removed": []}
    assert answered["tags"] == {"added": ["answered"], "removed": ["asked"]}
    assert "tags" not in visited
    assert "tags" not in refunded
    assert ana["tags"] == ["answered"]


def test_a_tag_that_a_refund_takes_back_stands_in_its_row() -> None:
    _, _, refunded, ana = answers(BOUGHT, ("purchase.refunded", {"externalId": "R-1"}))
    assert refunded["tags"] == {"added": [], "removed": ["asked"]}
    assert ana["tags"] == []


def test_a_row_that_brings_none_of_them_has_none_of_their_keys() -> None:
    enrolled, _ = answers()
    assert enrolled.keys() & {"surveys", "webhooks", "tags"} == set()


@pytest.mark.parametrize(
    ("event_data", "words"),
    [
        ({"survey": "happy", "score": 6}, "line 2: data.score is 6; happy takes 1 to 5"),
        ({"survey": "happy", "score": 0}, "line 2: data.score is 0; happy takes 1 to 5"),
        ({"survey": "happy"}, "line 2: data.score is missing; survey.answered needs it: a whole number"),
        ({"score": 3}, "line 2: data.survey is missing; survey.answered needs it: a text"),
        ({"survey": "sad", "score": 3}, "line 2: data.survey is 'sad'; the programme has happy"),
    ],
)
def test_an_answer_that_cannot_be_is_a_fault(event_data: dict[str, object], words: str) -> None:
    with pytest.raises(InputMalformed) as fault:
        answers(("survey.answered", event_data))
    assert str(fault.value) == words
