"""`selo staff`, `selo store` and `selo token`: staff, stores, and a short-lived access token for whoever can
read the keys.
"""

import getpass
import secrets
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Literal

import typer

from api.clock import utc_now
from api.commands.database import open_database
from api.commands.operator import operator
from api.commands.running import CannotRun, run
from api.commands.terminal.memberships import find_membership
from api.process import Process, open_process
from api.settings.reading import read_settings
from domain.model.people.second_factor import SETUP_KEY_LIFE
from domain.services.errors import InvalidInput
from domain.services.four_eyes import own_memberships
from domain.services.people import sessions, staff, stores
from domain.services.people.sessions import OpenedSession
from domain.store.people.sessions import StaffRole
from domain.store.people.staff import Employee
from domain.store.people.stores import CONSOLE

staff_commands = typer.Typer(
    help="Staff: add, list, disable, enable, password, second-factor.", no_args_is_help=True
)
store_commands = typer.Typer(help="Stores: add, list.", no_args_is_help=True)

DataOption = Annotated[Path | None, typer.Option(help="The data folder.")]


RoleWord = Literal["cashier", "manager", "operator", "service", "analyst"]
ROLES: Mapping[RoleWord, StaffRole] = {
    "cashier": "CASHIER",
    "manager": "MANAGER",
    "operator": "OPERATOR",
    "service": "SERVICE",
    "analyst": "ANALYST",
}


@staff_commands.command("add")
def add_staff(
    username: Annotated[str, typer.Argument(help="What they sign in with.")],
    name: Annotated[str, typer.Option(help="Their name.")],
    role: Annotated[RoleWord, typer.Option(help="What they may do.")] = "cashier",
    store: Annotated[
        list[str] | None, typer.Option(help="A store they may sign in at; again for another; none: all.")
    ] = None,
    member: Annotated[
        str | None, typer.Option(help="Their own membership number: they cannot serve it.")
    ] = None,
    email: Annotated[
        str | None, typer.Option(help="Their e-mail address: a membership that has it is their own.")
    ] = None,
    phone: Annotated[
        str | None,
        typer.Option(help="Their phone, as +351 912 345 678: a membership that has it is their own."),
    ] = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input.")
    ] = False,
    data: DataOption = None,
) -> None:
    """Put somebody on the list. The password is asked for, or made up and printed where nobody can be
    asked. Whoever needs a second factor also gets a set-up key, printed once, to enrol it at the first
    sign-in.
    """
    password, is_generated = _password(from_stdin=password_stdin)

    async def work() -> None:
        async with _open_process(data, may_create=True) as process:
            needs_factor = staff.role_needs_second_factor(process.runtime, ROLES[role])
            setup_key = staff.new_setup_key() if needs_factor else None
            added = await staff.add(
                process.runtime,
                username=username,
                name=name,
                role=ROLES[role],
                store_codes=tuple(store or ()),
                password=password,
                member_number=member,
                email=email,
                phone=phone,
                setup_key=setup_key,
                actor=operator(),
                now=utc_now(),
            )
        print(f"{added.username} is on the list{f'; password: {password}' if is_generated else ''}")
        if setup_key is not None:
            _print_setup_key(setup_key)

    run(work())


@staff_commands.command("list")
def list_staff(data: DataOption = None) -> None:
    """List everybody: username, role, stores, name."""

    async def work() -> None:
        async with _open_process(data) as process:
            for each in await staff.list_staff(process.store):
                print(
                    "\t".join(
                        [
                            each.username,
                            each.role.lower(),
                            ",".join(each.stores) or "all",
                            each.name,
                            *_state(each),
                        ]
                    )
                )

    run(work())


@staff_commands.command()
def disable(
    username: Annotated[str, typer.Argument(help="Whom to shut out.")], data: DataOption = None
) -> None:
    """Shut somebody out and end their sessions."""

    async def work() -> None:
        async with _open_process(data) as process:
            ended = await staff.disable(process.runtime, username, actor=operator(), now=utc_now())
        print(f"{username} is shut out; {ended} sessions ended")

    run(work())


@staff_commands.command()
def enable(
    username: Annotated[str, typer.Argument(help="Whom to let in again.")], data: DataOption = None
) -> None:
    """Let in again who was shut out. With the password they had."""

    async def work() -> None:
        async with _open_process(data) as process:
            done = await staff.enable(process.runtime, username, actor=operator(), now=utc_now())
        print(f"{username} can sign in again" if done else f"{username} was not shut out")

    run(work())


@staff_commands.command("password")
def change_password(
    username: Annotated[str, typer.Argument(help="Whose password.")],
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input.")
    ] = False,
    data: DataOption = None,
) -> None:
    """Give somebody another password and end their sessions. It is asked for, or made up and printed where
    nobody can be asked.
    """
    password, is_generated = _password(from_stdin=password_stdin)

    async def work() -> None:
        async with _open_process(data) as process:
            ended = await staff.change_password(
                process.runtime, username, password, actor=operator(), now=utc_now()
            )
        shown = f": {password}" if is_generated else ""
        print(f"{username} has another password{shown}; {ended} sessions ended")

    run(work())


