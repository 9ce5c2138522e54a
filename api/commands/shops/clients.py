"""`selo client`: keys for systems that report or ask by themselves: add, list, change, rotate, revoke."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal

import typer

from api.clock import utc_now
from api.commands.database import open_database
from api.commands.operator import operator
from api.commands.running import CannotRun, run
from api.commands.terminal.instants import read_day
from api.process import Process, open_process
from api.settings.reading import read_settings
from domain.model.calendar import start_of
from domain.model.intake.client_keys import SCOPES
from domain.services.errors import InvalidInput
from domain.services.intake import clients
from domain.services.intake.clients import IssuedKey
from domain.store.intake.clients import StoredClient

KeepHours = Literal["0", "1", "24", "168"]

client = typer.Typer(
    help="Keys for systems: shops, newsletters, apps that report by themselves.", no_args_is_help=True
)

DataOption = Annotated[Path | None, typer.Option("--data", help="The data folder.")]
Name = Annotated[str, typer.Argument(help="The system's name, as the audit trail shows it.")]
ScopesOption = Annotated[
    str | None, typer.Option(help=f"What its keys may do, with commas between: {','.join(SCOPES)}.")
]
AddressOption = Annotated[
    list[str] | None,
    typer.Option("--address", help="An address or network that its keys come from; again for another."),
]
RequestsOption = Annotated[int | None, typer.Option(help="Requests a minute, in each server.")]
PurchasesOption = Annotated[int | None, typer.Option(help="Purchases and events a day.")]
VouchersOption = Annotated[int | None, typer.Option(help="Vouchers used and rewards redeemed a day.")]
LookUpsOption = Annotated[int | None, typer.Option(help="Members looked up a day.")]
RefundedOption = Annotated[int | None, typer.Option(help="What it may refund a day, in minor units.")]
AdjustedOption = Annotated[
    int | None, typer.Option(help="What its events may move a day: points and minor units together.")
]
ReceiptOption = Annotated[int | None, typer.Option(help="The highest total of a receipt, in minor units.")]


@client.command()
def add(
    name: Name,
    source: Annotated[str, typer.Option(help="As what it reports: part of each receipt's identity.")],
    store: Annotated[str, typer.Option(help="The store whose receipts they are: selo store list.")],
    scopes: ScopesOption = None,
    expires: Annotated[
        str | None, typer.Option(help="The last day on which it works: 2027-12-31; without it there is none.")
    ] = None,
    is_test: Annotated[bool, typer.Option("--test", help="A selo_test_ key, which only quotes.")] = False,
    address: AddressOption = None,
    requests_per_minute: RequestsOption = None,
    purchases_per_day: PurchasesOption = None,
    vouchers_per_day: VouchersOption = None,
    look_ups_per_day: LookUpsOption = None,
    refunded_per_day: RefundedOption = None,
    adjusted_per_day: AdjustedOption = None,
    receipt_maximum: ReceiptOption = None,
    data_folder: DataOption = None,
) -> None:
    """Add a system and print its first key. It is shown this once."""

    async def work() -> IssuedKey:
        async with _open(data_folder) as process:
            return await clients.add(
                process.runtime,
                name=name,
                source=source,
                store=store,
                kind="test" if is_test else "live",
                scopes=_words(scopes) or (),
                addresses=address or (),
                expires_at=None if expires is None else _end_of_day(process, expires),
                bounds={
                    "requests_per_minute": requests_per_minute,
                    "purchases": purchases_per_day,
                    "vouchers": vouchers_per_day,
                    "look_ups": look_ups_per_day,
                    "refunded": refunded_per_day,
                    "adjusted": adjusted_per_day,
                    "receipt_total": receipt_maximum,
                },
                actor=operator(),
                now=utc_now(),
            )

    _print_key(run(work()))


@client.command("list")
def list_clients(data_folder: DataOption = None) -> None:
    """List systems: name, source, store, state, scopes, and each key with when it was last used."""

    async def work() -> list[StoredClient]:
        async with _open(data_folder) as process:
            return await clients.find_all(process.runtime)

    for each in run(work()):
        print("\n".join(_lines(each, now=utc_now())))


@client.command()
def change(
    name: Name,
    scopes: ScopesOption = None,
    address: AddressOption = None,
    any_address: Annotated[bool, typer.Option("--any-address", help="Its keys come from anywhere.")] = False,
    requests_per_minute: RequestsOption = None,
    purchases_per_day: PurchasesOption = None,
    vouchers_per_day: VouchersOption = None,
    look_ups_per_day: LookUpsOption = None,
    refunded_per_day: RefundedOption = None,
    adjusted_per_day: AdjustedOption = None,
    receipt_maximum: ReceiptOption = None,
    data_folder: DataOption = None,
) -> None:
    """Change what a system's keys may do; what is not named stays."""

    async def work() -> StoredClient:
        async with _open(data_folder) as process:
            return await clients.change(
                process.runtime,
                name,
                scopes=_words(scopes),
                addresses=() if any_address else address,
                bounds={
                    "requests_per_minute": requests_per_minute,
                    "purchases": purchases_per_day,
                    "vouchers": vouchers_per_day,
                    "look_ups": look_ups_per_day,
                    "refunded": refunded_per_day,
                    "adjusted": adjusted_per_day,
                    "receipt_total": receipt_maximum,
                },
                actor=operator(),
                now=utc_now(),
            )

    print("\n".join(_lines(run(work()), now=utc_now())))


