"""`selo import stores` and `selo import staff`: where members are served, and by whom."""

import csv
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, get_args

import typer

from api.clock import utc_now
from api.commands.database import open_database
from api.commands.operator import operator
from api.commands.people import ROLES, RoleWord
from api.commands.running import CannotRun, run
from api.commands.terminal.files import read_text
from api.private_files import open_private
from api.process import Process, open_process
from api.settings.reading import read_settings
from domain.services.errors import InvalidInput
from domain.services.people import staff, stores

PASSWORD_BYTES = 12
STORE_COLUMNS = ("code", "name")
STAFF_COLUMNS = ("username", "name", "role", "stores", "email", "phone")
SECRET_COLUMNS = ("username", "password", "setup_key")

FileArgument = Annotated[Path, typer.Argument(help="A CSV file with a header, in UTF-8.")]
Apply = Annotated[bool, typer.Option("--apply", help="Write them; without it nothing is written.")]
Data = Annotated[Path | None, typer.Option(help="The data folder.")]
Row = dict[str, str]


def import_stores(file: FileArgument, apply: Apply = False, data: Data = None) -> None:
    """Open stores from a CSV of code and name. Those that there are stay as they are."""

    async def work() -> tuple[int, int]:
        rows, settings = _read_rows(file, STORE_COLUMNS, needed=STORE_COLUMNS), read_settings(data=data)
        async with (
            open_database(settings, may_create=True) as database,
            open_process(settings, database) as process,
        ):
            known = {each.code for each in await stores.list_stores(process.store)}
            new = [(line, row) for line, row in rows if row["code"] not in known]
            for line, row in new if apply else ():
                try:
                    await stores.add(process.store, code=row["code"], name=row["name"], now=utc_now())
                except InvalidInput as refusal:
                    raise CannotRun(f"{file}, line {line}: {refusal.field}: {refusal.message}") from None
            return len(new), len(rows) - len(new)

    _tell("stores", *run(work()), applied=apply)


def import_staff(
    file: FileArgument,
    out: Annotated[
        Path, typer.Option(help="Where passwords and set-up keys are written, for their owners alone.")
    ],
    apply: Apply = False,
    data: Data = None,
) -> None:
    """Put staff on the list from a CSV of username, name, role, stores (joined by spaces; none: all), email
    and phone. Passwords are made up and written to --out, this once. Who is on the list stays as they are.
    """
    if out.exists():
        raise CannotRun(f"{out} is there already: name another file, so that no password is lost.")

    async def work() -> tuple[int, int]:
        rows, settings = _read_rows(file, STAFF_COLUMNS, needed=STAFF_COLUMNS[:2]), read_settings(data=data)
        for line, row in rows:
            if row["role"] and row["role"] not in get_args(RoleWord):
                raise CannotRun(f"{file}, line {line}: role: write one of {', '.join(get_args(RoleWord))}.")
        async with (
            open_database(settings, may_create=True) as database,
            open_process(settings, database) as process,
        ):
            known = {each.username for each in await staff.list_staff(process.store)}
            new = [(line, row) for line, row in rows if staff.normal_username(row["username"]) not in known]
            if apply and new:
                await _add_staff(process, file, out, new)
            return len(new), len(rows) - len(new)

    _tell("staff", *run(work()), applied=apply)


async def _add_staff(process: Process, file: Path, out: Path, rows: Sequence[tuple[int, Row]]) -> None:
    """Add staff, and write each one's secrets as soon as they are on the list."""
    with open_private(out) as opened:
        writer = csv.writer(opened, lineterminator="\n")
        writer.writerow(SECRET_COLUMNS)
        for line, row in rows:
            role, password = ROLES[row["role"] or "cashier"], secrets.token_urlsafe(PASSWORD_BYTES)  # type: ignore[index]
            needs_factor = staff.role_needs_second_factor(process.runtime, role)
            setup_key = staff.new_setup_key() if needs_factor else None
            try:
                added = await staff.add(
                    process.runtime,
                    username=row["username"],
                    name=row["name"],
                    role=role,
                    store_codes=tuple(row["stores"].split()),
                    password=password,
                    email=row["email"] or None,
                    phone=row["phone"] or None,
                    setup_key=setup_key,
                    actor=operator(),
                    now=utc_now(),
                )
            except InvalidInput as refusal:
                raise CannotRun(f"{file}, line {line}: {refusal.field}: {refusal.message}") from None
            writer.writerow([added.username, password, setup_key or ""])
            opened.flush()


def _read_rows(file: Path, columns: Sequence[str], *, needed: Sequence[str]) -> list[tuple[int, Row]]:
    """Return the rows of a CSV with their lines. Raises CannotRun where a column is unknown, or a needed one
    missing or empty, or a row has more cells than there are columns.
    """
    rows = csv.DictReader(read_text(file).removeprefix("\ufeff").splitlines(), restval="")
    header = [name.strip().lower() for name in rows.fieldnames or ()]
    if unknown := [name for name in header if name not in columns]:
        raise CannotRun(f"{file} has a column {unknown[0]!r}; its columns are {', '.join(columns)}.")
    rows.fieldnames = header
    read_rows = []
    for row in rows:
        if row.get(None):  # where DictReader puts what no column is for
            raise CannotRun(
                f"{file}, line {rows.line_num}: it has more cells than the header; write a comma inside a"
                ' cell as "Rua Augusta 12, Lisboa".'
            )
        cells = {name: (row.get(name) or "").strip() for name in columns}
        for name in needed:
            if not cells[name]:
                raise CannotRun(f"{file}, line {rows.line_num}: {name} is missing.")
        read_rows.append((rows.line_num, cells))
    return read_rows


def _tell(what: str, new: int, known: int, *, applied: bool) -> None:
    print(f"{new} {what} {'are new' if applied else 'would be new'}, {known} were here already")
    if new and not applied:
        print("Nothing was written: repeat it with --apply.")
