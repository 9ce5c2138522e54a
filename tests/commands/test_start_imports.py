"""A start imports what every server needs; what only some need is imported where there is something to do."""

import tempfile
from pathlib import Path

from api.embedded import read_note
from tests.servers import READY, ROOT, quick_folder, run_until_ready, serve_selo

PROGRAMME = ROOT / "scripts" / "demo" / "programmes" / "numiscollect.yaml"
# For contacts, text messages, e-mail, push, pictures of codes, schedules, the check of a file, the demo, and
# the embedded database.
NOT_AT_A_START = {
    "PIL",
    "aiosmtplib",
    "croniter",
    "domain.model.programme.check",
    "domain.model.simulate",
    "email_validator",
    "firebase_admin",
    "httpx",
    "opentelemetry",
    "phonenumbers",
    "qrcode",
    "rich.console",
    "scripts",
    "secantus",
}


def imported_at_a_start(data_folder: Path, environment: dict[str, str]) -> set[str]:
    """The modules that a server imports until it is ready, as Python tells them, and their packages."""
    command = ("serve", "--port", "0", "--data", str(data_folder))
    with (
        tempfile.TemporaryFile("w+") as faults,
        run_until_ready(
            *command, faults=faults, environment={**environment, "PYTHONPROFILEIMPORTTIME": "1"}
        ) as process,
    ):
        assert process.stdout is not None, "stdout is a pipe"
        assert any(line.startswith(READY) for line in process.stdout)
        process.terminate()
        process.wait(20)
        faults.seek(0)
        return {line.rpartition("|")[2].strip() for line in faults if line.startswith("import time:")}


def test_a_start_over_a_running_database_imports_what_every_server_needs() -> None:
    with quick_folder() as folder, serve_selo(folder, "--programme", str(PROGRAMME)):
        running = read_note(folder)
        assert running is not None, "a server has the folder open"
        (token_key,) = (folder / "keys").glob("token-*.pem")
        imported = imported_at_a_start(
            folder / "second",
            {
                "MONGODB_URI": running.uri,
                "SELO_SECRET": (folder / "keys" / "secret").read_text(),
                "SELO_TOKEN_KEYS": token_key.read_text(),
            },
        )
    assert {"api.app", "strawberry", "pymongo", "domain.model.programme.models"} <= imported
    assert imported & NOT_AT_A_START == set()
