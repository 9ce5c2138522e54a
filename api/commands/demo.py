"""`selo serve --demo`: the example programme, two stores, staff of each role and members with two years of
history.

Sign-ins are printed and written to DIR/demo.json, readable by its owner alone. Passwords and set-up keys
derive from the data folder's secret: the same at every start, others in another folder.
"""

import base64
import hashlib
import hmac
import os
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import orjson
from rich.console import Console
from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn

from api.clock import utc_now
from api.commands.programme import publish_file
from api.commands.running import CannotRun
from api.commands.terminal.progress import progress_bar
from api.process import Process
from api.settings.demo_folder import PROGRAMME
from domain.model.calendar import milliseconds
from domain.model.people.second_factor import KEY_BYTES, make_long_code
from domain.model.values import dataclass
from domain.services import demo
from domain.services.demo import DatabaseInUse, DemoMember
from domain.services.demo_catalogue import catalogue_of
from domain.services.demo_people import STORES
from domain.services.people import staff, stores
from domain.store.ledger.programmes import NothingPublished
from domain.store.people.sessions import StaffRole


@dataclass(frozen=True, slots=True)
class DemoEmployee:
    """Somebody who can sign in at the demo's till, or without a store at its console."""

    username: str
    name: str
    role: StaffRole
    store: str | None


STAFF = (
    DemoEmployee("carla", "Carla Mendes", "CASHIER", "lisboa"),
    DemoEmployee("mario", "Mário Reis", "MANAGER", "lisboa"),
    DemoEmployee("olga", "Olga Pinto", "OPERATOR", "lisboa"),
    DemoEmployee("paulo", "Paulo Dias", "CASHIER", "porto"),
    DemoEmployee("sara", "Sara Lopes", "SERVICE", None),
    DemoEmployee("rita", "Rita Nunes", "OPERATOR", None),
)
# So that they can approve at once what a colleague asks for: four eyes want an account older than a day.
HIRED_AGO = timedelta(days=30)


async def expect_filled(process: Process) -> None:
    """Raise CannotRun where a demo's members are only in part in the database."""
    if await demo.is_unfinished(process.store):
        raise CannotRun(
            "The demo's members are still being written, or their writing was interrupted: wait until selo"
            " serve --demo is up, or start it again."
        )


async def set_up_demo(process: Process, *, address: str) -> None:
    """Publish the example where there is no programme, add what is missing, and print how to sign in."""
    console = Console(highlight=False)
    try:
        # A setting named one, or somebody published their own for these members.
        process.programmes.current()
    except NothingPublished:
        await publish_file(process.programmes, PROGRAMME)
    members = await _fill_members(process)
    await process.runtime.programme_time.read(process.store)  # it is a demo's from now on
    await _add_people(process)
    sheet = _sign_in_sheet(process, members, address)
    _write(process.settings.data / "demo.json", orjson.dumps(sheet, option=orjson.OPT_INDENT_2))
    _print_sign_ins(console, process, members, address)


async def _fill_members(process: Process) -> list[DemoMember]:
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with progress_bar(*columns) as bar:
        task = bar.add_task("Two years of members", total=None)

        def show_progress(what: str, done: int, total: int) -> None:
            bar.update(task, description=f"{what} two years of members", completed=done, total=total)

        try:
            return await demo.fill_demo(
                process.store,
                published=process.programmes.current(),
                now=milliseconds(utc_now()),
                progress=show_progress,
            )
        except DatabaseInUse:
            raise CannotRun(
                "The database has members of its own: give the demo a data folder of its own with --data."
            ) from None


async def _add_people(process: Process) -> None:
    """Add the stores and the staff that are missing."""
    open_stores = {shop.code for shop in await stores.list_stores(process.store)}
    shop = catalogue_of(process.programmes.current().programme).shop
    for code, city in STORES.items():
        if code not in open_stores:
            await stores.add(process.store, code=code, name=f"{shop} {city}", now=utc_now())
    known = {record.username for record in await staff.list_staff(process.store)}
    for employee in STAFF:
        if employee.username not in known:
            await staff.add(
                process.runtime,
                username=employee.username,
                name=employee.name,
                role=employee.role,
                store_codes=() if employee.store is None else (employee.store,),
                password=_password(process, employee.username),
                setup_key=_setup_key(process, employee),
                now=utc_now() - HIRED_AGO,
            )
    await _renew_setup_keys(process)


async def _renew_setup_keys(process: Process) -> None:
    """Have each printed set-up key work for a week from now, where no second factor was enrolled yet."""
    for employee in STAFF:
        setup_key = _setup_key(process, employee)
        record = await staff.find_by_username(process.store, employee.username)
        if setup_key is not None and record is not None and record.factor is None:
            await staff.renew_setup_key(process.runtime, record, setup_key, now=utc_now())


def _password(process: Process, username: str) -> str:
    digest = hmac.digest(process.runtime.secret, f"demo:{username}".encode(), hashlib.sha256)
    return base64.b32encode(digest)[:12].decode().lower()


def _setup_key(process: Process, employee: DemoEmployee) -> str | None:
    """Return the key by which an employee of the demo enrols a second factor; None who needs none."""
    if not staff.role_needs_second_factor(process.runtime, employee.role):
        return None
    digest = hmac.digest(process.runtime.secret, f"demo set-up:{employee.username}".encode(), hashlib.sha256)
    return make_long_code(digest[:KEY_BYTES])


def _sign_in_sheet(process: Process, members: Sequence[DemoMember], address: str) -> dict[str, object]:
    return {
        "graphql": f"{address}/graphql",
        "members": [
            {"number": member.number, "email": member.email, "shows": member.shows} for member in members
        ],
        "staff": [
            {
                "username": employee.username,
                "password": _password(process, employee.username),
                "role": employee.role,
                "store": employee.store,
                "setupKey": _setup_key(process, employee),
            }
            for employee in STAFF
        ],
    }


def _write(path: Path, content: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)


def _setup_words(process: Process, employee: DemoEmployee) -> str:
    setup_key = _setup_key(process, employee)
    return "" if setup_key is None else f"  set-up key {setup_key}"


def _print_sign_ins(console: Console, process: Process, members: Sequence[DemoMember], address: str) -> None:
    """Print each sign-in on a line of its own, unwrapped, so that it can be copied."""
    lines = [
        f"Members sign in at {address}/phone; the code appears here:",
        f"  {members[0].email}",
        *(f"  {member.email}  ({member.shows})" for member in members if member.shows),
        f"Staff sign in at {address}/till, service and operators at {address}/console too:",
        *(
            f"  {employee.username}  {_password(process, employee.username)}"
            f"  ({employee.role.lower()}, {employee.store or 'console'})"
            f"{_setup_words(process, employee)}"
            for employee in STAFF
        ),
        f"All of them stand in {process.settings.data / 'demo.json'}",
    ]
    console.print("\n".join(lines), soft_wrap=True)
