"""Card and voucher codes: the server accepts what the phone makes, rejects what anybody changed, and each has
one spelling.
"""

from __future__ import annotations

import random
import string
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.model.people import codes
from domain.model.people.codes import CodeKind

KEY = bytes(range(32))
NOW = datetime(2026, 11, 22, 15, 30, 10, tzinfo=UTC)
BASE32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
BASE64URL = string.ascii_letters + string.digits + "-_"


def judge(text: str, now: datetime = NOW) -> int | None:
    """Do what the server does with a device's card: find the secret by what it claims, then verify."""
    card = codes.read_card(text)
    return (
        None
        if card is None
        else codes.verify_card(card, secret=codes.device_secret(KEY, card.device), now=now)
    )


def some_card(device: bytes = b"device-1", now: datetime = NOW) -> str:
    return codes.make_card(device, secret=codes.device_secret(KEY, device), step=codes.step_at(now))


def test_a_card_is_the_one_that_the_phone_makes() -> None:
    # The same vector stands in tests/browser, where WebCrypto makes it.
    card = codes.make_card(bytes(range(8)), secret=bytes(range(32)), step=59_464_141)
    assert card == "1AAECAwQFBgePHCfTa8oSpw"
    assert len(card) == 23


def test_a_card_secret_holds_device_and_secret() -> None:
    assert (
        codes.card_secret(bytes(range(8)), bytes(range(32)))
        == "AAECAwQFBgcAAQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHw"
    )


def test_a_card_counts_in_its_step_the_one_before_and_the_one_after() -> None:
    step = codes.step_at(NOW)
    verdicts = [judge(some_card(), NOW + timedelta(seconds=30 * late)) for late in (-2, -1, 0, 1, 2)]
    assert verdicts == [None, step, step, step, None]


def test_every_single_character_change_of_1000_cards_is_refused() -> None:
    rng = random.Random(7)
    accepted, tried = 0, 0
    for _ in range(1000):
        card = some_card(rng.randbytes(8))
        for place in range(23):
            for wrong in rng.sample(BASE64URL, 4) + list("AQgw ="):
                if wrong != card[place]:
                    tried += 1
                    accepted += judge(card[:place] + wrong + card[place + 1 :]) is not None
    assert (accepted, tried > 200_000) == (0, True)


def test_every_change_of_the_last_character_is_refused() -> None:
    card = some_card()
    assert [wrong for wrong in BASE64URL if judge(card[:-1] + wrong) is not None] == [card[-1]]


@pytest.mark.parametrize(
    "text",
    ["", "1", "2", "1" + "é" * 22, "1" + "A" * 21, "1" + "A" * 23, "3" + "A" * 22, "1" + "A" * 22 + "\n"],
)
def test_what_is_no_card_is_not_read(text: str) -> None:
    assert codes.read_card(text) is None
    assert codes.open_server_card(text, keys=[KEY]) is None


def test_one_device_cannot_make_the_card_of_another() -> None:
    forged = codes.make_card(
        b"device-2", secret=codes.device_secret(KEY, b"device-1"), step=codes.step_at(NOW)
    )
    assert judge(forged) is None


def test_a_server_card_opens_to_number_and_end() -> None:
    number = codes.membership_number(4711)
    card, ends = codes.make_server_card(number, key=KEY, now=NOW)
    assert (len(card), ends) == (23, NOW + timedelta(seconds=60))
    assert codes.open_server_card(card, keys=[KEY[::-1], KEY]) == codes.ServerCard(number, ends)
    assert codes.open_server_card(card, keys=[KEY[::-1]]) is None
    assert number not in card


def test_every_single_character_change_of_a_server_card_is_refused() -> None:
    card, _ = codes.make_server_card(codes.membership_number(1), key=KEY, now=NOW)
    changed = [
        card[:place] + wrong + card[place + 1 :]
        for place in range(23)
        for wrong in BASE64URL
        if wrong != card[place]
    ]
    assert [text for text in changed if codes.open_server_card(text, keys=[KEY]) is not None] == []


@given(st.binary(min_size=12, max_size=12))
def test_a_voucher_is_v_and_19_characters_and_spells_itself(raw: bytes) -> None:
    voucher = codes.make_voucher(raw)
    assert len(voucher) == 20
    assert set(voucher[1:]) <= set(BASE32)
    assert codes.classify(voucher) == codes.Code(CodeKind.VOUCHER, voucher)


