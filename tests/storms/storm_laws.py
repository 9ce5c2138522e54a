"""The laws of a storm: what was answered stands exactly once in what is stored, and nothing else does."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from api.graphql.member.messages import message_id
from domain.store.document_store import DocumentStore
from domain.store.ledger import code_counts
from domain.store.messages import outbox
from tests.senders.fcm import FcmStandIn
from tests.storms.storm_clients import BACK, HELD, TOTAL, Tally
from tests.storms.storm_shop import MEMBERS

COST = 50
PACK = 7
A_BATCH = 50

Rows = dict[str, dict[str, Any]]


# ---------------------------------------------------------------- what is stored
@dataclass(frozen=True)
class Stored:
    """What the database holds, read when all clients had gone."""

    journal: list[dict[str, Any]]
    members: Rows
    vouchers: Rows
    outbox: Rows
    agenda: Rows
    requests: int
    audit: Counter[str]
    issued: int
    codes_used: dict[str, str]
    codes_counted: int
    inbox: Mapping[str, list[int]]

    def rows(self, event: str) -> list[dict[str, Any]]:
        """The journal's rows of one event."""
        return [row for row in self.journal if row["event"]["name"] == event]


async def read(store: DocumentStore) -> Stored:
    async def everything(collection: str) -> Rows:
        return {row["_id"]: dict(row) async for row in store[collection].find({})}

    letters = (await everything("inbox")).values()
    stock = await store["stock"].find_one({"_id": "mug"})
    assert stock is not None
    return Stored(
        journal=[dict(row) async for row in store["journal"].find({})],
        members=await everything("members"),
        vouchers=await everything("vouchers"),
        outbox=await everything("outbox"),
        agenda=await everything("agenda"),
        requests=len(await everything("requests")),
        audit=Counter(row["action"] for row in (await everything("audit")).values()),
        issued=stock["issued"],
        codes_used={
            code: row["used_by"]
            for code, row in (await everything("single_use_codes")).items()
            if "used_by" in row
        },
        codes_counted=(await code_counts.find(store, "packs")).entered,
        inbox={
            member: sorted(one["n"] for one in letters if one["member"] == member)
            for member in {one["member"] for one in letters}
        },
    )


async def delivered(store: DocumentStore) -> None:
    """Wait until the outbox is empty. What a killed worker had claimed comes up when its lease of a minute
    ends: that is now.
    """
    await asyncio.sleep(3)  # the living finish what they have in hand
    waiting = await outbox.find_by_state(store, "pending", first=10_000)
    await store["outbox"].update_many(
        {"_id": {"$in": [row.id for row in waiting]}}, {"$set": {"due": datetime.now(UTC)}}
    )
    async with asyncio.timeout(60):
        while await outbox.find_by_state(store, "pending", first=1):
            await asyncio.sleep(0.2)


# ---------------------------------------------------------------- the laws
def each_stands_once(tally: Tally, stored: Stored) -> None:
    """What was answered stands exactly once, what was not at most once, and nothing else stands."""
    receipts = Counter(row["event"]["purchase"]["external_id"] for row in stored.rows("purchase.completed"))
    bought, captured = (
        Counter(
            {receipt: times for receipt, times in receipts.items() if receipt.endswith("+") is is_captured}
        )
        for is_captured in (False, True)
    )
    held = Counter(dict(row["event"]["data"])["order"] for row in stored.rows("hold.placed"))
    refunded = Counter(row["event"]["refund"][1]["external_id"] for row in stored.rows("purchase.refunded"))
    acts = (("purchase", bought), ("refund", refunded), ("hold", held), ("capture", captured))
    for act, counts in acts:
        assert [receipt for receipt, times in counts.items() if times != 1] == []
        assert tally.answered[act].keys() <= counts.keys() <= tally.sent[act]  # type: ignore[index]
    redeemed = [step for row in stored.journal for step in row.get("vouchers", ()) if step[3] == "issued"]
    used = [step for row in stored.journal for step in row.get("vouchers", ()) if step[3] == "used"]
    for steps, act in ((redeemed, "redeem"), (used, "use")):
        assert len({step[0] for step in steps}) == len(steps)
        assert len(tally.answered[act]) <= len(steps) <= len(tally.sent[act])  # type: ignore[index]
    entered = {row["event"]["id"]: row["member"] for row in stored.rows("code.entered")}
    assert len(entered) == len(stored.rows("code.entered")) == stored.codes_counted
    assert len(tally.answered["code"]) <= len(entered) <= len(tally.sent["code"])
    assert entered == {f"code:{code}": member for code, member in stored.codes_used.items()}
    assert stored.vouchers.keys() == {step[0] for step in redeemed}
    assert stored.issued == len(redeemed)
    assert {id for id, one in stored.vouchers.items() if one["state"] == "USED"} == {step[0] for step in used}


