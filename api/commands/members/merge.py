"""`selo merge`: one person's two memberships become one, or two again within a day."""

import secrets
from pathlib import Path
from typing import Annotated

import typer

from api.clock import utc_now
from api.commands.database import open_database
from api.commands.operator import operator
from api.commands.running import CannotRun, run
from api.process import Process, open_process
from api.settings.reading import read_settings
from api.texts import say
from domain.model.ledger.decision import MergeRefused
from domain.services.errors import InvalidInput
from domain.services.merging import merge as merging
from domain.services.merging import undo as undoing
from domain.services.people.service_actor import ServiceActor
from domain.store.people import contacts
from domain.store.requests import RequestKey, request_key


def merge(
    number: Annotated[str, typer.Argument(help="The number of the membership to close.")],
    into: Annotated[
        str | None, typer.Argument(help="The number of the membership that takes it over.")
    ] = None,
    reason: Annotated[
        str, typer.Option(help="Why, and how you know that both are theirs; kept in the audit trail.")
    ] = "",
    undo: Annotated[bool, typer.Option("--undo", help="Open the closed membership again.")] = False,
    data: Annotated[Path | None, typer.Option(help="The data folder.")] = None,
) -> None:
    """Merge a membership into another one of the same person: points with their days, tier, badges, contacts,
    number and card. With --undo take a merge of the last day back.
    """

    async def work() -> None:
        settings = read_settings(data=data)
        async with open_database(settings) as database, open_process(settings, database) as process:
            try:
                if undo:
                    await _undo(process, number, reason)
                else:
                    await _merge(process, number, into, reason)
            except MergeRefused as refused:
                raise CannotRun(say(f"merge.{refused.reason}", "en")) from None
            except InvalidInput as refused:
                raise CannotRun(str(refused)) from None

    if (into is None) != undo:
        raise typer.BadParameter("Name two memberships to merge, or one to undo.")
    run(work())


async def _merge(process: Process, number: str, into: str | None, reason: str) -> None:
    source, taking = await _find(process, number), await _find(process, into or "")
    result = await merging.merge(
        process.runtime,
        actor=ServiceActor(operator(), "OPERATOR"),
        source=source,
        into=taking,
        reason=reason,
        request=_request("merge", source),
        now=utc_now(),
    )
    member = result.member_view.member
    print(f"{result.closed_number} is closed; {member.number} holds all of it:")
    for spec in process.runtime.programme.shown_wallets:
        if (held := member.wallets.get(spec.code)) is not None:
            print(f"{spec.code}\t{held.balance}")


async def _undo(process: Process, number: str, reason: str) -> None:
    plain = number.replace(" ", "")
    await _find(process, plain)
    result = await undoing.undo_merge(
        process.runtime,
        actor=ServiceActor(operator(), "OPERATOR"),
        source=await undoing.find_closed(process.runtime, number=plain),
        reason=reason,
        request=_request("undo", number),
        now=utc_now(),
    )
    print(f"{result.reopened.member.number} is open again, beside {result.member_view.member.number}")


def _request(operation: str, subject: str) -> RequestKey:
    return request_key(
        scope="shell", key=secrets.token_hex(16), operation=operation, request_input={"of": subject}
    )


async def _find(process: Process, number: str) -> str:
    """Return the member whose number it is. Raises CannotRun."""
    member_id = await contacts.find_member(process.store, contacts.number_key(number.replace(" ", "")))
    if member_id is None:
        raise CannotRun(f"No membership has the number {number}.")
    return member_id
