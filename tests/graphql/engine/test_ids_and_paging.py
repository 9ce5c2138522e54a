"""Global ids and cursors: opaque, with one spelling each; an invalid one is BAD_INPUT that names its field."""

import contextlib
import string

import pytest
import strawberry
from hypothesis import given
from hypothesis import strategies as st

from api.errors import BadInput
from api.graphql.engine.ids import decode_id, decode_id_as, encode_id, to_base64url
from api.graphql.engine.paging import NumberedRow, Window, connection, read_cursor, read_window, write_cursor
from tests.graphql.engine.small_schema import Entry_, PageInfo, PointEntryConnection, PointEntryEdge

KEYS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=100)
KINDS = st.from_regex(r"[A-Z][A-Za-z0-9]{0,20}", fullmatch=True)


@given(KINDS, KEYS)
def test_an_id_gives_back_its_kind_and_key(kind: str, key: str) -> None:
    made = encode_id(kind, key)
    assert decode_id(made) == (kind, key)
    assert set(made) <= set(string.ascii_letters + string.digits + "-_")


@given(KINDS, KEYS, st.data())
def test_another_spelling_of_an_id_is_none(kind: str, key: str, draws: st.DataObject) -> None:
    made = encode_id(kind, key)
    at = draws.draw(st.integers(0, len(made) - 1))
    letter = draws.draw(
        st.sampled_from(
            [each for each in string.ascii_letters + string.digits + "-_=+ é" if each != made[at]]
        )
    )
    changed = made[:at] + letter + made[at + 1 :]
    with contextlib.suppress(BadInput):
        assert encode_id(*decode_id(changed)) == changed


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "====",
        "TWVtYmVyOg",
        to_base64url(b"Member"),
        to_base64url(b"member:1"),
        to_base64url(b"Member:\xff"),
        "é",
        "A" * 301,
    ],
)
def test_junk_is_bad_input(text: str) -> None:
    with pytest.raises(BadInput) as refused:
        decode_id(text, field="rewardId")
    assert refused.value.field == "rewardId"


def test_an_id_of_another_kind_is_bad_input() -> None:
    assert decode_id_as("Reward", encode_id("Reward", "poster")) == "poster"
    with pytest.raises(BadInput):
        decode_id_as("Reward", encode_id("Voucher", "poster"))


@pytest.mark.parametrize(("first", "size"), [(None, 20), (1, 1), (100, 100)])
def test_first_is_1_to_100(first: int | None, size: int) -> None:
    assert read_window(first, None, list_name="entry") == Window(size, None)


@pytest.mark.parametrize("first", [0, -1, 101, 2**31 - 1])
def test_any_other_first_is_bad_input(first: int) -> None:
    with pytest.raises(BadInput) as refused:
        read_window(first, None, list_name="entry")
    assert refused.value.field == "first"


@given(st.integers(0, 2**53))
def test_a_cursor_carries_its_counter(counter: int) -> None:
    assert read_window(5, write_cursor(counter, list_name="entry"), list_name="entry") == Window(5, counter)


@pytest.mark.parametrize(
    "text",
    [
        write_cursor(7, list_name="voucher"),
        to_base64url(b"entry:-1"),
        to_base64url(b"entry:07"),
        to_base64url(b"entry:9999999999999999"),
        "",
        "x",
    ],
)
def test_another_lists_cursor_is_bad_input(text: str) -> None:
    with pytest.raises(BadInput) as refused:
        read_cursor(text, list_name="entry")
    assert refused.value.field == "after"


def made(counters: list[int], window: Window) -> PointEntryConnection:
    rows = [NumberedRow(n, Entry_(id=strawberry.ID(str(n)), amount=n, tags=[])) for n in counters]
    return connection(
        rows, window, list_name="entry", edge=PointEntryEdge, page_info=PageInfo, make=PointEntryConnection
    )


def test_a_row_more_than_asked_says_that_there_is_a_next_page() -> None:
    full = made([9, 8, 7], Window(2, None))
    assert [edge.cursor for edge in full.edges] == [
        write_cursor(9, list_name="entry"),
        write_cursor(8, list_name="entry"),
    ]
    assert full.page_info == PageInfo(
        has_next_page=True,
        has_previous_page=False,
        start_cursor=write_cursor(9, list_name="entry"),
        end_cursor=write_cursor(8, list_name="entry"),
    )
    last = made([7], Window(2, 8))
    assert (last.page_info.has_next_page, last.page_info.has_previous_page) == (False, True)


def test_an_empty_page_has_no_cursors() -> None:
    empty = made([], Window(20, None))
    assert (empty.edges, empty.page_info.start_cursor, empty.page_info.end_cursor) == ([], None, None)
