"""A journal row equals itself after a trip through its document; what identifies a person is not stored."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import bson
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.model import event_names
from domain.model.ledger.decision import (
    DelayedEvent,
    Effect,
    Entry,
    JournalRow,
    Outcome,
    PlannedMessage,
    RefundClaim,
    VoucherStep,
)
from domain.model.ledger.events import (
    Event,
    Facts,
    JoinedRule,
    Line,
    Profile,
    Purchase,
    PurchaseClaim,
    RaisedFacts,
)
from domain.model.ledger.fiscal.receipt_details import ReceiptDetails, TaxLine, Tender
from domain.model.ledger.gifts import Counted, Deduction, Firing, Gift
from domain.model.ledger.lots import LotPart, OpenedLot
from domain.model.programme import SINGLE_COUNT
from domain.store.ledger import journal_claims, journal_rows
from domain.store.ledger.journal import JournalDocument

OPTIONS = bson.codec_options.CodecOptions[dict[str, Any]](tz_aware=True, tzinfo=UTC)
AWKWARD = st.sampled_from(["points", "a.b", "$set", "", "ção", "x" * 50])
NUMBERS = st.integers(-(2**31), 2**31)
DAYS = st.dates(date(2000, 1, 1), date(2100, 1, 1))
INSTANTS = st.integers(0, 4 * 10**12).map(
    lambda ms: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
)
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, AWKWARD)
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3), max_leaves=5)
MAPS = st.dictionaries(AWKWARD, SCALARS, max_size=4)


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


PARTS = st.builds(LotPart, NUMBERS, maybe(DAYS), DAYS)
LINES = st.builds(
    Line,
    line=NUMBERS,
    sku=AWKWARD,
    amount=NUMBERS,
    quantity=NUMBERS,
    name=maybe(AWKWARD),
    category=maybe(AWKWARD),
)
PURCHASES = st.builds(
    Purchase, AWKWARD, NUMBERS, AWKWARD, maybe(AWKWARD), st.lists(LINES, max_size=3).map(tuple)
)
DETAILS = st.builds(
    ReceiptDetails,
    st.lists(st.builds(TaxLine, AWKWARD, NUMBERS, NUMBERS), max_size=2).map(tuple),
    st.lists(st.builds(Tender, AWKWARD, NUMBERS), max_size=2).map(tuple),
)
EVENTS = st.builds(Event, AWKWARD, AWKWARD, INSTANTS, AWKWARD, MAPS, maybe(PURCHASES), details=maybe(DETAILS))
LATE_EVENTS = st.builds(
    lambda event, rule, at: replace(event, delayed_rule=rule, original_at=at), EVENTS, AWKWARD, INSTANTS
)
ENTRIES = st.builds(
    Entry,
    AWKWARD,
    st.sampled_from(["AWARD", "SPEND", "EXPIRE"]),
    NUMBERS,
    maybe(AWKWARD),
    maybe(INSTANTS),
    maybe(DAYS),
    st.lists(PARTS, max_size=3).map(tuple),
    NUMBERS,
    NUMBERS,
    NUMBERS,
    NUMBERS,
    maybe(AWKWARD),
)
FACT = st.one_of(SCALARS, INSTANTS, st.lists(AWKWARD, max_size=3), st.dictionaries(AWKWARD, NUMBERS))
FACTS = st.builds(
    Facts,
    tier=maybe(AWKWARD),
    plan=maybe(AWKWARD),
    tier_after=maybe(AWKWARD),
    plan_after=maybe(AWKWARD),
    member=st.dictionaries(AWKWARD, FACT, max_size=4),
    member_after=MAPS,
    rule_rooms=st.dictionaries(AWKWARD, st.tuples(st.booleans(), maybe(NUMBERS)), max_size=3),
    is_first_purchase=st.booleans(),
)
STEPS = st.builds(
    VoucherStep,
    AWKWARD,
    NUMBERS,
    AWKWARD,
    st.sampled_from(["issued", "used"]),
    INSTANTS,
    maybe(INSTANTS),
    st.booleans(),
)
AMOUNTS = st.dictionaries(AWKWARD, NUMBERS, max_size=2)
COUNTS = st.builds(Counted, NUMBERS, NUMBERS, NUMBERS).filter(lambda counted: counted != Counted())
COUNTED = st.dictionaries(st.just(SINGLE_COUNT), COUNTS, max_size=1) | st.dictionaries(
    st.from_regex(r"[a-z][a-z0-9_-]{0,8}", fullmatch=True), COUNTS, max_size=2
)
WORDS = st.lists(AWKWARD, max_size=2).map(tuple)
OPENED = st.lists(st.builds(OpenedLot, AWKWARD, NUMBERS, maybe(INSTANTS), maybe(DAYS), DAYS), max_size=2).map(
    tuple
)
LOT_PARTS: st.SearchStrategy[tuple[LotPart, ...]] = st.lists(
    st.builds(LotPart, NUMBERS, maybe(DAYS), DAYS), max_size=2
).map(tuple)
GIFTS = st.builds(
    Gift,
    AWKWARD,
    st.integers(1, 2**31),
    INSTANTS,
    awarded=AMOUNTS,
    opened_lots=OPENED,
    counted=COUNTED,
    badge_counts=AMOUNTS,
    vouchers=WORDS,
    tags=WORDS,
    deductions=st.lists(st.builds(Deduction, AWKWARD, LOT_PARTS, DAYS), max_size=2).map(tuple),
    firings=st.lists(st.builds(Firing, AWKWARD, DAYS, NUMBERS), max_size=2).map(tuple),
    gives_floor=st.booleans(),
    awaits=st.booleans(),
    tier=maybe(AWKWARD),
)
JOINED = st.lists(st.builds(JoinedRule, AWKWARD, maybe(NUMBERS), maybe(NUMBERS)), max_size=2).map(tuple)
CLAIMS = st.builds(PurchaseClaim, AMOUNTS, COUNTED, AMOUNTS, WORDS, JOINED)
ROWS = st.builds(
    JournalRow,
    seq=st.integers(1, 2**31),
    event=EVENTS | LATE_EVENTS,
    by=st.sampled_from(["input", "time", "decision"]),
    version=st.integers(1, 100),
    entries=st.lists(ENTRIES, max_size=3).map(tuple),
    outcomes=st.lists(
        st.builds(Outcome, AWKWARD, st.booleans(), NUMBERS, maybe(AWKWARD), maybe(AWKWARD)), max_size=3
    ).map(tuple),
    raised=st.lists(EVENTS, max_size=2).map(tuple),
    messages=st.lists(st.builds(PlannedMessage, AWKWARD, AWKWARD, MAPS, NUMBERS), max_size=2).map(tuple),
    effects=st.lists(
        st.builds(Effect, st.sampled_from(["webhook", "survey"]), AWKWARD, AWKWARD, AWKWARD), max_size=2
    ).map(tuple),
    vouchers=st.lists(STEPS, max_size=2).map(tuple),
    delayed=st.lists(st.builds(DelayedEvent, AWKWARD, INSTANTS, LATE_EVENTS), max_size=2).map(tuple),
    facts=FACTS,
    awarded=st.dictionaries(AWKWARD, NUMBERS, max_size=2),
    opened_lots=OPENED,
    counted=COUNTED,
    badge_counts=AMOUNTS,
    gifts=st.dictionaries(AWKWARD, GIFTS, max_size=2),
    raised_facts=st.dictionaries(
        st.integers(0, 99), st.builds(RaisedFacts, AWKWARD, MAPS, FACTS), max_size=1
    ),
    claim=maybe(
        st.builds(RefundClaim, CLAIMS, st.dictionaries(AWKWARD, CLAIMS, max_size=1)),
    ),
    changes=st.dictionaries(AWKWARD, JSON, max_size=4),
    removed=st.lists(AWKWARD, max_size=2).map(tuple),
)


def decoded_document(row: JournalRow) -> dict[str, Any]:
    """The document as it comes back from a database."""
    return bson.decode(bson.encode(journal_rows.row_document("ana", row)), codec_options=OPTIONS)


@settings(max_examples=150, deadline=None)
@given(ROWS)
def test_a_row_comes_back_as_it_was(row: JournalRow) -> None:
    assert journal_rows.read_row(decoded_document(row)) == row


@settings(max_examples=50, deadline=None)
@given(ROWS)
def test_the_journal_declares_every_field_of_a_row(row: JournalRow) -> None:
    declared = {field.alias or name for name, field in JournalDocument.model_fields.items()}
    assert decoded_document(row).keys() <= declared


def test_a_profile_is_not_kept() -> None:
    profile = Profile("Ana Silva", "pt", "Europe/Lisbon", date(1990, 5, 1))
    event = Event("e", event_names.ENROLLED, datetime(2026, 1, 1, tzinfo=UTC), profile=profile)
    document = decoded_document(JournalRow(1, event, "input", 1))
    assert "Ana Silva" not in repr(document)
    assert "1990" not in repr(document)


def test_marks_are_the_counters_that_histories_page_by() -> None:
    entries = (Entry("points", "AWARD", 5, n=7, wallet_n=4), Entry("cashback", "AWARD", 5, n=8, wallet_n=1))
    event = Event("purchase:x", event_names.PURCHASED, datetime(2026, 1, 1, tzinfo=UTC))
    document = decoded_document(
        JournalRow(3, event, "input", 1, entries=entries, changes={"purchases.count": 2})
    )
    assert document["marks"] == ["e:7", "w:points:4", "e:8", "w:cashback:1", "p:2"]


def test_a_claim_of_before_rooms_were_kept_names_the_rules_that_joined() -> None:
    claim = journal_claims.read_claim([[], 0, 0, 0, [], [], ["small"], []])
    assert claim.purchase.joined == (JoinedRule("small"),)
