"""Each alert rule fires on the series that it is for, with what it says then, and is quiet a step before: evaluated by
promtool, as Prometheus would.
"""

import json
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.test_on_call import ALERTS
from tests.test_operations import rules

AT = 80  # minutes, a sample each
Series = dict[str, str]
DOOR = 'door="webhooks",reason="BAD_SIGNATURE"'
COMMAND = "selo_database_command_seconds_bucket"
OPERATION = "selo_operation_seconds_bucket"
OF_FIND = 'command="find",le='
OF_ME = 'kind="query",root="me",le='


def steady(value: float) -> str:
    """Return a gauge that stays at a value."""
    return f"{value}x{AT}"


def growing(step: float) -> str:
    """Return a counter that grows by so much a minute."""
    return f"0+{step}x{AT}"


def since_ever(seconds: float) -> str:
    """Return an instant that is always so many seconds ago."""
    return f"{-seconds}+60x{AT}"


def latencies(name: str, labels: str, low: str, high: str, of_hundred: float) -> Series:
    """Return a histogram of which so many of a hundred a minute stay below `low`, the rest below `high`."""
    counts = {low: of_hundred, high: 100.0, "+Inf": 100.0}
    return {f'{name}{{{labels}"{bucket}"}}': growing(count) for bucket, count in counts.items()}


@dataclass(frozen=True)
class Case:
    """Series on which an alert fires, with its own labels and what it says; and series on which it does not."""

    fires: Series
    quiet: Series
    says: str
    labels: Series = field(default_factory=dict)