def test_95_bits_of_a_voucher_count() -> None:
    assert codes.make_voucher(bytes(12)) == "V" + "0" * 19
    assert codes.make_voucher(b"\xff" * 12) == "V" + "Z" * 19
    assert codes.make_voucher(b"\xff" * 11 + b"\xfe") == "V" + "Z" * 19
    assert codes.make_voucher(b"\x80" + bytes(11)) == "VG" + "0" * 18


def test_every_single_character_change_of_1000_vouchers_is_the_code_of_none_of_them() -> None:
    rng = random.Random(11)
    vouchers = [codes.make_voucher(rng.randbytes(12)) for _ in range(1000)]
    known = {codes.voucher_hash(voucher) for voucher in vouchers}
    for voucher in vouchers:
        for place in range(20):
            for wrong in BASE32:
                changed = (
                    codes.normal_voucher(voucher[:place] + wrong + voucher[place + 1 :])
                    if wrong != voucher[place]
                    else None
                )
                assert changed is None or codes.voucher_hash(changed) not in known


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("v0123-45678-9abcd-efghj", "V0123456789ABCDEFGHJ"),
        (" VO123 45678 9abcd efghj ", "V0123456789ABCDEFGHJ"),
        ("VIL00-00000-00000-00000", "V1100000000000000000"),
        ("VU000000000000000000", None),
        ("V000000000000000000", None),
        ("V00000000000000000000", None),
        ("W0000000000000000000", None),
        ("V\uff100000000000000000000", None),
        ("V\u0131000000000000000000", None),
    ],
)
def test_typing_is_forgiven_where_it_cannot_mislead(typed: str, meant: str | None) -> None:
    assert codes.normal_voucher(typed) == meant


def test_a_sealed_voucher_opens_with_its_key_and_row_alone() -> None:
    voucher = codes.make_voucher(b"twelve bytes")
    hashed = codes.voucher_hash(voucher)
    sealed = codes.seal_voucher(voucher, key=KEY, nonce=b"another dozn")
    assert voucher.encode() not in sealed
    assert codes.open_voucher(sealed, keys=[KEY[::-1], KEY], hashed=hashed) == voucher
    assert codes.open_voucher(sealed, keys=[KEY[::-1]], hashed=hashed) is None
    assert codes.open_voucher(sealed, keys=[KEY], hashed=codes.voucher_hash("V" + "0" * 19)) is None


@given(st.integers(min_value=0, max_value=2**128))
def test_a_membership_number_shows_each_wrong_digit_and_each_swap(seed: int) -> None:
    number = codes.membership_number(seed)
    assert codes.valid_number(number)
    assert number[0] != "0"
    wrong = [
        number[:place] + digit + number[place + 1 :]
        for place in range(10)
        for digit in string.digits
        if digit != number[place]
    ]
    swapped = [
        number[:i] + number[i + 1] + number[i] + number[i + 2 :]
        for i in range(9)
        if number[i] != number[i + 1]
    ]
    assert [text for text in wrong + swapped if codes.valid_number(text)] == []


def test_the_kinds_are_told_apart() -> None:
    number = codes.membership_number(99)
    server_card, _ = codes.make_server_card(number, key=KEY, now=NOW)
    spaced = f" {number[:4]} {number[4:7]}-{number[7:]} "
    said = {
        some_card(): CodeKind.DEVICE_CARD,
        server_card: CodeKind.SERVER_CARD,
        "V" + "A" * 19: CodeKind.VOUCHER,
        number: CodeKind.NUMBER,
        spaced: CodeKind.NUMBER,
        "ana@example.com": CodeKind.UNKNOWN,
        "+351910000000": CodeKind.UNKNOWN,
        "": CodeKind.UNKNOWN,
        "٣" * 10: CodeKind.UNKNOWN,
    }
    assert {text: codes.classify(text).kind for text in said} == said
    assert codes.classify(spaced).text == number


def test_lengths_that_are_not_random_enough_are_refused() -> None:
    with pytest.raises(ValueError, match="a voucher takes 12 bytes, not 4"):
        codes.make_voucher(b"four")
    with pytest.raises(ValueError, match="a device takes 8 bytes, not 3"):
        codes.make_card(b"abc", secret=KEY, step=1)