@client.command()
def rotate(
    name: Name,
    keep: Annotated[KeepHours, typer.Option(help="For how many hours the key before it still works.")] = "24",
    data_folder: DataOption = None,
) -> None:
    """Print a new key of a system. The one before it ends after 0, 1, 24 or 168 hours."""

    async def work() -> IssuedKey:
        async with _open(data_folder) as process:
            return await clients.rotate(
                process.runtime,
                name,
                overlap=timedelta(hours=int(keep)),
                actor=operator(),
                now=utc_now(),
            )

    _print_key(run(work()))


@client.command()
def revoke(name: Name, data_folder: DataOption = None) -> None:
    """End all keys of a system, at once and for good."""

    async def work() -> StoredClient:
        async with _open(data_folder) as process:
            return await clients.revoke(process.runtime, name, actor=operator(), now=utc_now())

    print(f"{run(work()).name} is shut out")


@asynccontextmanager
async def _open(data_folder: Path | None) -> AsyncIterator[Process]:
    """Open a process for one command; a refused input becomes a sentence."""
    settings = read_settings(data=data_folder)
    async with open_database(settings) as database, open_process(settings, database) as process:
        try:
            yield process
        except InvalidInput as refused:
            raise CannotRun(refused.message) from None


def _words(text: str | None) -> Sequence[str] | None:
    return None if text is None else [word.strip() for word in text.split(",") if word.strip()]


def _end_of_day(process: Process, text: str) -> datetime:
    """Return when a day of the programme's zone ends. Raises CannotRun where it is none."""
    day = read_day("--expires", text) + timedelta(days=1)
    return start_of(day, process.runtime.programme.zone)


def _print_key(issued: IssuedKey) -> None:
    print(f"key: {issued.key}")
    print(f"signing secret: {issued.signing_secret}")
    print("Both are shown this once. Send the key as Authorization: Bearer KEY; or sign events with the")
    print(f"secret (Standard Webhooks) and post them to /events?client={issued.client.name}")


def _lines(shown: StoredClient, *, now: datetime) -> list[str]:
    live = shown.live_keys(now)
    state = "revoked" if shown.revoked_at else "live" if shown.is_live(now) else "expired"
    bounds = shown.bounds
    lines = [
        f"{shown.name}\t{shown.source}\t{shown.store}\t{shown.kind}\t{state}\t{','.join(shown.scopes)}",
        f"  a minute {bounds.requests_per_minute} requests; a day {bounds.purchases} purchases and events,"
        f" {bounds.vouchers} vouchers, {bounds.look_ups} look-ups, {bounds.refunded} refunded,"
        f" {bounds.adjusted} moved by events; a receipt {bounds.receipt_total}"
        + (f"; from {', '.join(shown.addresses)}" if shown.addresses else "")
        + (f"; until {shown.expires_at:%Y-%m-%dT%H:%M:%SZ}" if shown.expires_at else ""),
    ]
    for key in shown.keys:
        used = shown.used.get(key.id)
        ends = f", ends {key.ends_at:%Y-%m-%dT%H:%M:%SZ}" if key.ends_at else ""
        lines.append(
            f"  key {key.id}\t{'live' if key in live else 'ended'}{ends}\tsince"
            f" {key.created_at:%Y-%m-%dT%H:%M:%SZ} by {key.created_by}\tlast used "
            + (f"{used:%Y-%m-%dT%H:%M:%SZ}" if used else "never")
        )
    return lines
