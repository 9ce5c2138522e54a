"""Merging and leaving: memberships that are being deleted, and a closed one that goes with the other."""

import asyncio
from collections import Counter
from datetime import timedelta

import pytest

from domain.model import event_names
from domain.model.ledger.decision import MergeRefused
from domain.services.erasure import erasing, retention
from domain.services.erasure.erasing import erase_by_service
from domain.services.errors import NotFound
from domain.services.ledger import turn
from domain.services.ledger.returns import refunds
from domain.services.ledger.returns.refunds import RefundRequest
from domain.services.people import data_exports
from domain.services.people.identity_runtime import IdentityRuntime
from domain.store.connect import Database
from domain.store.ledger import agenda, erasures, members
from domain.store.ledger.erasures import DeletionChanged
from tests.services.people.test_merging import LATER, MANAGER, club, differences, merge_two, undo
from tests.small_runtime import SMALL, TILL

WITH_TERM = (
    SMALL.replace(
        "rules:\n",
        "rules:\n  - {code: away, title: Away, on: member.inactive, qualifying: false, do: [{message: thanks}]}\n",
    )
    + "\nretention: {inactive: {months: 24}}\n"
)


@pytest.mark.parametrize("leaving", ["ana", "bob"])
async def test_a_membership_that_is_being_deleted_is_not_merged(database: Database, leaving: str) -> None:
    identity = await club(database)
    await identity.store.transact([erasures.request_write(leaving, erase_at=LATER + timedelta(days=30))])
    with pytest.raises(MergeRefused) as refused:
        await merge_two(identity)
    assert refused.value.reason == "DELETING"
    assert await differences(identity) == []


async def test_a_deletion_and_a_merge_at_once_end_as_one_of_them(database: Database) -> None:
    identity = await club(database)
    deletion = erasures.request_write("ana", erase_at=LATER + timedelta(days=30))
    results = await asyncio.gather(
        merge_two(identity), identity.store.transact([deletion]), return_exceptions=True
    )
    closed = await members.find(identity.store, "ana")
    assert closed is not None
    assert (closed.status, closed.erase_at is None) in (("merged", True), ("active", False))
    assert [isinstance(result, BaseException) for result in results].count(True) == 1
    assert await differences(identity) == []


async def test_a_merge_is_not_undone_while_the_other_membership_is_being_deleted(database: Database) -> None:
    identity = await club(database)
    await merge_two(identity)
    await identity.store.transact([erasures.request_write("bob", erase_at=LATER + timedelta(days=30))])
    with pytest.raises(MergeRefused) as refused:
        await undo(identity)
    assert refused.value.reason == "DELETING"


async def test_a_closed_membership_is_deleted_only_with_the_one_that_took_it_over(database: Database) -> None:
    identity = await club(database)
    await merge_two(identity)
    with pytest.raises(DeletionChanged):
        await identity.store.transact([erasures.request_write("ana", erase_at=LATER)])
    erased = await erase_by_service(identity, "ana", actor=MANAGER, reason="a letter", now=LATER)
    assert erased is not None
    rows = await members.find_many(identity.store, ["ana", "bob"])
    assert {id: row.status for id, row in rows.items()} == {"ana": "erased", "bob": "erased"}
    assert [row.member.wallets["points"].balance for row in rows.values()] == [0, 0]
    assert await differences(identity) == []


async def test_time_leaves_a_closed_membership_alone(database: Database) -> None:
    identity = await club(database, WITH_TERM)
    await merge_two(identity)
    later = LATER + timedelta(days=1_500)
    looked_at = await retention.run_round(identity, now=later)
    assert (looked_at.looked_at_count, looked_at.failed_count) == (1, 0)
    closed = await members.find(identity.store, "ana")
    assert closed is not None
    assert closed.status == "merged"


