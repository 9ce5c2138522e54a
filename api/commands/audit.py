"""`selo audit list`: what staff did, for whoever holds the data folder."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from api.commands.database import open_database
from api.commands.running import CannotRun, run
from api.commands.terminal.instants import read_instant
from api.process import open_process
from api.settings.reading import read_settings
from domain.services.people import staff
from domain.store import audit
from domain.store.audit import STAFF_ACTIONS, AuditAct
from domain.store.look_ups import find_look_ups
from domain.store.people import contacts

audit_commands = typer.Typer(help="What staff and commands did: list.", no_args_is_help=True)


@audit_commands.command("list")
def list_acts(
    since: Annotated[
        str | None,
        typer.Option(help="From this instant on, such as 2026-03-01T00:00:00Z; a week ago without it."),
    ] = None,
    until: Annotated[str | None, typer.Option(help="Up to this instant; now without it.")] = None,
    store: Annotated[str | None, typer.Option(help="Only what was done in this store.")] = None,
    member: Annotated[str | None, typer.Option(help="Only what was done to this membership number.")] = None,
    look_ups: Annotated[
        bool, typer.Option("--look-ups", help="Whom staff looked up, in place of what was done.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many, the newest.")] = 200,
    data: Annotated[Path | None, typer.Option(help="The data folder.")] = None,
) -> None:
    """List what was done, newest first. When, who, what, where, to whom, on what, how much, balances before
    and after, why, request.
    """

    async def work() -> None:
        last, first = read_instant("--until", until), read_instant("--since", since)
        settings = read_settings(data=data)
        async with open_database(settings) as database, open_process(settings, database) as process:
            end = last or process.programme_clock()
            begin = first or end - timedelta(days=7)
            member_id = None
            if member is not None:
                member_id = await contacts.find_member(
                    process.store, contacts.number_key(member.replace(" ", ""))
                )
                if member_id is None:
                    raise CannotRun(f"No membership has the number {member}.")
            known = {one.id: one.username for one in await staff.list_staff(process.store)}
            find = find_look_ups if look_ups else audit.find_between
            acts = await find(process.store, since=begin, until=end, store_code=store, member=member_id)
            for act in acts[:limit]:
                print("\t".join(_columns(act, known)))

    run(work())


def _columns(act: AuditAct, known: Mapping[str, str]) -> list[str]:
    balances = [f"{code} {amount}>{act.after.get(code, 0)}" for code, amount in act.before.items()]
    who = [
        f"{act.at:%Y-%m-%dT%H:%M:%SZ}",
        known.get(act.actor, act.actor),
        act.action,
        act.store or "-",
        act.member or "-",
    ]
    subject = known.get(act.subject, act.subject) if act.action in STAFF_ACTIONS else act.subject
    return [*who, subject, str(act.amount), ", ".join(balances) or "-", act.reason or "-", act.request or "-"]