CASES: dict[str, Case] = {
    "SeloDown": Case(
        {'up{job="selo",instance="a"}': steady(0)},
        {'up{job="selo",instance="a"}': steady(1), 'up{job="other",instance="a"}': steady(0)},
        "a does not answer",
        {"job": "selo", "instance": "a"},
    ),
    "SeloDatabaseAway": Case(
        {'selo_database_up{instance="a"}': steady(0)},
        {'selo_database_up{instance="a"}': steady(1)},
        "a has no answer from its database",
        {"instance": "a"},
    ),
    "SeloDatabaseSlow": Case(
        latencies(COMMAND, OF_FIND, "0.25", "0.5", 80),
        latencies(COMMAND, OF_FIND, "0.25", "0.5", 96),
        "find takes more than 250 ms in one of twenty",
        {"command": "find"},
    ),
    "SeloInternalErrors": Case(
        {'selo_operations_total{root="me",outcome="INTERNAL"}': growing(1)},
        {'selo_operations_total{root="me",outcome="OK"}': growing(1)},
        "me answers INTERNAL",
        {"root": "me"},
    ),
    "SeloBusy": Case(
        {"selo_rounds_given_up_total": growing(2), "selo_decisions_total": growing(100)},
        {"selo_rounds_given_up_total": growing(1), "selo_decisions_total": growing(100)},
        "More than 1 % of what should be committed is answered BUSY",
    ),
    "SeloSlow": Case(
        latencies(OPERATION, OF_ME, "1.0", "2.5", 80),
        latencies(OPERATION, OF_ME, "1.0", "2.5", 96),
        "me takes more than a second in one of twenty",
        {"root": "me"},
    ),
    "SeloNoTurn": Case(
        {"selo_turn_ended_timestamp_seconds": since_ever(301)},
        {"selo_turn_ended_timestamp_seconds": since_ever(299)},
        "No worker has taken a turn for five minutes",
    ),
    "SeloTurnLate": Case(
        {'selo_due_oldest_seconds{queue="agenda"}': steady(901)},
        {
            'selo_due_oldest_seconds{queue="members"}': steady(900),
            'selo_due_oldest_seconds{queue="intake"}': steady(901),
        },
        "What time brought waits for more than a quarter of an hour",
    ),
    "SeloTurnFails": Case(
        {'selo_turn_work_total{what="failed"}': growing(1)},
        {'selo_turn_work_total{what="members"}': growing(1)},
        "A member or an item of the agenda could not be brought to now",
    ),
    "SeloOutboxStuck": Case(
        {'selo_due_oldest_seconds{queue="outbox_people"}': steady(601)},
        {
            'selo_due_oldest_seconds{queue="outbox_people"}': steady(600),
            'selo_due_oldest_seconds{queue="figures"}': steady(900),
        },
        "outbox_people holds what was due ten minutes ago",
        {"queue": "outbox_people"},
    ),
    "SeloSendsFail": Case(
        {'selo_sends_total{channel="push",result="retry"}': growing(1)},
        {
            'selo_sends_total{channel="push",result="retry"}': growing(1),
            'selo_sends_total{channel="push",result="sent"}': growing(1),
        },
        "Nothing goes by push: each try of the last ten minutes has failed",
        {"channel": "push"},
    ),
    "SeloParked": Case(
        {'selo_parked{queue="outbox"}': steady(1)},
        {'selo_parked{queue="outbox"}': steady(0)},
        "outbox holds what waits for a person",
        {"queue": "outbox"},
    ),
    "SeloJobsWait": Case(
        {'selo_jobs_oldest_seconds{kind="tags",state="waiting"}': steady(901)},
        {
            'selo_jobs_oldest_seconds{kind="tags",state="waiting"}': steady(900),
            'selo_jobs_oldest_seconds{kind="tags",state="running"}': steady(9000),
        },
        "A job (tags) has waited for a worker for a quarter of an hour",
        {"kind": "tags"},
    ),
    "SeloJobsFail": Case(
        {'selo_jobs{kind="backtest",state="failed"}': steady(1)},
        {
            'selo_jobs{kind="backtest",state="failed"}': steady(0),
            'selo_jobs{kind="tags",state="running"}': steady(3),
        },
        "A job (backtest) has failed within a day",
        {"kind": "backtest"},
    ),
    "SeloFiguresBehind": Case(
        {'selo_due_oldest_seconds{queue="figures"}': steady(901)},
        {
            'selo_due_oldest_seconds{queue="figures"}': steady(900),
            'selo_due_oldest_seconds{queue="sweep_ranges"}': steady(901),
        },
        "What was committed a quarter of an hour ago is not in the figures",
    ),
    "SeloLeftBehind": Case(
        {'selo_due{queue="sweep_ranges"}': steady(1)},
        {'selo_due{queue="sweep_ranges"}': steady(0), 'selo_due{queue="intake"}': steady(1)},
        "Members have not been swept since the last publish",
    ),
    "SeloFigureRowsMissing": Case(
        {"selo_figure_rows_missing_total": growing(1)},
        {"selo_figure_rows_missing_total": steady(7)},
        "Figures met a gap in a journal: rows are gone from the database",
    ),
    "SeloNotLive": Case(
        {'selo_follows_changes{instance="a"}': steady(0)},
        {'selo_follows_changes{instance="a"}': steady(1)},
        "a does not hear what others commit: sockets are late",
        {"instance": "a"},
    ),
    "SeloTasksFail": Case(
        {'selo_tasks_failed_total{task="worker"}': growing(1)},
        {'selo_tasks_failed_total{task="worker"}': growing(0.1)},
        "worker ends again and again",
        {"task": "worker"},
    ),
    "SeloClockOff": Case(
        {'selo_clock_timestamp_seconds{instance="a"}': since_ever(-6)},
        {'selo_clock_timestamp_seconds{instance="a"}': since_ever(5)},
        "The clock of a is 6 seconds away from Prometheus' own",
        {"instance": "a"},
    ),
    "SeloSignInsRefused": Case(
        {"selo_staff_sign_ins_refused_total": growing(4)},
        {"selo_staff_sign_ins_refused_total": growing(3)},
        "Somebody may be guessing passwords of staff",
    ),
    "SeloCallsRefused": Case(
        {f"selo_calls_refused_total{{{DOOR}}}": growing(0.1)},
        {
            f"selo_calls_refused_total{{{DOOR}}}": growing(0.05),
            'selo_calls_refused_total{door="webhooks",reason="UNKNOWN_SOURCE"}': growing(100),
            'selo_calls_refused_total{door="events",reason="UNKNOWN_KEY"}': growing(100),
        },
        "What shops or systems report at webhooks is refused: BAD_SIGNATURE",
        {"door": "webhooks", "reason": "BAD_SIGNATURE"},
    ),
    "SeloRatesRefused": Case(
        {'selo_rates_refused_total{rate="address"}': growing(301)},
        {'selo_rates_refused_total{rate="address"}': growing(299)},
        "Requests are refused for the rate address",
        {"rate": "address"},
    ),
}


def trials(alert: str, case: Case, severity: str) -> list[dict[str, Any]]:
    """Return a promtool test in which an alert fires, and one in which it does not."""
    firing = {
        "exp_labels": {**case.labels, "severity": severity},
        "exp_annotations": {"summary": case.says},
    }
    return [
        {
            "name": f"{alert} {word}",
            "interval": "1m",
            "input_series": [{"series": name, "values": values} for name, values in series.items()],
            "alert_rule_test": [{"eval_time": f"{AT}m", "alertname": alert, "exp_alerts": expected}],
        }
        for word, series, expected in (("fires", case.fires, [firing]), ("is quiet", case.quiet, []))
    ]


def test_every_rule_has_a_case() -> None:
    assert list(CASES) == [rule["alert"] for rule in rules()]


def test_each_alert_fires_on_what_it_is_for_and_on_nothing_less(tmp_path: Path) -> None:
    if shutil.which("promtool") is None:
        pytest.skip("promtool of Debian's package prometheus is not installed")
    severities = {rule["alert"]: rule["labels"]["severity"] for rule in rules()}
    file = tmp_path / "rules.json"  # YAML holds JSON
    tests = [each for alert, case in CASES.items() for each in trials(alert, case, severities[alert])]
    file.write_text(json.dumps({"rule_files": [str(ALERTS)], "evaluation_interval": "1m", "tests": tests}))
    done = subprocess.run(
        ["promtool", "test", "rules", str(file)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
