"""Logs: libraries log nothing below WARNING at any level, and an error is logged without its text."""

import subprocess
import sys

import orjson
import pytest

PROGRAM = """
import asyncio, logging, structlog
from api.logs import configure_logs

configure_logs(level="debug", form={form!r})
for library in ("pymongo.command", "httpx", "httpcore.http11", "uvicorn.error", "hpack.hpack", "google.auth"):
    logging.getLogger(library).debug("to ana@example.com with Bearer e30.e30.x")
    logging.getLogger(library).info("to ana@example.com with Bearer e30.e30.x")
structlog.get_logger("domain.services.runtime").debug("runtime.heard", code="123456", points=7)

def fails():
    raise ValueError("no such member: ana@example.com")

for logger in (structlog.get_logger("domain.services.ledger.turn"), logging.getLogger("uvicorn.error")):
    try:
        fails()
    except ValueError:
        logger.exception("turn.failed")

async def fails_unheard():
    fails()

async def forgets():
    asyncio.create_task(fails_unheard())
    await asyncio.sleep(0)

asyncio.run(forgets())
"""


def written(form: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM.format(form=form)], capture_output=True, text=True, check=True
    ).stderr


def test_at_debug_only_our_own_lines_are_more_and_an_error_is_its_type_and_place() -> None:
    lines = [orjson.loads(line) for line in written("json").splitlines()]
    for line in lines:
        del line["timestamp"]
    failed = {
        "event": "turn.failed",
        "level": "error",
        "error": "ValueError",
        "frames": ["<string>:16 <module>", "<string>:12 fails"],
    }
    assert lines == [
        {
            "event": "runtime.heard",
            "level": "debug",
            "logger": "domain.services.runtime",
            "code": "***",
            "points": 7,
        },
        {**failed, "logger": "domain.services.ledger.turn"},
        {**failed, "logger": "uvicorn.error"},
        {
            **failed,
            "logger": "asyncio",
            "event": "Task exception was never retrieved",
            "frames": ["<string>:21 fails_unheard", "<string>:12 fails"],
        },
    ]


@pytest.mark.parametrize("form", ["console", "json"])
def test_nobodys_contact_is_written(form: str) -> None:
    text = written(form)
    assert (text.count("\n"), "ana@" in text, "Bearer" in text) == (4, False, False)
