"""Words that follow a number or a code: each mistake has its line, its path and its remedy."""

import pytest

from domain.model.programme.loading import load_with_warnings
from tests.model.programme.mistakes import CLUB, faults_of

LINE, PATH = 124, "messages[1].body"


def with_body(text: str) -> str:
    """Return the club's file with the text of the message that badge.earned sends; its locales are en, pt."""
    return CLUB.replace('    body: "Level {badge.level}"', f"    body: {text}")


@pytest.mark.parametrize(
    ("body", "path", "message", "remedy"),
    [
        (
            '"{badge.level, plural, one {a} few {b} many {c}}"',
            PATH,
            "{badge.level, plural} lacks the form other, for all that no other form fits",
            "add other {...} to {badge.level, plural}",
        ),
        (
            '{en: "{badge.level, plural, other {#}}"}',
            f"{PATH}.en",
            "{badge.level, plural} lacks one, which en needs: one is for 1",
            "add one {...}",
        ),
        (
            '{en: x, pt: "{badge.level, plural, =0 {nada} other {#}}"}',
            f"{PATH}.pt",
            "{badge.level, plural} lacks one, which pt needs: one is for 1",
            "add one {...}",
        ),
        (
            '"{badge.level, plural, one {#} lots {#} other {#}}"',
            PATH,
            '"lots" is no form of {badge.level, plural}',
            "write one, other, or a number such as =0",
        ),
        (
            '"{badge.level, plural, one {#} other {#}"',
            PATH,
            "it does not parse: expected } at position 39 but found the end",
            "write {points.amount, plural, one {# point} other {# points}}",
        ),
        (
            '"{badge.level plural one {#} other {#}}"',
            PATH,
            'it does not parse: expected , or } at position 13 but found "p"',
            "write {points.amount, plural, one {# point} other {# points}}",
        ),
        (
            '"{badge.levl, plural, one {#} other {#}}"',
            PATH,
            "{badge.levl} cannot be filled on badge.earned, where rules[5] sends it",
            "did you mean badge.level?",
        ),
        (
            '"{badge.level, plural, one {{badge.nme}} other {#}}"',
            PATH,
            "{badge.nme} cannot be filled on badge.earned, where rules[5] sends it",
            "did you mean badge.name?",
        ),
        (
            '"{badge.name, plural, one {#} other {#}}"',
            PATH,
            "{badge.name} is no number, so it has no plural forms",
            "write {badge.name, select, CODE {...} other {...}}",
        ),
        (
            '"{badge.code, select, visiter {a} other {b}}"',
            PATH,
            '"visiter" of {badge.code, select} is not a code of badges',
            "did you mean visitor?",
        ),
        (
            '"{badge.level, number}"',
            PATH,
            "{badge.level, number} is no choice of words",
            (
                "write {badge.level} alone, which is written as the reader's language does, or one of"
                " plural, selectordinal, select"
            ),
        ),
        (
            '"{badge.level, plural, offset:1 one {#} other {#}}"',
            PATH,
            "offset:1 is not supported",
            "remove it, and write the forms of the number itself",
        ),
        (
            '"{badge.level, plural, one {a} one {b} other {c}}"',
            PATH,
            "a form stands twice in one choice",
            "write each form once",
        ),
        (
            '"' + "{badge.level, plural, one {} other {" * 4 + "}}" * 4 + '"',
            PATH,
            "more than 3 choices stand within each other",
            "write them one after another",
        ),
    ],
)
def test_each_mistake_is_one_fault_with_its_remedy(body: str, path: str, message: str, remedy: str) -> None:
    assert [
        (fault.line, fault.path, fault.message, fault.remedy) for fault in faults_of(with_body(body))
    ] == [(LINE, path, message, remedy)]


def test_polish_needs_four_forms_and_says_for_which_counts() -> None:
    file = with_body('{en: x, pl: "{badge.level, plural, one {#} other {#}}"}')
    faults = faults_of(file.replace("locales: [en, pt]", "locales: [en, pt, pl]"))
    assert [(fault.path, fault.message, fault.remedy) for fault in faults] == [
        (
            f"{PATH}.pl",
            "{badge.level, plural} lacks many and few, which pl needs: many is for 0, 5, 6; few is for 2, 3, 4",
            "add many {...} few {...}",
        )
    ]


@pytest.mark.parametrize(
    "body",
    [
        '"{badge.level, plural, one {#} other {#}}"',
        '"{badge.level, plural, =1 {first} other {#}}"',
        '{en: x, pt: "{badge.level, plural, one {#} many {#} other {#}}"}',
        "\"It''s '{'{badge.level, plural, one {#} other {#}}'}'\"",
        '"{badge.code, select, visitor {a} other {{badge.level, selectordinal, one {#st} two {#nd} few {#rd} other {#th}}}}"',
    ],
)
def test_what_is_complete_has_no_fault(body: str) -> None:
    assert [
        warning.path for warning in load_with_warnings(with_body(body)).warnings if PATH in warning.path
    ] == []


@pytest.mark.parametrize(
    ("body", "message", "remedy"),
    [
        (
            '"{badge.level, plural, one {#} few {#} other {#}}"',
            '"few" is never chosen in en',
            "remove it: en has one, other",
        ),
        (
            '"{badge.level, plural, one {#} other {#}} d\'{badge.name}"',
            "{badge.name} stands in quotes, so members read it as it stands",
            "write '' for an apostrophe before a brace",
        ),
    ],
)
def test_what_is_odd_is_a_warning(body: str, message: str, remedy: str) -> None:
    warnings = load_with_warnings(with_body(body)).warnings
    assert [(one.line, one.message, one.remedy) for one in warnings if one.path == PATH] == [
        (LINE, message, remedy)
    ]


def test_a_surveys_question_is_checked_as_messages_are() -> None:
    file = CLUB.replace('question: "Are you content?"', 'question: "{member.nam}?"')
    assert [(fault.line, fault.path, fault.message) for fault in faults_of(file)] == [
        (132, "surveys[0].question", "{member.nam} cannot be filled on shop.visited, where rules[3] sends it")
    ]


def test_braces_in_a_text_that_fills_none_are_a_warning() -> None:
    file = CLUB.replace("description: Come by", 'description: "Come by, {member.name}"')
    warnings = [one for one in load_with_warnings(file).warnings if one.path == "badges[0].description"]
    assert [(one.message, one.remedy) for one in warnings] == [
        (
            "members read its braces as they stand (en)",
            "write the words themselves: placeholders are filled in messages and surveys only",
        )
    ]
