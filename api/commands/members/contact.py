"""`selo contact`: what whoever runs the system does for a member who has lost every contact."""

from pathlib import Path
from typing import Annotated

import typer

from api.clock import utc_now
from api.commands.database import open_database
from api.commands.operator import operator
from api.commands.running import CannotRun, run
from api.commands.terminal.memberships import find_membership
from api.errors import NotAvailable
from api.process import Process, open_process
from api.settings.reading import read_settings
from domain.services.errors import (
    ContactOutOfReach,
    ContactTaken,
    InvalidInput,
    SignInRefused,
    TooManyRequests,
)
from domain.services.people.member_contacts import contact_service
from domain.services.people.member_contacts.contact_change import TypedCode
from domain.services.people.service_actor import ServiceActor

contact_commands = typer.Typer(help="Contacts: replace one that its member has lost.", no_args_is_help=True)


@contact_commands.callback()
def contact_options() -> None:
    """Contacts: replace one that its member has lost."""


@contact_commands.command("replace")
def replace(
    number: Annotated[str, typer.Argument(help="The membership number.")],
    contact: Annotated[str, typer.Argument(help="The new e-mail address, or phone as +351 912 345 678.")],
    reason: Annotated[str, typer.Option(help="Why, and how you know who they are; kept in the audit trail.")],
    data: Annotated[Path | None, typer.Option(help="The data folder.")] = None,
) -> None:
    """Give a member a new contact in place of a lost one. A code is sent there, and asked for here. The lost
    one stops at once, and every session ends.
    """

    async def work() -> None:
        settings = read_settings(data=data)
        async with (
            open_database(settings) as database,
            open_process(settings, database) as process,
        ):
            try:
                await _replace(process, number, contact, reason)
            except ContactTaken:
                raise CannotRun("Another membership has this contact.") from None
            except SignInRefused:
                raise CannotRun("The code is wrong or has run out. Nothing was changed.") from None
            except (InvalidInput, ContactOutOfReach, NotAvailable) as refused:
                raise CannotRun(str(refused)) from None
            except TooManyRequests as refused:
                raise CannotRun(f"Too many codes were sent: try again in {refused.retry_after} s.") from None

    run(work())


async def _replace(process: Process, number: str, contact: str, reason: str) -> None:
    runtime, actor = process.runtime, ServiceActor(operator(), "OPERATOR")
    stored_member = await find_membership(process, number)
    member, locale = stored_member.member.id, stored_member.details.locale
    sent = await contact_service.request_code(
        runtime, actor=actor, member=member, contact=contact, locale=locale, now=utc_now()
    )
    code = typer.prompt("The six digits that were sent there, as the member tells them")
    await contact_service.replace(
        runtime,
        actor=actor,
        member=member,
        contact=contact,
        typed=TypedCode(code, sent.challenge),
        reason=reason,
        now=utc_now(),
    )
    print(f"{number} signs in by the new contact now; the lost one stops, and every session has ended")
