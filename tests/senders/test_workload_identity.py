"""Push without a key file: a server that knows only its Firebase project uses the identity of its machine."""

import asyncio
import time
from datetime import UTC, datetime
from pathlib import Path

import httpx

from api.embedded import find_running
from domain.services.runtime import Runtime
from domain.store.connect import connect
from domain.store.document_store import DocumentStore
from domain.store.prepare import prepare
from tests.loud_runtime import LOUD, record_event, register_phone
from tests.senders.fcm import PROJECT, serving_fcm
from tests.servers import serve_selo
from tests.small_runtime import join


async def _visit(data_folder: Path) -> None:
    """Let a member with a phone come by."""
    running = find_running(data_folder)
    assert running is not None
    database = connect(running.uri, "selo")
    store = DocumentStore.of(database, embedded=True)
    await prepare(store)
    runtime, now = Runtime.for_store(store), datetime.now(UTC).replace(microsecond=0)
    await runtime.programmes.refresh()
    await join(runtime, "ana", at=now)
    await register_phone(runtime, token="phone-1", at=now)
    await record_event(runtime, "visited", at=now, place="Baixa", people=2)
    await database.close()


def test_a_server_that_knows_its_project_alone_pushes_as_the_machine_it_runs_on(tmp_path: Path) -> None:
    data_folder, programme = tmp_path / "data", tmp_path / "loud.yaml"
    programme.write_text(LOUD)
    with serving_fcm() as google:
        metadata = google.url.removeprefix("http://")
        machine = {
            "GCE_METADATA_HOST": metadata,
            "GCE_METADATA_IP": metadata,
            "CLOUDSDK_CONFIG": str(tmp_path),
        }
        project = {"SELO_FIREBASE_PROJECT": PROJECT, "SELO_FCM_URL": google.url}
        with serve_selo(
            data_folder, "--programme", str(programme), environment={**machine, **project}
        ) as served:
            assert httpx.get(f"{served.url}/ready", timeout=10).json()["parts"]["push"] == "on"
            asyncio.run(_visit(data_folder))
            give_up_at = time.monotonic() + 20
            while not google.accepted and time.monotonic() < give_up_at:
                time.sleep(0.02)
        assert google.faults == []
        assert [(seen.address, seen.message["notification"]["title"]) for seen in google.accepted] == [
            ("phone-1", "Thanks, Ana")
        ]
        assert len(google.tokens) == 1
