"""What an export has written so far, beside its files: a run that was cut off goes on after it."""

from dataclasses import field
from pathlib import Path
from typing import Any

import orjson

from api.commands.export.writing import unfinished_file
from api.commands.running import CannotRun
from domain.model.ledger.events import Json
from domain.model.values import dataclass


@dataclass(slots=True)
class Manifest:
    """The parts of an export in its folder: `options` are what they were asked by, `is_done` whether all are
    written. A part without rows has no file.
    """

    path: Path
    options: dict[str, Json]
    parts: list[dict[str, Any]] = field(default_factory=list)
    is_done: bool = False

    def add(self, part: dict[str, Any]) -> None:
        """Note a part whose file is whole."""
        self.parts.append(part)
        self.write()

    def finish(self) -> None:
        """Note that every part is written."""
        self.is_done = True
        self.write()

    def write(self) -> None:
        """Write the manifest whole."""
        content = {**self.options, "done": self.is_done, "parts": self.parts}
        with unfinished_file(self.path) as unfinished:
            unfinished.write_bytes(orjson.dumps(content))


def unfinished_days(folder: Path, of: str) -> tuple[str, str] | None:
    """Return the days of an export that was cut off in a folder; None where none was."""
    try:
        stored = orjson.loads((folder / f"{of}.json").read_bytes())
        return None if stored["done"] else (stored["from"], stored["to"])
    except (OSError, ValueError, KeyError, TypeError):
        return None  # `begin` says what is wrong with it


def begin(folder: Path, options: dict[str, Json]) -> Manifest:
    """Return the manifest of a run: that of one with the same options that was cut off, with the parts whose
    files stand, else a new one. Raises CannotRun where another export was cut off there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    manifest = Manifest(folder / f"{options['of']}.json", options)
    if not manifest.path.exists():
        manifest.write()
        return manifest
    try:
        stored = orjson.loads(manifest.path.read_bytes())
        is_done, parts = stored.pop("done"), stored.pop("parts")
    except (ValueError, KeyError, AttributeError):
        raise CannotRun(f"{manifest.path} is no export's: name another folder with --out.") from None
    if not is_done and stored != options:
        raise CannotRun(
            f"{manifest.path} is of an export that was cut off and had other options: run that one again,"
            " name another folder, or remove the file."
        )
    if not is_done:
        for part in parts:
            if part["file"] is not None and not (folder / part["file"]).exists():
                break
            manifest.parts.append(part)
    manifest.write()
    return manifest
