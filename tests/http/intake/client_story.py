"""Systems with keys in a running club: added as the shell adds them, calling over real HTTP."""

from collections.abc import Sequence
from typing import Any

from domain.services.intake import clients
from domain.services.intake.clients import IssuedKey
from tests.running_app import RunningApp

ALL_SCOPES = (
    "purchases:write",
    "refunds:write",
    "events:write",
    "members:read",
    "members:write",
    "redemptions:write",
)
ACTOR = "cli:test"


async def add_client(
    app: RunningApp,
    name: str = "web",
    *,
    source: str | None = None,
    store: str = "lisboa",
    scopes: Sequence[str] = ALL_SCOPES,
    is_test: bool = False,
    **more: Any,
) -> IssuedKey:
    """Add a system, and have the server know it."""
    issued = await clients.add(
        app.process.runtime,
        name=name,
        source=source or name,
        store=store,
        kind="test" if is_test else "live",
        scopes=scopes,
        actor=ACTOR,
        now=app.clock(),
        **more,
    )
    app.process.clients.put(issued.client)
    return issued
