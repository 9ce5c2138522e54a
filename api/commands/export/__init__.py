"""`selo export`: what other systems take from here, in memory that does not grow."""

import typer

from api.commands.export import fiscal, member, series

export_commands = typer.Typer(
    help="What other systems take from here: members, entries, purchases, events, fiscal; what a person asks"
    " for: member.",
    no_args_is_help=True,
)
export_commands.command("fiscal")(fiscal.export_fiscal)
export_commands.command("member")(member.export_member)
export_commands.command("members")(series.export_members)
export_commands.command("entries")(series.export_entries)
export_commands.command("purchases")(series.export_purchases)
export_commands.command("events")(series.export_events)
