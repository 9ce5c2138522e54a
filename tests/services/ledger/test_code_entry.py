"""Codes that members enter: each counts once, as often as it may in all, and none is found by trying."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from domain.model.code_spelling import grouped
from domain.model.ledger.decision import CodeRefused
from domain.services.errors import IdempotencyKeyConflict, InvalidInput
from domain.services.ledger.verification import verify
from domain.services.runtime import Runtime
from domain.store.connect import Database
from domain.store.document_store import DocumentStore
from domain.store.ledger import code_counts, members
from domain.store.prepare import prepare
from tests.command_log import CommandLog
from tests.services.ledger.code_club import CODES, SECRET, enter, made, open_club
from tests.small_runtime import NOW, join

NEXT_DAY = NOW + timedelta(days=1)


async def balance(runtime: Runtime, member: str) -> int:
    stored = await members.find(runtime.store, member)
    assert stored is not None
    wallet = stored.member.wallets.get("points")
    return wallet.available if wallet is not None else 0


async def refusal_of(runtime: Runtime, member: str, code: str, **more: object) -> CodeRefused:
    with pytest.raises(CodeRefused) as refused:
        await enter(runtime, member, code, **more)  # type: ignore[arg-type]
    return refused.value


async def differences(runtime: Runtime) -> list[str]:
    return [str(each) async for each in verify(runtime.store)]


async def test_a_campaigns_code_counts_once_for_each_member(database: Database) -> None:
    runtime = await open_club(database, "ana", "bob")
    entered = await enter(runtime, "ana", "ana 1o")
    assert (entered.row.event.data, entered.row.entries[0].amount) == ({"code": "ANA10", "batch": None}, 10)
    again = await refusal_of(runtime, "ana", "ANA-10")
    assert (again.reason, again.tries_left) == ("ENTERED_BEFORE", 10)
    await enter(runtime, "bob", "ANA10")
    assert [await balance(runtime, who) for who in ("ana", "bob")] == [10, 10]
    assert await differences(runtime) == []


async def test_a_key_counts_once_and_answers_again(database: Database) -> None:
    runtime = await open_club(database, "ana")
    [code] = await made(runtime, 1)
    first = await enter(runtime, "ana", code, key="a")
    again = await enter(runtime, "ana", grouped(code).lower(), key="a")
    assert (again.row.seq, [one.id for one in again.issued]) == (first.row.seq, [first.issued[0].id])
    with pytest.raises(IdempotencyKeyConflict):
        await enter(runtime, "ana", "ANA10", key="a")
    assert await balance(runtime, "ana") == 3


async def test_a_single_use_code_counts_once_over_all_members(database: Database) -> None:
    runtime = await open_club(database, "ana", "bob")
    first, second = await made(runtime, 2)
    entered = await enter(runtime, "ana", grouped(first))
    assert entered.row.event.data == {"code": None, "batch": "packs"}
    assert [voucher.reward for voucher in entered.issued] == ["mug"]
    assert (await refusal_of(runtime, "bob", first)).reason == "UNKNOWN"
    assert (await refusal_of(runtime, "ana", first, key="other")).reason == "ENTERED_BEFORE"
    await enter(runtime, "ana", second)
    assert [await balance(runtime, who) for who in ("ana", "bob")] == [6, 0]
    assert (await code_counts.find(runtime.store, "packs")).entered == 2


@pytest.mark.parametrize(
    ("collection", "selector", "change", "where"),
    [
        (
            "single_use_codes",
            {"used_by": "ana"},
            {"$unset": {"used_by": "", "used_at": ""}},
            "ana: single-use codes of packs is 0, the journal gives 1",
        ),
        (
            "code_counts",
            {"_id": {"$regex": "^packs#"}},
            {"$inc": {"entered": 2}},
            "all members: entries of code packs is 3, the journal gives 1",
        ),
        (
            "code_counts",
            {"_id": {"$regex": "^ANA10"}},
            {"$inc": {"entered": -1}},
            "all members: entries of code ANA10 is 0, the journal gives 1",
        ),
    ],
)
async def test_verify_compares_codes_with_the_journal(
    database: Database,
    collection: str,
    selector: dict[str, object],
    change: dict[str, dict[str, object]],
    where: str,
) -> None:
    runtime = await open_club(database, "ana", "bob")
    await enter(runtime, "ana", (await made(runtime, 1))[0])
    await enter(runtime, "bob", "ANA10")
    assert await differences(runtime) == []
    rows = [row["_id"] async for row in database.mongo[collection].find(selector) if row.get("entered", 1)]
    assert len(rows) == 1
    await runtime.store[collection].update_one({"_id": rows[0]}, change)
    assert await differences(runtime) == [where]


async def test_the_database_holds_no_code_that_anybody_could_enter(database: Database) -> None:
    runtime = await open_club(database, "ana")
    codes = await made(runtime, 3)
    await enter(runtime, "ana", codes[0])
    await refusal_of(runtime, "ana", codes[1][:-1] + ("R" if codes[1].endswith("Q") else "Q"))
    for name in await runtime.store.mongo.list_collection_names():
        text = str([row async for row in runtime.store[name].find({"_id": {"$exists": True}})])
        assert not any(spelling in text for code in codes for spelling in (code, grouped(code)))


async def test_codes_of_an_earlier_secret_count_while_it_is_named(database: Database) -> None:
    runtime = await open_club(database, "ana", "bob")
    old, new = b"an older secret of thirty-two by", SECRET
    first, second = await made(runtime, 2, secret=old)
    assert (await refusal_of(runtime, "ana", first, secrets=(new,))).reason == "UNKNOWN"
    await enter(runtime, "ana", first, key="b", secrets=(new, old))
    assert (await refusal_of(runtime, "bob", first, secrets=(new, old))).reason == "UNKNOWN"
    await enter(runtime, "bob", second, secrets=(new, old))


async def test_what_does_not_count_yet_or_is_someone_elses_is_told_like_what_there_is_none_of(
    database: Database, command_log: CommandLog
) -> None:
    runtime = await open_club(database, "ana", "bob")
    [spent] = await made(runtime, 1)
    await enter(runtime, "bob", spent)
    told = []
    for code in ("NOTHING", "EASTER", spent, "packs"):
        with command_log.counting() as counted:
            refused = await refusal_of(runtime, "ana", code)
        told.append((refused.reason, refused.retry_after, counted.names))
    assert told == [told[0]] * 4
    assert told[0][:2] == ("UNKNOWN", None)


async def test_a_code_that_is_over_or_used_up_says_so_and_takes_a_try(database: Database) -> None:
    runtime = await open_club(database, *(f"m{n}" for n in range(11)))
    for n in range(10):
        await enter(runtime, f"m{n}", "TEN")
    used_up = await refusal_of(runtime, "m10", "TEN")
    over = await refusal_of(runtime, "m10", "CARNIVAL")
    assert [(one.reason, one.tries_left) for one in (used_up, over)] == [("USED_UP", 9), ("OVER", 8)]


async def test_ten_wrong_codes_a_day_are_heard(database: Database) -> None:
    runtime = await open_club(database, "ana")
    left = [(await refusal_of(runtime, "ana", f"wrong {n}")).tries_left for n in range(10)]
    assert left == [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]
    refused = await refusal_of(runtime, "ana", "ANA10")
    assert (refused.reason, refused.tries_left) == ("TOO_MANY_TRIES", 0)
    assert refused.retry_after == 14 * 3600  # until midnight in Lisbon, which is UTC in March
    assert await balance(runtime, "ana") == 0
    await enter(runtime, "ana", "ANA10", now=NEXT_DAY)
    assert await balance(runtime, "ana") == 10


async def test_the_same_wrong_code_takes_one_try_and_right_ones_take_none(database: Database) -> None:
    runtime = await open_club(database, "ana")
    for code in await made(runtime, 12):
        await enter(runtime, "ana", code)
    left = [
        (await refusal_of(runtime, "ana", code, key=f"{n}")).tries_left
        for n, code in enumerate(("wrong", "WRONG", "wr0ng", "other"))
    ]
    assert left == [9, 9, 9, 8]


async def test_twenty_wrong_codes_at_once_are_heard_ten_times(database: Database) -> None:
    runtime = await open_club(database, "ana")
    answers = await asyncio.gather(
        *(enter(runtime, "ana", f"wrong {n}") for n in range(20)), return_exceptions=True
    )
    reasons = sorted(answer.reason for answer in answers if isinstance(answer, CodeRefused))
    assert reasons == ["TOO_MANY_TRIES"] * 10 + ["UNKNOWN"] * 10


async def test_what_is_no_code_at_all_is_a_fault_of_its_field_and_takes_no_try(database: Database) -> None:
    runtime = await open_club(database, "ana")
    for text in ("", " - ", "9" * 101):
        with pytest.raises(InvalidInput) as fault:
            await enter(runtime, "ana", text, key="k")
        assert fault.value.field == "code"
    assert (await refusal_of(runtime, "ana", "wrong")).tries_left == 9


async def test_a_limit_that_comes_later_counts_what_was_entered_before(database: Database) -> None:
    runtime = await open_club(database, "ana", "bob", "eva")
    await enter(runtime, "ana", "ANA10")
    await runtime.programmes.publish(CODES.replace("title: From Ana", "title: From Ana, limit: 2"), now=NOW)
    await enter(runtime, "bob", "ANA10")
    assert (await refusal_of(runtime, "eva", "ANA10")).reason == "USED_UP"


async def test_codes_are_made_for_a_batch_of_the_published_programme_alone(database: Database) -> None:
    runtime = await open_club(database)
    with pytest.raises(InvalidInput, match="no batch pack: it has packs"):
        await made(runtime, 1, batch="pack")
    with pytest.raises(InvalidInput, match="from 1 to 1000000"):
        await made(runtime, 0)
    assert (await code_counts.find(runtime.store, "packs")).made == 0


# ---------------------------------------------------------------- at once
async def test_a_single_use_code_that_fifty_enter_at_once_counts_once(database: Database) -> None:
    people = [f"m{n}" for n in range(50)]
    runtimes = await two_processes(database, people)
    [code] = await made(runtimes[0], 1)
    answers = await asyncio.gather(
        *(enter(runtimes[n % 2], who, code) for n, who in enumerate(people)), return_exceptions=True
    )
    assert sorted(reason(answer) for answer in answers) == ["ENTERED", *["UNKNOWN"] * 49]
    assert sum([await balance(runtimes[0], who) for who in people]) == 3
    assert await differences(runtimes[0]) == []


async def test_a_limit_of_ten_lets_ten_of_fifty_in(database: Database) -> None:
    people = [f"m{n}" for n in range(50)]
    runtimes = await two_processes(database, people)
    answers = await asyncio.gather(
        *(enter(runtimes[n % 2], who, "TEN") for n, who in enumerate(people)), return_exceptions=True
    )
    assert sorted(reason(answer) for answer in answers) == [*["ENTERED"] * 10, *["USED_UP"] * 40]
    assert sum([await balance(runtimes[0], who) for who in people]) == 100
    assert (await code_counts.find(runtimes[0].store, "TEN")).entered == 10


async def test_one_member_with_one_code_on_two_phones_gets_it_once(database: Database) -> None:
    runtimes = await two_processes(database, ["ana"])
    [code] = await made(runtimes[0], 1)
    for typed, worth in ((code, 3), ("ANA10", 10)):
        before = await balance(runtimes[0], "ana")
        answers = await asyncio.gather(
            *(enter(runtimes[n % 2], "ana", typed, key=f"{typed} {n}") for n in range(6)),
            return_exceptions=True,
        )
        assert sorted(reason(answer) for answer in answers) == ["ENTERED", *["ENTERED_BEFORE"] * 5]
        assert await balance(runtimes[0], "ana") == before + worth


async def two_processes(database: Database, people: list[str]) -> tuple[Runtime, Runtime]:
    """Two processes over one database: their writers do not queue for each other."""
    first = await open_club(database)
    for who in people:
        await join(first, who)
    store = DocumentStore.of(database, embedded=True)
    await prepare(store)
    second = Runtime.for_store(store)
    await second.programmes.refresh()
    return first, second


def reason(answer: object) -> str:
    if isinstance(answer, CodeRefused):
        return answer.reason
    if isinstance(answer, BaseException):
        raise answer
    return "ENTERED"
