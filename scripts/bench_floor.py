"""The raw floor: what a user would write by hand instead of Selo, with Starlette and PyMongo, for the same
answers.

Home is four queries, a purchase five commands, a redemption four. There is no GraphQL, no programme, no
limit, no reason of an amount: only the documents, and the answer built from them. It signs nobody in: a token
is known, or 401.

    bench_floor.py URI TOKEN    prints its port when it listens
"""

import asyncio
import socket
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
import uvicorn
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

DATABASE = "floor"
Document = Mapping[str, Any]


class Floor:
    """The three endpoints over one database."""

    def __init__(self, uri: str, token: str) -> None:
        self.client: AsyncMongoClient[Document] = AsyncMongoClient(uri, tz_aware=True, w="majority")
        self.database = self.client.get_database(
            DATABASE, write_concern=WriteConcern(w="majority"), read_concern=ReadConcern("majority")
        )
        self.known = {f"Bearer {token}"}

    async def home(self, request: Request) -> Response:
        """Answer the home screen of one member, from four collections."""
        if request.headers.get("authorization") not in self.known:
            return Response(status_code=401)
        member_id = (await request.json())["member"]
        member = await self.database["members"].find_one({"_id": member_id})
        assert member is not None, "the bench has laid the member out"
        entries = await self.database["entries"].find({"member": member_id}).to_list(20)
        rewards = await self.database["rewards"].find({}).to_list(100)
        badges = await self.database["badges"].find({}).to_list(100)
        return _answer(_home(member, entries, rewards, badges))

    async def purchase(self, request: Request) -> Response:
        """Record a purchase: read the member, then receipt, entry and balance in a transaction."""
        if request.headers.get("authorization") not in self.known:
            return Response(status_code=401)
        asked = await request.json()
        member = await self.database["members"].find_one({"_id": asked["member"]})
        assert member is not None, "the bench has laid the member out"
        points = asked["total"] // 100
        entry = {
            "_id": asked["key"],
            "member": member["_id"],
            "n": member["entries"] + 1,
            "amount": points,
            "title": member["earning"],
            "kind": "AWARD",
            "balance": member["balance"]["pending"] + points,
        }
        receipt = {"_id": asked["key"], "member": member["_id"], "total": asked["total"], "currency": "EUR"}
        async with self.client.start_session() as session, await session.start_transaction():
            await self.database["receipts"].insert_one(receipt, session=session)
            await self.database["entries"].insert_one(entry, session=session)
            changed = {"$inc": {"balance.pending": points, "entries": 1}}
            await self.database["members"].update_one(
                {"_id": member["_id"], "entries": member["entries"]}, changed, session=session
            )
        # The rest of the answer is what the till shows of the member.
        return _answer({"recordPurchase": member["purchased"]})

    async def redeem(self, request: Request) -> Response:
        """Redeem a reward: read the member, then voucher and balance in a transaction."""
        if request.headers.get("authorization") not in self.known:
            return Response(status_code=401)
        asked = await request.json()
        member = await self.database["members"].find_one({"_id": asked["member"]})
        assert member is not None, "the bench has laid the member out"
        voucher = {"_id": asked["key"], "member": member["_id"], "reward": asked["reward"], "state": "ISSUED"}
        async with self.client.start_session() as session, await session.start_transaction():
            await self.database["vouchers"].insert_one(voucher, session=session)
            changed = {"$inc": {"balance.available": -asked["cost"], "entries": 1}}
            await self.database["members"].update_one(
                {"_id": member["_id"], "entries": member["entries"]}, changed, session=session
            )
        return _answer({"redeemReward": member["redeemed"]})


def _home(
    member: Document, entries: Sequence[Document], rewards: Sequence[Document], badges: Sequence[Document]
) -> Document:
    language, available = member["locale"], member["balance"]["available"]
    tier, reached = member["tier"], member["badges"]
    return {
        "me": {
            "id": member["id"],
            "number": member["number"],
            "name": member["name"],
            "balance": {
                "available": available,
                "pending": member["balance"]["pending"],
                "debt": member["balance"]["debt"],
            },
            "tier": {
                "current": {"name": tier["current"]},
                "next": None if tier["next"] is None else {"name": tier["next"]},
                "toNext": tier["toNext"],
                "qualifying": tier["qualifying"],
                "until": tier["until"],
                "fraction": tier["fraction"],
            },
            "badges": [
                {
                    "level": reached[badge["_id"]]["level"],
                    "progress": reached[badge["_id"]]["progress"],
                    "target": reached[badge["_id"]]["target"],
                    "badge": {
                        "name": badge["name"][language],
                        "description": badge["description"][language],
                    },
                }
                for badge in badges
                if badge["_id"] in reached
            ],
            "pointHistory": {
                "edges": [_entry(entry, language) for entry in entries],
                "pageInfo": {
                    "hasNextPage": entries[-1]["n"] > 1,
                    "endCursor": entries[-1]["cursor"],
                },
            },
            "rewards": {
                "edges": [_reward(reward, available, language) for reward in rewards],
            },
        }
    }


