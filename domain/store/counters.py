"""What a process counts for whoever runs it: the database's commands, commits that were repeated, decisions,
turns, deliveries and what shops sent.

Counters of this process alone, from its start; `GET /metrics` shows them in the form of Prometheus. Labels
are of few values, and nothing in them is of a person.
"""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram
from pymongo.monitoring import (
    CommandFailedEvent,
    CommandListener,
    CommandStartedEvent,
    CommandSucceededEvent,
)

COMMAND_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
TURN_BUCKETS = (0.01, 0.1, 1.0, 5.0, 20.0, 60.0, 300.0, 1800.0)

COMMAND_SECONDS = Histogram(
    "selo_database_command_seconds",
    "How long the database took for a command, by its name; listening to changes left out.",
    ["command"],
    buckets=COMMAND_BUCKETS,
)
COMMAND_FAULTS = Counter("selo_database_command_faults", "Commands that the database refused.", ["command"])
ROUNDS_REPEATED = Counter(
    "selo_rounds_repeated", "Rounds of read, decide, commit that were run again, and why.", ["why"]
)
ROUNDS_GIVEN_UP = Counter("selo_rounds_given_up", "Requests that were answered BUSY after their last round.")
DECISIONS = Counter("selo_decisions", "Events decided and committed, by their name.", ["event"])
TURN_SECONDS = Histogram("selo_turn_seconds", "How long a turn took.", buckets=TURN_BUCKETS)
TURN_ENDED_AT = Gauge("selo_turn_ended_timestamp_seconds", "When the last turn ended well.")
TURN_WORK = Counter("selo_turn_work", "What turns did: members, rows, items, left, failed.", ["what"])
SWEEP_MEMBERS = Counter(
    "selo_sweep_members", "Members of sweeps after a publish: looked, written, failed.", ["what"]
)
DELIVERIES = Counter(
    "selo_deliveries", "Outbox rows written down after a round, by the state they came to.", ["state"]
)
SENDS = Counter(
    "selo_sends", "Messages given to senders, by channel and by what became of them.", ["channel", "result"]
)
INTAKE = Counter(
    "selo_intake", "Deliveries of shops and systems worked off, by what became of them.", ["fate"]
)
CALLS_REFUSED = Counter(
    "selo_calls_refused",
    "Calls of shops and systems that were refused before anything of them was stored, and why.",
    ["door", "reason"],
)
SIGN_INS_REFUSED = Counter(
    "selo_staff_sign_ins_refused", "Sign-ins of staff that were refused, and why.", ["why"]
)
FIGURE_ROWS_MISSING = Counter(
    "selo_figure_rows_missing", "Rows that figures could not count, since the journal has them no more."
)
FOLLOWS_CHANGES = Gauge(
    "selo_follows_changes",
    "Whether what is committed anywhere reaches this process: 1, or 0 where it is lost.",
)

# A wait for changes is no work, and its length says nothing.
WAITING = frozenset({"getMore"})


class CommandCounts(CommandListener):
    """Counts each command of a client, for some 10 microseconds each: used where metrics are asked for."""

    def started(self, event: CommandStartedEvent) -> None:
        """Count nothing: the answer says how long it took."""

    def succeeded(self, event: CommandSucceededEvent) -> None:
        """Count a command that was answered."""
        if event.command_name not in WAITING:
            COMMAND_SECONDS.labels(event.command_name).observe(event.duration_micros / 1e6)

    def failed(self, event: CommandFailedEvent) -> None:
        """Count a command that failed, whatever the fault."""
        COMMAND_FAULTS.labels(event.command_name).inc()
