"""The demo: the example programme, two stores, staff of each role, and 200 members with two years behind them.

What it prints works by copying, and stands in `demo.json`. Passwords are made from the data folder's own secret: the same at every
start, and of no use to anybody else.
"""

import base64
import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from api.commands.programme import publish_file
from api.commands.progress import shown_progress
from api.commands.running import CannotRun
from api.http.callers import utc_now
from api.process import Process
from domain.services import demo, staff, stores
from domain.services.demo_people import STORES
from domain.store.sessions import Role

PROGRAMME = Path(__file__).parents[2] / "scripts/demo/numiscollect.yaml"
SHOWN_MEMBERS = 3
IN_EACH_STORE: tuple[Role, ...] = ("CASHIER", "MANAGER")


@dataclass(frozen=True, slots=True)
class DemoStaff:
    """One employee as `demo.json` names them."""

    username: str
    password: str
    role: Role
    store: str


async def prepare_demo(process: Process) -> None:
    """Make what is not there yet: programme, stores, staff, members. Raises CannotRun where the database has members of its own."""
    if process.settings.programme is None:
        await publish_file(process.programmes, PROGRAMME)
    for code, name in STORES.items():
        if await stores.find(process.store, code) is None:
            await stores.add(process.store, code=code, name=name, now=utc_now())
    for each in staff_of(process):
        if await staff.by_username(process.store, each.username) is None:
            await _employ(process, each)


async def fill_demo(process: Process, address: str) -> None:
    """Make the members, and tell how to sign in."""
    with shown_progress() as tell:
        try:
            members = await demo.fill(process.store, published=process.programmes.current(), now=utc_now(), progress=tell)
        except demo.DatabaseInUse:
            raise CannotRun("The database has members of its own: give the demo a data folder of its own with --data.") from None
    employees = staff_of(process)
    told = {"graphql": f"{address}/graphql", "members": [asdict(one) for one in members], "staff": [asdict(one) for one in employees]}
    path = process.settings.data / "demo.json"
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump(told, file, indent=2)
    print(f"Members sign in with a code that appears here, {len(members)} of them, such as")
    for member in members[:SHOWN_MEMBERS]:
        print(f"  {member.email}  (number {member.number})")
    print("Staff")
    for one in employees:
        print(f"  {one.username}  {one.password}  ({one.role.lower()} in {one.store})")
    print(f"All of it stands in {path}", flush=True)


def staff_of(process: Process) -> list[DemoStaff]:
    """Who works in the demo: a cashier and a manager in each store, and an operator of all."""
    in_stores = [_one(process, role, store) for store in STORES for role in IN_EACH_STORE]
    return [*in_stores, _one(process, "OPERATOR", next(iter(STORES)))]


def _one(process: Process, role: Role, store: str) -> DemoStaff:
    username = "operator" if role == "OPERATOR" else f"{role.lower()}.{store}"
    digest = hashlib.blake2b(username.encode(), key=process.keys.derived("demo passwords"), digest_size=10).digest()
    return DemoStaff(username, base64.b32encode(digest).decode().lower(), role, store)


async def _employ(process: Process, one: DemoStaff) -> None:
    await staff.add(
        process.desk,
        username=one.username,
        name=one.username.replace(".", " ").title(),
        role=one.role,
        store_codes=() if one.role == "OPERATOR" else (one.store,),
        password=one.password,
        now=utc_now(),
    )
