"""Each fault of the on-call game is seen by the alert that OPERATIONS.md names: real processes are scraped, and the real
rules are evaluated by promtool over what was scraped, as it would go on.
"""

import json
import shutil
import subprocess
import time
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.on_call_scene import FAULTS, MEMBERS, Fault, Part, Scene, open_scene
from tests.servers import ROOT, SHARED_KEYS, selo

ALERTS = ROOT / "scripts" / "operations" / "alerts.yaml"
PAGE = (ROOT / "scripts" / "OPERATIONS.md").read_text(encoding="utf-8")
MINUTES = 20
SCRAPES_APART = 2.0
YEAR = 365 * 86_400.0
Samples = dict[str, float]
# What a log says of a fault, where the alert alone could have another cause.
LOG_SAYS = {
    "stale member": ("server", "member.always_stale"),
    "secret changed": ("server", "is of another secret"),
}


def scrape(part: Part) -> Samples:
    """Return every sample of a process by its series, and `up`; instants count from the scrape."""
    text, labels = part.scrape(), f'job="selo",instance="{part.name}"'
    if text is None:
        return {f"up{{{labels}}}": 0.0}
    samples = {f"up{{{labels}}}": 1.0}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            own = "".join(f',{name}="{value}"' for name, value in sample.labels.items())
            is_instant = "timestamp_seconds" in sample.name
            samples[f"{sample.name}{{{labels}{own}}}"] = sample.value - time.time() * is_instant
    return samples


def series(first: Samples, second: Samples) -> list[dict[str, str]]:
    """Return how each sample would go on for `MINUTES` at the pace between two scrapes, a step a minute."""
    rows = []
    for name, value in second.items():
        is_counter = name.partition("{")[0].endswith(("_total", "_bucket", "_count", "_sum"))
        step = (value - first.get(name, 0.0)) if is_counter else 0.0
        if (
            name.startswith(("selo_clock_timestamp_seconds", "selo_turn_ended_timestamp_seconds"))
            and value > -YEAR
        ):
            step = 60.0  # a clock goes on, and so do turns where there was one
        rows.append({"series": name, "values": f"{value}{step:+}x{MINUTES}"})
    return rows


def firing(scene: Scene, folder: Path, fault: Fault) -> set[str]:
    """Return the alerts that would fire: rules that promtool finds as expected are those, the rest are told in its output."""
    first = [scrape(part) for part in scene.parts]
    bought = [scene.buy(member) for member in MEMBERS * 2]
    assert any(bought) or fault.name == "secret changed"
    time.sleep(SCRAPES_APART)
    second = [scrape(part) for part in scene.parts]
    rows = [row for before, after in zip(first, second, strict=True) for row in series(before, after)]
    names = [line.split(": ")[1] for line in ALERTS.read_text().splitlines() if "- alert:" in line]
    expected = [{"eval_time": f"{MINUTES}m", "alertname": name, "exp_alerts": []} for name in names]
    tests = {
        "rule_files": [str(ALERTS)],
        "evaluation_interval": "1m",
        "tests": [{"interval": "1m", "input_series": rows, "alert_rule_test": expected}],
    }
    file = folder / "rules.json"  # YAML holds JSON
    file.write_text(json.dumps(tests))
    done = subprocess.run(
        ["promtool", "test", "rules", str(file)], capture_output=True, text=True, check=False
    )
    said = done.stdout + done.stderr
    assert "FAILED" in said or done.returncode == 0, said
    return {name for name in names if f"alertname: {name}," in said or f'alertname="{name}"' in said}


def test_the_rules_are_what_prometheus_takes() -> None:
    if shutil.which("promtool") is None:
        pytest.skip("promtool of Debian's package prometheus is not installed")
    done = subprocess.run(
        ["promtool", "check", "rules", str(ALERTS)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_fires_the_alert_that_the_page_names(fault: Fault, tmp_path: Path) -> None:
    if shutil.which("promtool") is None:
        pytest.skip("promtool of Debian's package prometheus is not installed")
    with open_scene() as scene:
        for member in MEMBERS:
            assert scene.buy(member)
        fault.inject(scene)
        for _ in range(4):
            scene.buy("ana")
        assert fault.alert in firing(scene, tmp_path, fault)
        if fault.name == "outbox stuck":
            listed = selo(
                "outbox", "list", "--state", "pending", environment={**SHARED_KEYS, "MONGODB_URI": scene.uri}
            )
            assert "HTTP 503" in listed.stdout, listed
        logs = {part.name: part.log.read_text() for part in scene.parts}
    assert f"### {fault.alert}\n" in PAGE
    if fault.name in LOG_SAYS:
        name, words = LOG_SAYS[fault.name]
        assert words in logs[name], logs[name]


def test_nothing_fires_where_nothing_is_wrong(tmp_path: Path) -> None:
    if shutil.which("promtool") is None:
        pytest.skip("promtool of Debian's package prometheus is not installed")
    with open_scene() as scene:
        for member in MEMBERS:
            assert scene.buy(member)
        assert firing(scene, tmp_path, FAULTS[0]) - {"SeloDatabaseSlow", "SeloSlow"} == set()
