"""`scripts/setup` keeps our byte code compiled, so that no start compiles."""

import os
import sys
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType

import pytest

from tests.servers import ROOT


@pytest.fixture
def setup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """`scripts/setup` for a folder of two modules."""
    spec = spec_from_loader("setup_script", SourceFileLoader("setup_script", str(ROOT / "scripts" / "setup")))
    assert spec is not None, "a file can be loaded"
    assert spec.loader is not None, "by the loader that was given"
    script = module_from_spec(spec)
    spec.loader.exec_module(script)
    for name in ("api", "domain"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "rooms.py").write_text("ROOMS = 1\n")
    monkeypatch.setattr(script, "ROOT", str(tmp_path))
    monkeypatch.setattr(script, "VENV", str(tmp_path))
    monkeypatch.setattr(script, "PYTHON", sys.executable)
    monkeypatch.delenv("PYTHONPYCACHEPREFIX", raising=False)
    return script


def compiled(folder: Path) -> list[int]:
    """The times at which the byte code that a folder keeps was written."""
    return [path.stat().st_mtime_ns for path in sorted(folder.rglob("*.pyc"))]


def test_our_modules_are_compiled_whatever_the_shell_says_of_keeping_byte_code(
    setup: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    setup.compile_sources()
    assert len(compiled(tmp_path)) == 2


def test_only_what_changed_is_compiled_again(setup: ModuleType, tmp_path: Path) -> None:
    setup.compile_sources()
    api, domain = compiled(tmp_path)
    setup.compile_sources()
    assert compiled(tmp_path) == [api, domain]
    changed = tmp_path / "domain" / "rooms.py"
    changed.write_text("ROOMS = 2\n")
    os.utime(changed, (2_000_000_000, 2_000_000_000))
    setup.compile_sources()
    api_after, domain_after = compiled(tmp_path)
    assert api_after == api
    assert domain_after > domain


def test_a_folder_that_cannot_be_written_is_told_and_stops_nothing(
    setup: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(setup, "VENV", str(tmp_path / "not" / "there"))
    setup.compile_sources()
    assert "The byte code cannot be kept" in capfd.readouterr().err