async def test_the_data_of_a_merged_member_are_those_of_both_memberships(database: Database) -> None:
    identity = await club(database, who=("ana", "bob", "eva"))
    await merge_two(identity, "eva", "ana")
    await merge_two(identity)
    for id in ("eva", "bob"):  # whichever led here
        records = await data_exports.load_records(identity, member_id=id, now=LATER)
        merged = [each async for each in data_exports.iterate_merged(identity, records, now=LATER)]
        assert (records.member.id, [each.member.id for each in merged]) == ("bob", ["ana", "eva"])
        for each, last in ((records, event_names.MERGED), (merged[1], event_names.CLOSED)):
            names = [row.event.name async for row in data_exports.iterate_rows(identity, each.member)]
            assert (names[1], names[-1]) == (event_names.PURCHASED, last)


async def leave_waiting(identity: IdentityRuntime, monkeypatch: pytest.MonkeyPatch) -> None:
    """Merge two memberships and refund a receipt of the closed one, by processes that die after each commit."""

    async def die(*_: object, **__: object) -> None:
        raise ConnectionError

    with monkeypatch.context() as patch:
        patch.setattr(turn, "fire_moving", die)
        with pytest.raises(ConnectionError):
            await merge_two(identity)
        with pytest.raises(ConnectionError):
            await refund(identity, "first-ana", 4_000)


async def refund(identity: IdentityRuntime, receipt: str, amount: int) -> None:
    request = RefundRequest(receipt, amount=amount)
    await refunds.refund(
        identity, till=TILL, refund_request=request, reason="broken", key=f"r{receipt}", now=LATER
    )


async def waiting(identity: IdentityRuntime) -> int:
    return len(await agenda.find_waiting_moves(identity.store, "ana", first=10))


async def sums(identity: IdentityRuntime) -> dict[str, int]:
    """The sums of all entries by their kind."""
    by_kind = Counter[str]()
    async for row in identity.store["journal"].find({"_id": {"$exists": True}}):
        for entry in row.get("entries", ()):
            by_kind[entry["kind"]] += entry["amount"]
    return dict(by_kind)


@pytest.mark.parametrize("number", ["ana", "bob"])  # the one that is closed leads to the other
async def test_an_erasure_takes_what_still_moves_between_them(
    database: Database, monkeypatch: pytest.MonkeyPatch, number: str
) -> None:
    identity = await club(database)
    await leave_waiting(identity, monkeypatch)
    assert await waiting(identity) == 2
    erased = await erase_by_service(identity, number, actor=MANAGER, reason="a letter", now=LATER)
    assert erased is not None
    assert await waiting(identity) == 0
    assert await sums(identity) == {"AWARD": 200, "CLAWBACK": -40, "TRANSFER": 0, "ERASE": -160}
    assert await differences(identity) == []
    await turn.turn(identity, now=LATER + timedelta(days=1))
    assert await differences(identity) == []
    rows = await members.find_many(identity.store, ["ana", "bob"])
    assert [row.status for row in rows.values()] == ["erased", "erased"]
    assert [row.member.wallets["points"].balance for row in rows.values()] == [0, 0]
    round_after = await erasing.run_round(identity, now=LATER + timedelta(days=1))
    assert (round_after.swept_count, round_after.failed_count) == (2, 0)


@pytest.mark.parametrize("first", ["merge", "erase"])
async def test_an_erasure_and_what_comes_to_the_member_at_once_leave_every_total(
    database: Database, first: str
) -> None:
    identity = await club(database, who=("ana", "bob", "eva"))
    await merge_two(identity)
    acts = [
        merge_two(identity, "eva", "bob"),
        refund(identity, "first-ana", 4_000),
        erase_by_service(identity, "bob", actor=MANAGER, reason="a letter", now=LATER),
    ]
    results = await asyncio.gather(*(acts if first == "merge" else acts[::-1]), return_exceptions=True)
    for result in results:
        assert not isinstance(result, BaseException) or isinstance(result, (MergeRefused, NotFound)), result
    await turn.turn(identity, now=LATER + timedelta(days=1))
    assert await differences(identity) == []
    rows = await members.find_many(identity.store, ["ana", "bob", "eva"])
    assert (rows["ana"].status, rows["bob"].status) == ("erased", "erased")
    assert rows["eva"].status in ("active", "erased")
    held = sum(row.member.wallets["points"].balance for row in rows.values())
    assert held == sum((await sums(identity)).values()) == (100 if rows["eva"].status == "active" else 0)