def nothing_is_left_held(tally: Tally, stored: Stored) -> None:
    """What was paid with or given up is held no more; a client that went away left it to its minute."""
    done = tally.answered["capture"].keys() | tally.answered["release"].keys()
    for member in stored.members.values():
        wallet = member["ledger"]["wallets"]["points"]
        live = [hold[0] for hold in wallet.get("holds", {}).values() if hold[9]]
        assert done.isdisjoint(live)
    assert len(stored.rows("hold.released")) >= len(tally.answered["release"])


def all_of_it_or_nothing(stored: Stored) -> None:
    """Each act bound its key, wrote its audit row and moved the balance, all in one."""
    counts = {
        member: (
            sum(row["member"] == member for row in stored.rows("purchase.completed")),
            sum(row["member"] == member for row in stored.rows("purchase.refunded")),
            sum(one["member"] == member for one in stored.vouchers.values()),
            sum(row["member"] == member for row in stored.rows("code.entered")),
            sum(row["member"] == member for row in _captures(stored)),
        )
        for member in stored.members
    }
    bought, refunded, redeemed, entered, _ = map(sum, zip(*counts.values(), strict=True))
    used = len(stored.rows("voucher.used"))
    holding = len(stored.rows("hold.placed")) + len(stored.rows("hold.released"))
    assert stored.requests == bought + refunded + redeemed + used + entered + holding + len(MEMBERS)
    assert {action: stored.audit[action] for action in ("PURCHASE", "REFUND", "VOUCHER_USED")} == {
        "PURCHASE": bought,
        "REFUND": refunded,
        "VOUCHER_USED": used,
    }
    assert len(stored.agenda) == bought
    for member, (purchases, refunds, vouchers, codes, captures) in counts.items():
        entries = [
            entry for row in stored.journal if row["member"] == member for entry in row.get("entries", ())
        ]
        assert (
            sum(entry["amount"] for entry in entries)
            == (purchases * TOTAL - refunds * BACK) // 100 - vouchers * COST + codes * PACK - captures * HELD
        )


def _captures(stored: Stored) -> list[dict[str, Any]]:
    purchases = stored.rows("purchase.completed")
    return [row for row in purchases if row["event"]["purchase"]["external_id"].endswith("+")]


def messages_neither_lost_nor_doubled(stored: Stored, fcm: FcmStandIn, kills: int) -> int:
    """One outbox row a message, one letter each, numbered without a gap, each pushed; return how many pushes
    were repeated.
    """
    promised = {
        f"{row['member']}:{row['seq']}:{at}"
        for row in stored.journal
        for at in range(len(row.get("messages", ())))
    }
    assert stored.outbox.keys() == promised
    assert {row["state"] for row in stored.outbox.values()} == {"done"}
    for member, numbers in stored.inbox.items():
        assert numbers == list(range(1, sum(id.startswith(f"{member}:") for id in promised) + 1))
    assert fcm.faults == []
    pushed = Counter(push.message["data"]["message"] for push in fcm.accepted)
    assert pushed.keys() == {message_id(id) for id in promised}
    repeated = sum(pushed.values()) - len(pushed)
    assert repeated <= kills * A_BATCH
    return repeated
