"""A till process for the crash storm: it records purchases side by side, and writes down each acknowledgement before it goes on.

What a till sends and is not answered it sends again, with the same key, also after it was started anew: as a client does.
"""

import asyncio
import os
from datetime import UTC, datetime
from pathlib import Path

from domain.model.calendar import milliseconds
from domain.services import purchases
from domain.services.house import House
from domain.services.purchases import PurchaseClaimed
from domain.store.base import Busy, Store, Unavailable
from domain.store.connect import connect
from domain.store.prepare import prepare
from tests.houses import TILL, bought

MEMBERS = ("ana", "rui", "eva", "ola")
TILLS = 6


def run(uri: str, name: str, folder: str, part: int) -> None:
    """Be the process until it is killed."""
    asyncio.run(_work(uri, name, Path(folder), part))


async def _work(uri: str, name: str, folder: Path, part: int) -> None:
    database = connect(uri, name)
    store = Store.of(database, embedded=True)
    while True:
        try:
            await prepare(store)
            house = House.of(store)
            await house.programmes.refresh()
            break
        except (Unavailable, Busy):
            await asyncio.sleep(0.05)
    sent, answered = (os.open(folder / each, os.O_WRONLY | os.O_CREAT | os.O_APPEND) for each in ("sent", "answered"))
    unanswered = sorted(set(_lines(folder / "sent")) - set(_lines(folder / "answered")))
    await asyncio.gather(*(_till(house, sent, answered, f"{part}-{at}", unanswered[at::TILLS]) for at in range(TILLS)))


async def _till(house: House, sent: int, answered: int, till: str, again: list[str]) -> None:
    for at in range(10_000):
        receipt = again.pop() if again else f"{till}-{at}"
        os.write(sent, f"{receipt}\n".encode())
        await _record(house, receipt)
        os.write(answered, f"{receipt}\n".encode())


async def _record(house: House, receipt: str) -> None:
    member = MEMBERS[sum(map(ord, receipt)) % len(MEMBERS)]
    while True:
        try:
            now = milliseconds(datetime.now(UTC))
            await purchases.record(house, till=TILL, member_id=member, given=bought(receipt), key=receipt, now=now)
        except (Busy, Unavailable):
            await asyncio.sleep(0.02)
        except PurchaseClaimed:
            raise AssertionError("a retry with its key met its own receipt") from None
        else:
            return


def _lines(path: Path) -> list[str]:
    return path.read_text().split() if path.exists() else []
