"""What a check prints: every fault and exit 1, or a summary and exit 0; the same as JSON."""

import json

import pytest

from domain.model.programme import check_report, inactive, inactive_keys, load
from tests.loud_runtime import LOUD
from tests.model.programme.mistakes import CLUB


def test_a_sound_file_is_summed_up() -> None:
    code, text = check_report(CLUB)
    assert code == 0
    assert text.splitlines()[:2] == [
        "Club (club) is sound: EUR, Europe/Lisbon, en pt",
        "  wallets        2  points, credit",
    ]
    assert "pt is missing in 25 texts, which members then read in en:" in text
    assert "wallets[1].name (line 19)" in text


def test_a_faulty_file_is_refused_with_line_path_and_remedy() -> None:
    code, text = check_report(CLUB.replace("kind: csat", "kind: cast"))
    assert code == 1
    assert (
        text == 'The programme file has 1 fault:\n  line 132: surveys[0].kind: "cast" is not among the words'
        " known here -> write one of 'nps' or 'csat'"
    )


def test_machines_get_the_same() -> None:
    code, text = check_report(CLUB, as_json=True)
    answer = json.loads(text)
    assert (code, answer["sound"], answer["code"], answer["warnings"]) == (0, True, "club", [])
    assert answer["missing"]["pt"][0] == {"line": 19, "path": "wallets[1].name"}
    code, text = check_report(CLUB.replace("kind: csat", "kind: cast"), as_json=True)
    fault = {
        "line": 132,
        "path": "surveys[0].kind",
        "message": '"cast" is not among the words known here',
        "remedy": "write one of 'nps' or 'csat'",
    }
    assert (code, json.loads(text)) == (1, {"sound": False, "faults": [fault]})


def test_a_text_broken_by_its_own_comma_is_a_warning() -> None:
    _, text = check_report(CLUB.replace("{en: 5 off, pt: 5 menos}", "{en: 5 off, all yours, pt: 5 menos}"))
    assert 'line 92: rewards[0].title: "all yours" is no locale of this programme, so nobody reads it' in text


@pytest.fixture
def idle_boards(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if leaderboards were not acted on."""
    monkeypatch.setattr(inactive, "INACTIVE", {"leaderboards[]": "leaderboards are kept by a later version"})


@pytest.mark.usefixtures("idle_boards")
def test_what_is_not_acted_on_yet_is_said() -> None:
    sentences = ["leaderboards[0]: leaderboards are kept by a later version"]
    assert inactive_keys(load(CLUB)) == sentences
    assert check_report(CLUB)[1].partition("yet:\n")[2].splitlines() == [
        f"  {sentence}" for sentence in sentences
    ]
    assert json.loads(check_report(CLUB, as_json=True)[1])["inactive"] == sentences


@pytest.mark.usefixtures("idle_boards")
def test_many_places_of_one_key_are_cut_short() -> None:
    boards = ", ".join(
        f"{{code: b{number}, name: B, count: {{wallet: points}}, per: month}}" for number in range(6)
    )
    assert inactive_keys(load(f"{LOUD}\nleaderboards: [{boards}]\n")) == [
        "leaderboards[0], leaderboards[1], leaderboards[2] and 3 more: leaderboards are kept by a later version"
    ]
    _, text = check_report(LOUD)
    assert "  webhooks       1  shop" in text.splitlines()


def test_what_is_acted_on_is_not_among_it() -> None:
    plain = (
        "programme: {code: p, name: P, currency: EUR, timezone: UTC, locales: [en]}\n"
        "wallets: [{code: points}]\n"
        "plans: [{code: plus, name: Plus, price: 100, period: {months: 1}, trial: {days: 7}, multiplier: 2}]\n"
        "segments: [{code: all, when: 'true'}]\n"
    )
    assert inactive_keys(load(plain)) == []
    assert "not act on" not in check_report(plain)[1]
