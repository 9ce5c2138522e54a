"""`selo erase` beside a running server, and a cold copy of the data folder from before that erases again."""

import asyncio
import shutil
from pathlib import Path

from api.commands.database import open_server_database
from api.process import open_process
from api.settings import Settings
from domain.store.people import contacts
from tests.browser.club_server import ClubServer, serve_club
from tests.commands.test_contact import ANA, ENROL, sign_in
from tests.servers import quick_folder, selo, serve_selo
from tests.small_runtime import NOW, NUMISCOLLECT, SMALL
from tests.small_runtime import join as join_by_service

NUMBER = "1234567890"
LOOK = "{ me { number } }"


def join(club: ClubServer) -> tuple[str, str]:
    """Enrol somebody; return their number and their access token."""
    application = {"name": "Ana", "email": ANA, "termsVersion": "2026-01", "idempotencyKey": "k" * 16}
    enrolled = club.do(ENROL, {"i": application})["enrol"]
    token = str(sign_in(club, ANA, enrolmentToken=enrolled["enrolmentToken"])["accessToken"])
    return club.do(LOOK, token=token)["me"]["number"], token


def test_a_person_is_erased_beside_the_server_and_enrols_anew_as_nobody_known() -> None:
    with serve_club(NUMISCOLLECT.read_text(encoding="utf-8")) as club:
        number, token = join(club)
        place = ("--data", str(club.data_folder))
        assert "No membership has the number 1." in selo("erase", "1", "--reason", "letter", *place).stderr
        assert "--reason is empty" in selo("erase", number, "--reason", " ", *place).stderr
        erased = selo("erase", number, "--reason", "letter of 3 May", *place)
        assert (erased.returncode, erased.stdout.startswith(f"{number} is erased: ")) == (0, True), (
            erased.stderr
        )
        answer = club.client.post(
            "/graphql", json={"query": LOOK}, headers={"authorization": f"Bearer {token}"}
        ).json()
        assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
        assert sign_in(club, ANA)["__typename"] == "NotEnrolled"
        assert selo("verify", *place).stdout == "1 members: no difference\n"
        application = {"name": "Ana", "email": ANA, "termsVersion": "2026-01", "idempotencyKey": "m" * 16}
        enrolled = club.do(ENROL, {"i": application})["enrol"]
        joined = sign_in(club, ANA, enrolmentToken=enrolled["enrolmentToken"])
        assert joined["member"] != {"number": number, "email": ANA}
        assert selo("verify", *place).stdout == "2 members: no difference\n"
        assert "No membership has" in selo("erase", number, "--reason", "letter", *place).stderr


async def fill(data_folder: Path) -> None:
    """Make a data folder with one member, and leave it cold."""
    settings = Settings(data=data_folder)
    async with open_server_database(settings) as database, open_process(settings, database) as process:
        await process.programmes.publish(SMALL, now=NOW)
        await join_by_service(process.runtime, "ana")
        await process.store.transact([contacts.take_write(f"number:{NUMBER}", "ana")])


def test_a_cold_copy_of_the_data_folder_from_before_erases_again_at_its_start() -> None:
    with quick_folder() as folder:
        data_folder, copy, place = folder / "data", folder / "copy", ("--data", str(folder / "data"))
        asyncio.run(fill(data_folder))
        shutil.copytree(data_folder, copy)
        assert selo("erase", NUMBER, "--reason", "letter", *place).returncode == 0
        assert "No membership has" in look_at(data_folder)
        shutil.rmtree(data_folder)
        shutil.copytree(copy, data_folder)
        assert '"Ana"' in look_at(data_folder)
        with serve_selo(data_folder) as served:
            assert "No membership has" in look_at(data_folder)
            assert served.stop() == 0
        assert selo("erasures", "replay", *place).stdout == "0 members erased again\n"
        shutil.rmtree(data_folder)
        shutil.copytree(copy, data_folder)
        assert selo("erasures", "replay", *place).stdout == "1 members erased again\n"
        assert selo("verify", *place).stdout == "1 members: no difference\n"


def look_at(data_folder: Path) -> str:
    """What a command says of the member."""
    done = selo("export", "member", NUMBER, "--reason", "look", "--data", str(data_folder))
    return done.stdout or done.stderr
