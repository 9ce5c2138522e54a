"""The token of an unsubscribe link: it names the member and the purpose, and only the owner of the key can
make one.
"""

from hypothesis import given
from hypothesis import strategies as st

from domain.model.messages.unsubscribe import Unsubscription, read, sign_unsubscription

KEY, OTHER = b"k" * 32, b"o" * 32
ASKED = Unsubscription("0" * 32, "marketing")


def test_a_link_says_whose_consent_to_what() -> None:
    text = sign_unsubscription(ASKED, key=KEY)
    assert read(text, keys=[OTHER, KEY]) == ASKED
    assert text.replace("-", "").replace("_", "").isalnum()


def test_another_key_reads_nothing() -> None:
    assert read(sign_unsubscription(ASKED, key=OTHER), keys=[KEY]) is None


def test_no_changed_character_is_believed() -> None:
    text = sign_unsubscription(ASKED, key=KEY)
    for at, old in enumerate(text):
        for new in ("A", "b", "_", "=", " ", "\n", "é", ""):
            if new != old:
                assert read(text[:at] + new + text[at + 1 :], keys=[KEY]) is None


@given(st.text(max_size=200))
def test_nothing_that_somebody_made_up_is_believed(text: str) -> None:
    assert read(text, keys=[KEY]) is None


def test_one_members_purposes_and_two_members_have_a_text_each() -> None:
    texts = {
        sign_unsubscription(Unsubscription(member, purpose), key=KEY)
        for member in ("a", "b")
        for purpose in ("c", "d")
    }
    assert len(texts) == 4