@staff_commands.command("second-factor")
def reset_second_factor(
    username: Annotated[str, typer.Argument(help="Whose second factor.")], data: DataOption = None
) -> None:
    """Take somebody's second factor away, end their sessions, and print a set-up key for another one. Also
    for who has none yet, and for the last operator who lost their phone.
    """

    async def work() -> None:
        async with _open_process(data) as process:
            setup_key = staff.new_setup_key()
            ended = await staff.reset_second_factor(
                process.runtime, username, setup_key, actor=operator(), now=utc_now()
            )
        print(f"{username} enrols a second factor at the next sign-in; {ended} sessions ended")
        _print_setup_key(setup_key)

    run(work())


@store_commands.command("add")
def add_store(
    code: Annotated[str, typer.Argument(help="Its code, as the programme file and receipts name it.")],
    name: Annotated[str, typer.Option(help="Its name.")],
    data: DataOption = None,
) -> None:
    """Open a store."""

    async def work() -> None:
        async with _open_process(data, may_create=True) as process:
            shop = await stores.add(process.store, code=code, name=name, now=utc_now())
        print(f"{shop.code} is open")

    run(work())


@store_commands.command("list")
def list_stores(data: DataOption = None) -> None:
    """List the stores: code, name."""

    async def work() -> None:
        async with _open_process(data) as process:
            for shop in await stores.list_stores(process.store):
                print(f"{shop.code}\t{shop.name}")

    run(work())


def token(
    member: Annotated[str | None, typer.Option(help="A membership number.")] = None,
    username: Annotated[str | None, typer.Option("--staff", help="A username.")] = None,
    store: Annotated[
        str | None,
        typer.Option(help="The store of the shift, or @console; by default the first one they may work in."),
    ] = None,
    data: DataOption = None,
) -> None:
    """Print an access token. Short-lived, of a member or an employee, for whoever can read the keys that
    sign.
    """

    async def work() -> None:
        if (member is None) == (username is None):
            raise CannotRun("Name one of --member NUMBER and --staff USERNAME.")
        async with _open_process(data) as process:
            if member is not None:
                print(await _member_token(process, member))
            elif username is not None:
                print(await _staff_token(process, username, store))

    run(work())


@asynccontextmanager
async def _open_process(data_folder: Path | None, *, may_create: bool = False) -> AsyncIterator[Process]:
    """Open a process for one command; a refused input becomes a sentence."""
    settings = read_settings(data=data_folder)
    async with (
        open_database(settings, may_create=may_create) as database,
        open_process(settings, database) as process,
    ):
        try:
            yield process
        except InvalidInput as refused:
            raise CannotRun(refused.message) from None


async def _member_token(process: Process, number: str) -> str:
    member_id = (await find_membership(process, number)).member.id
    opened = await _open(process, sessions.new_session(process.runtime, "member", member_id, now=utc_now()))
    return process.tokens.access(
        subject=member_id, role="member", session=opened.session.id, until=opened.session.expires_at
    ).token


async def _staff_token(process: Process, username: str, store: str | None) -> str:
    employee = await staff.find_by_username(process.store, username)
    if employee is None or employee.disabled_at is not None:
        raise CannotRun(
            f"There is nobody called {username}." if employee is None else f"{username} is disabled."
        )
    is_named = store == CONSOLE.code and employee.role in staff.CONSOLE_ROLES
    if is_named or (store is None and employee.role not in staff.TILL_ROLES):
        return await _shift_token(process, employee, CONSOLE.code)
    open_stores = [
        shop.code for shop in await stores.list_stores(process.store) if employee.works_in(shop.code)
    ]
    if not open_stores or (store is not None and store not in open_stores):
        raise CannotRun(f"{username} cannot sign in at {store or 'any store: add one with selo store add'}.")
    return await _shift_token(process, employee, store or open_stores[0])


async def _shift_token(process: Process, employee: Employee, store_code: str) -> str:
    own_members = await own_memberships.find_own_memberships(process.store, employee)
    opened = await _open(
        process,
        sessions.new_session(
            process.runtime,
            "staff",
            employee.id,
            now=utc_now(),
            role=employee.role,
            store=store_code,
            own_members=own_members,
        ),
    )
    return process.tokens.access(
        subject=employee.id,
        role=employee.role.lower(),
        session=opened.session.id,
        store=store_code,
        own_members=own_members,
        until=opened.session.expires_at,
    ).token


async def _open(process: Process, opened: OpenedSession) -> OpenedSession:
    """Open a session like any other, so that signing out and disabling end the token too."""
    await sessions.open_session(process.runtime, opened)
    return opened


def _password(*, from_stdin: bool) -> tuple[str, bool]:
    """Return a password, and whether it is generated and has to be printed."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n"), False
    if sys.stdin.isatty():
        return getpass.getpass("Password: "), False
    return secrets.token_urlsafe(12), True


def _print_setup_key(setup_key: str) -> None:
    print(f"set-up key for the second factor: {setup_key}")
    print(f"It works once, for {SETUP_KEY_LIFE.days} days, and is shown this once: give it to them apart.")


def _state(employee: Employee) -> list[str]:
    factor = ["second factor"] if employee.factor else ["set-up key"] if employee.setup_key else []
    return factor + ([] if employee.disabled_at is None else ["disabled"])
