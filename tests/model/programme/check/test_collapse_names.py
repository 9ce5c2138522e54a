"""A file has at most four names by which pushes replace each other: FCM keeps no fifth for a phone that is off."""

from domain.model.programme import load
from domain.services.messages.message_rules import collapse_key
from tests.model.programme.mistakes import CLUB, faults_of

MESSAGES = "".join(f"  - {{code: m{number}, title: T, collapse: c{number}}}\n" for number in range(4))


def with_messages(count: int) -> str:
    lines = MESSAGES.splitlines(keepends=True)[:count]
    return CLUB.replace("messages:\n", f"messages:\n{''.join(lines)}", 1)


def test_four_names_are_taken_and_each_is_a_key() -> None:
    programme = load(with_messages(3))
    assert [collapse_key(programme, message) for message in programme.messages] == [
        "c0",
        "c1",
        "c2",
        None,
        "badge",
    ]


def test_a_fifth_name_is_a_fault_that_names_the_four() -> None:
    (fault,) = faults_of(with_messages(4))
    assert (fault.path, fault.message, fault.remedy) == (
        "messages[5].collapse",
        "badge is a name more than the 4 that a phone keeps",
        "use one of c0, c1, c2, c3, or leave collapse out",
    )
