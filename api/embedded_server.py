"""The process of the embedded database. `embedded.py` starts it and speaks to it over the wire.

It gives the database its one user before it listens, so there is no moment in which anybody without the
password reads or writes, not even in a folder from before there were passwords. The first line of standard
input is the password: an environment or a command line could be read by others.
"""

import logging
import signal
import sys
from types import FrameType

from secantus import SecantusDBServer
from secantus.auth import derive_credentials

HOST = "127.0.0.1"
USER_DATABASE = "admin"
ROLES = ("readWriteAnyDatabase", "dbAdminAnyDatabase", "clusterMonitor")
# The least that a driver accepts. Iterations slow down guesses, and nobody guesses 256 random bits.
ITERATIONS = 4096


def main() -> None:
    """Serve the data folder until SIGTERM: `embedded_server.py STORAGE PORT USER`, the password on stdin."""
    storage_path, port, user = sys.argv[1:]
    password = sys.stdin.readline().rstrip("\n")
    logging.basicConfig(level="INFO", format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    server = SecantusDBServer(
        host=HOST,
        port=int(port),
        storage_path=storage_path,
        require_auth=True,
        enable_test_commands=False,
        sync_on_commit=True,
    )
    admit_only(server, user, password)

    def stop(_signal_number: int, _frame: FrameType | None) -> None:
        server.stop()
        sys.exit(0)

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    server.start()
    server.wait()


def admit_only(server: SecantusDBServer, user: str, password: str) -> None:
    """Make this user, with this password, the only one: a stranger may have left others in an open folder."""
    while others := [
        record
        for record in server.storage.list_users(limit=1000)
        if (record["db"], record["user"]) != (USER_DATABASE, user)
    ]:
        for record in others:
            server.storage.drop_user(record["db"], record["user"])
    record = {
        "_id": f"{USER_DATABASE}.{user}",
        "user": user,
        "db": USER_DATABASE,
        "credentials": derive_credentials(password, iterations=ITERATIONS).to_doc(),
        "roles": [{"role": role, "db": USER_DATABASE} for role in ROLES],
        "mechanisms": ["SCRAM-SHA-256"],
    }
    server.storage.add_user(USER_DATABASE, user, record, replace=True)


if __name__ == "__main__":
    main()