def _instant(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _entry(entry: Document, language: str) -> Document:
    return {
        "cursor": entry["cursor"],
        "node": {
            "id": entry["_id"],
            "title": entry["title"][language],
            "amount": entry["amount"],
            "entryKind": entry["kind"],
            "occurredAt": _instant(entry["at"]),
            "balanceAfter": entry["balance"],
        },
    }


def _reward(reward: Document, available: int, language: str) -> Document:
    cost = reward["cost"]
    missing = 0 if cost["wallet"] != "points" else max(0, cost["amount"] - available)
    locks = [{"reason": lock["reason"], "message": lock["message"][language]} for lock in reward["locks"]]
    return {
        "node": {
            "rewardState": "LOCKED" if locks else "UNLOCKED",
            "missing": missing,
            "locks": locks,
            "reward": {
                "title": reward["title"][language],
                "cost": {"wallet": cost["wallet"], "amount": cost["amount"]},
                "stock": reward["stock"],
            },
        }
    }


def _answer(body: object) -> Response:
    return Response(orjson.dumps({"data": body}), media_type="application/json")


async def lay_out(uri: str, member_id: str, home: Document, purchased: object, redeemed: object) -> None:
    """Write the documents from which the floor makes the answers that Selo gave."""
    client: AsyncMongoClient[Document] = AsyncMongoClient(uri, w="majority")
    database = client[DATABASE]
    for name in ("members", "entries", "rewards", "badges", "receipts", "vouchers"):
        await database[name].delete_many({})
    entries = home["pointHistory"]["edges"]
    newest = 1 + len(entries) * (1 + home["pointHistory"]["pageInfo"]["hasNextPage"])
    await database["entries"].insert_many(
        [
            {
                "_id": edge["node"]["id"],
                "member": member_id,
                "n": newest - at,
                "cursor": edge["cursor"],
                "title": {"pt": edge["node"]["title"], "en": edge["node"]["title"]},
                "amount": edge["node"]["amount"],
                "kind": edge["node"]["entryKind"],
                "at": datetime.fromisoformat(edge["node"]["occurredAt"]),
                "balance": edge["node"]["balanceAfter"],
            }
            for at, edge in enumerate(entries)
        ]
    )
    await _lay_out_offers(database, home)
    tier = home["tier"]
    await database["members"].insert_one(
        {
            "_id": member_id,
            "id": home["id"],
            "number": home["number"],
            "name": home["name"],
            "locale": "pt",
            "balance": home["balance"],
            "entries": newest,
            "tier": {
                **tier,
                "current": tier["current"]["name"],
                "next": tier["next"] and tier["next"]["name"],
            },
            "badges": {
                str(at): {word: row[word] for word in ("level", "progress", "target")}
                for at, row in enumerate(home["badges"])
            },
            "earning": {"pt": "1 ponto por cada euro", "en": "1 point for every euro"},
            "purchased": purchased,
            "redeemed": redeemed,
        }
    )
    await client.close()


async def _lay_out_offers(database: AsyncDatabase[Document], home: Document) -> None:
    await database["rewards"].insert_many(
        [
            {
                "_id": at,
                "title": {"pt": node["reward"]["title"], "en": node["reward"]["title"]},
                "cost": node["reward"]["cost"],
                "stock": node["reward"]["stock"],
                "locks": [
                    {"reason": lock["reason"], "message": {"pt": lock["message"], "en": lock["message"]}}
                    for lock in node["locks"]
                ],
            }
            for at, node in enumerate(edge["node"] for edge in home["rewards"]["edges"])
        ]
    )
    await database["badges"].insert_many(
        [
            {
                "_id": str(at),
                "name": {"pt": row["badge"]["name"], "en": row["badge"]["name"]},
                "description": {"pt": row["badge"]["description"], "en": row["badge"]["description"]},
            }
            for at, row in enumerate(home["badges"])
        ]
    )


async def serve(uri: str, token: str) -> None:
    floor = Floor(uri, token)
    routes = [
        Route("/home", floor.home, methods=["POST"]),
        Route("/purchase", floor.purchase, methods=["POST"]),
        Route("/redeem", floor.redeem, methods=["POST"]),
    ]
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(Starlette(routes=routes), loop="uvloop", http="httptools", log_level="warning")
    print(listener.getsockname()[1], flush=True)
    await uvicorn.Server(config).serve([listener])


if __name__ == "__main__":
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(sys.argv[1], sys.argv[2]))
