"""What Selo is handed in for real: image, compose file, proxy and units. No engine runs them here, so each part
is tried by other means: what the image holds serves, and commands and settings are those that there are.
"""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import httpx
import pytest
from ruamel.yaml import YAML

from api.cli import COMMANDS
from api.settings.reading import variables
from tests.servers import ROOT, serve_selo

SCRIPTS = ROOT / "scripts"
STEPS = [
    line.replace("\\\n", " ").split(maxsplit=1)
    for line in re.split(r"(?<!\\)\n", (SCRIPTS / "containers" / "Containerfile").read_text(encoding="utf-8"))
    if line and not line.startswith("#")
]
COMPOSE: dict[str, Any] = YAML(typ="safe").load((SCRIPTS / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"] == "selo"}
UNITS = sorted((SCRIPTS / "operations").glob("*.service"))


def test_what_the_image_holds_serves_and_writes_to_its_data_alone(tmp_path: Path) -> None:
    root, data_folder = tmp_path / "image", tmp_path / "data"
    copied = [words.split() for step, words in STEPS if step == "COPY" and not words.startswith("--")]
    for source, target in copied:
        to = root / (target if target != "./" else source)
        to.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, to, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / source, to)
    before = sorted(root.rglob("*"))
    environment = dict(re.findall(r"(\w+)=(\S+)", next(words for step, words in STEPS if step == "ENV")))
    assert environment.keys() - {"PYTHONPATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"} <= set(
        variables()
    )
    ours = {**environment, "PYTHONPATH": str(root), "SELO_DATA": str(data_folder), "SELO_HOST": "127.0.0.1"}
    words = ("--programme", str(root / "scripts/demo/programmes/cafe.yaml"))
    with serve_selo(data_folder, *words, environment=ours, root=root) as served:
        assert httpx.get(f"{served.url}/ready").status_code == 200
        check = OURS["api-1"]["healthcheck"]["test"]
        assert check[0] == "CMD"
        code = check[-1].replace("http://127.0.0.1:8000", served.url)
        assert code != check[-1]
        assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0
        assert served.stop() == 0
    assert sorted(root.rglob("*")) == before
    assert [step for step, _ in STEPS][-3:] == ["EXPOSE", "ENTRYPOINT", "CMD"]
    assert json.loads(STEPS[-2][1])[1:] == ["-m", "api.cli"]
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert {f"!{source}" for source, _ in copied} == {one for one in ignored if one.startswith("!")}


def test_compose_names_commands_and_settings_that_there_are() -> None:
    assert {service["command"][0] for service in OURS.values()} == {"serve", "worker", "migrate", "--help"}
    [owned] = [words.split()[-1] for step, words in STEPS if step == "RUN" and "install -d" in words]
    for name, service in OURS.items():
        assert service["environment"].keys() <= set(variables()), name
        # What every process shares beside the database lies where the image lets it write.
        assert service["volumes"] == [f"selo:{owned}"], name
        for setting in ("SELO_ARCHIVE", "SELO_ERASURES_FILE"):
            assert Path(service["environment"][setting]).parent == Path(owned), name
    assert "selo" in COMPOSE["volumes"]
    secrets = subprocess.run(
        [SCRIPTS / "containers" / "make-env"], check=True, capture_output=True, text=True, timeout=60
    ).stdout
    made = set(re.findall(r"^(\w+)=", secrets, flags=re.MULTILINE))
    needed = set(re.findall(r"\$\{(\w+):\?", (SCRIPTS / "compose.yaml").read_text(encoding="utf-8")))
    assert made == needed
    assert "BEGIN PRIVATE KEY" in secrets


def test_what_faces_the_outside_is_locked_and_the_database_is_not_reached() -> None:
    for name, service in {**OURS, "proxy": SERVICES["proxy"]}.items():
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]
    [subnet] = COMPOSE["networks"]["inside"]["ipam"]["config"]
    assert json.loads(OURS["api-1"]["environment"]["SELO_TRUSTED_PROXIES"]) == [subnet["subnet"]]
    upstreams = re.findall(r"server ([\w-]+):8000;", (SCRIPTS / "containers" / "nginx.conf").read_text())
    assert upstreams == [name for name, service in OURS.items() if service["command"] == ["serve"]]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: str(unit.stem))
def test_a_unit_runs_a_command_that_there_is(unit: Path) -> None:
    text = unit.read_text(encoding="utf-8")
    [command] = re.findall(r"^ExecStart=/opt/selo/\.venv/bin/python -m api\.cli (\w+)$", text, re.MULTILINE)
    assert command in COMMANDS
    assert set(re.findall(r"\b(SELO_\w+)=", text)) <= set(variables())
    assert "ProtectSystem=strict" in text


def test_an_installed_selo_finds_the_demo_that_travels_along(tmp_path: Path) -> None:
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    for source, target in {**{name: name for name in wheel["packages"]}, **wheel["force-include"]}.items():
        shutil.copytree(ROOT / source, tmp_path / target, ignore=shutil.ignore_patterns("__pycache__"))
    code = "from api.settings.demo_folder import PICTURES, PROGRAMME; print(PROGRAMME.is_file(), PICTURES.is_dir(), PROGRAMME)"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
        cwd=tmp_path.parent,
        env={"PYTHONPATH": str(tmp_path)},
    )
    assert done.stdout.split() == [
        "True",
        "True",
        str(tmp_path / "api" / "demo" / "programmes" / "numiscollect.yaml"),
    ]
