"""Records every command that is sent to the database: counts them exactly, and finds the shapes that do not scale.

It reports what the embedded server answers with a scan and a sharded cluster with a broadcast: a filter of
alternatives, a find-and-modify, a hint, a skip, a count or a newest-by-sort of a growing collection, a filter
with which no index begins.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from pymongo.monitoring import CommandFailedEvent, CommandListener, CommandStartedEvent, CommandSucceededEvent

from domain.store.connect import Database

Document = Mapping[str, Any]

GROWING = frozenset(
    {
        *(
            "members",
            "contacts",
            "journal",
            "receipts",
            "requests",
            "vouchers",
            "voucher_codes",
            "outbox",
            "inbox",
            "agenda",
        ),
        *("sessions", "sign_in_codes", "devices", "card_steps", "audit"),
    }
)
UPKEEP = frozenset(
    {
        "ping",
        "saslStart",
        "saslContinue",
        "hello",
        "endSessions",
        "killCursors",
        "listIndexes",
        "listCollections",
        "createIndexes",
        "create",
        "dropDatabase",
    }
)
ALTERNATIVES = ("$and", "$or", "$nor", "$expr")


@dataclass(frozen=True, slots=True)
class Command:
    """One command as it was sent; a bulk write over several collections is one command with many filters."""

    name: str
    body: Document
    filters: tuple[tuple[str, Document], ...]  # collection, filter

    def __str__(self) -> str:
        return f"{self.name}({', '.join(dict.fromkeys(collection for collection, _ in self.filters)) or self.body.get(self.name)})"


@dataclass(slots=True)
class SentCommands:
    """The commands that were sent while a block ran, without upkeep."""

    commands: list[Command] = field(default_factory=list)

    @property
    def names(self) -> list[str]:
        return [command.name for command in self.commands]

    def __len__(self) -> int:
        return len(self.commands)


class CommandLog(CommandListener):
    """Records every command: hand it to `connect(..., listeners=[command_log])`."""

    def __init__(self) -> None:
        self.commands: list[Command] = []

    def started(self, event: CommandStartedEvent) -> None:
        body = dict(event.command)
        self.commands.append(
            Command(name=event.command_name, body=body, filters=tuple(_filters(event.command_name, body)))
        )

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Ignore it: the command itself is what is judged."""

    def failed(self, event: CommandFailedEvent) -> None:
        """Ignore it: the command itself is what is judged."""

    @contextmanager
    def counting(self) -> Iterator[SentCommands]:
        """Count what the block sends: `with command_log.counting() as counted: ...; assert counted.names ==
        ["find"]`.
        """
        counted, begun = SentCommands(), len(self.commands)
        try:
            yield counted
        finally:
            counted.commands.extend(
                command for command in self.commands[begun:] if command.name not in UPKEEP
            )

    @property
    def streams(self) -> int:
        """How many change streams were opened."""
        return sum(
            command.name == "aggregate" and "$changeStream" in command.body["pipeline"][0]
            for command in self.commands
        )

    async def faults(self, database: Database) -> list[str]:
        """Every forbidden shape sent so far, each once, in a sentence."""
        index_prefixes: dict[str, set[str]] = {}
        for name in {collection for command in self.commands for collection, _ in command.filters} & GROWING:
            index_prefixes[name] = {
                next(iter(index["key"])) async for index in await database.mongo[name].list_indexes()
            } | {"_id"}
        faults = [
            f"{command}: {fault}" for command in self.commands for fault in _faults(command, index_prefixes)
        ]
        return list(dict.fromkeys(faults))


def _filters(name: str, body: Document) -> Iterator[tuple[str, Document]]:
    """Which documents of which collection the command asks for."""
    match name:
        case "find" | "distinct" | "count" | "findAndModify":
            yield body[name], body.get("filter") or body.get("query") or {}
        case "update" | "delete":
            for each in body.get(f"{name}s", ()):
                yield body[name], each["q"]
        case "aggregate" if isinstance(body[name], str):
            first: Document = body["pipeline"][0] if body["pipeline"] else {}
            if "$changeStream" not in first:
                yield body[name], first.get("$match", {})
        case "bulkWrite":
            collections = [space["ns"].partition(".")[2] for space in body["nsInfo"]]
            for each in body["ops"]:
                if "filter" in each:
                    yield collections[each.get("update", each.get("delete"))], each["filter"]


def _faults(command: Command, index_prefixes: Mapping[str, set[str]]) -> Iterator[str]:
    body = command.body
    if command.name == "findAndModify":
        yield "findAndModify scans; read by _id, then update with a guard"
    stages: Sequence[Document] = body["pipeline"] if command.name == "aggregate" else ()
    if body.get("skip") or any("$skip" in stage for stage in stages):
        yield "skip reads what it leaves out; page by a window on a counter"
    if body.get("hint") or any(
        "hint" in each for each in (*body.get("updates", ()), *body.get("deletes", ()))
    ):
        yield "a hint hides that the filter does not fit its index"
    for collection, criteria in command.filters:
        for word in ALTERNATIVES:
            if word in criteria:
                yield f"{word} at the top of a filter of {collection}; one plain dict"
        if collection not in GROWING:
            continue
        if command.name in ("count", "distinct") or any(_counts(stage) for stage in stages):
            yield f"counts {collection}; keep a counter where it is written"
        if not index_prefixes[collection] & criteria.keys():
            yield (
                f"no index of {collection} begins with a field of its filter"
                f" ({', '.join(criteria) or 'an empty one'})"
            )
        order = body.get("sort") or next((stage["$sort"] for stage in stages if "$sort" in stage), None)
        limited = body.get("limit") or any("$limit" in stage for stage in stages)
        if order and limited and not _bounded(criteria.get(next(iter(order)))):
            yield f"sorts {collection} and cuts; a window bounded on both sides reads only what it shows"


def _counts(stage: Document) -> bool:
    """Whether an aggregation stage reduces its input to one figure; count_documents groups by a constant."""
    return (
        "$count" in stage
        or "$sortByCount" in stage
        or ("$group" in stage and not isinstance(stage["$group"]["_id"], (str, Mapping)))
    )


def _bounded(condition: object) -> bool:
    """Whether a condition on the sorted field leaves only a window: an equality, a list, or a range with two
    ends.
    """
    if not isinstance(condition, Mapping):
        return condition is not None
    return (
        "$in" in condition
        or "$eq" in condition
        or (bool(condition.keys() & {"$gt", "$gte"}) and bool(condition.keys() & {"$lt", "$lte"}))
    )
