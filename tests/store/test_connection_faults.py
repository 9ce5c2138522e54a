"""Why a database is not reached is a sentence: TLS, names, replica sets, files and options; no word of a password."""

import asyncio
import gc
import socket
import ssl
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pymongo.errors import ConfigurationError

from domain.store.connect import Unreachable, connect
from domain.store.connection_faults import explain_fault
from tests.standalone_mongodb import standalone_mongodb

UNTRUSTED = (
    "no authority that this machine trusts has signed its TLS certificate; tlsCAFile names another one"
)
NO_FILE = "that tlsCAFile or tlsCertificateKeyFile names in MONGODB_URI"
ESCAPES = "in its user or password an @ is written %40, a : %3A, a / %2F and a % %25"


class Certificate:
    """A certificate that signs itself, and its key, as files."""

    def __init__(self, folder: Path, *, name: x509.GeneralName, ends: timedelta = timedelta(days=1)) -> None:
        key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a database")])
        made = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(key.public_key())
            .serial_number(1)
            .not_valid_before(now - timedelta(days=9))
            .not_valid_after(now + ends)
            .add_extension(x509.SubjectAlternativeName([name]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        self.path, key_path = folder / "certificate.pem", folder / "key.pem"
        self.path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
        key_path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        self.context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.context.load_cert_chain(self.path, key_path)


HERE, ELSEWHERE = x509.IPAddress(ip_address("127.0.0.1")), x509.DNSName("elsewhere.example")


async def reason(uri: str, *, seconds: float = 2) -> str | None:
    """Return why a database is not reached."""
    database = connect(uri, "selo", timeout_seconds=seconds)
    try:
        with pytest.raises(Unreachable) as unreachable:
            await database.ping()
    finally:
        await database.close()
        with warnings.catch_warnings():  # the driver does not close the socket of a failed handshake
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()
    return unreachable.value.reason


def refusal(uri: str) -> str:
    """Return why an address is not used."""
    with pytest.raises(Unreachable) as unreachable:
        connect(uri, "selo")
    return str(unreachable.value)


@pytest.fixture
def silent_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield int(listener.getsockname()[1])


async def test_tls_is_told_apart(tmp_path: Path) -> None:
    certificate = Certificate(tmp_path, name=HERE)
    async with standalone_mongodb(certificate.context) as uri:
        database = connect(f"{uri}&tls=true&tlsCAFile={certificate.path}", "selo", timeout_seconds=20)
        await database.ping()
        await database.close()
        assert await reason(f"{uri}&tls=true") == UNTRUSTED
        assert await reason(uri) == (
            "it ends each connection; it may want TLS (tls) or a certificate (tlsCertificateKeyFile)"
        )


async def test_a_server_without_tls_is_told_apart() -> None:
    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"what is this?\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    assert await reason(f"mongodb://127.0.0.1:{port}/?tls=true") == (
        "it does not speak TLS, and MONGODB_URI asks for it (tls)"
    )
    server.close()


@pytest.mark.parametrize(
    ("name", "ends", "told"),
    [
        (ELSEWHERE, 1, "its TLS certificate is for another name than the one in MONGODB_URI"),
        (HERE, -1, "its TLS certificate has expired"),
    ],
)
async def test_a_certificate_that_does_not_hold(
    tmp_path: Path, name: x509.GeneralName, ends: int, told: str
) -> None:
    certificate = Certificate(tmp_path, name=name, ends=timedelta(days=ends))
    async with standalone_mongodb(certificate.context) as uri:
        assert await reason(f"{uri}&tls=true&tlsCAFile={certificate.path}") == told


async def test_another_replica_set_is_named(database_uri: str) -> None:
    host = database_uri.partition("/?")[0]
    assert await reason(f"{host}/?directConnection=true&replicaSet=rs0") == (
        "it is of the replica set secantus, and MONGODB_URI asks for rs0 (replicaSet)"
    )
    assert await reason(f"{host}/?replicaSet=rs0") == (
        "no server there is of the replica set rs0 that MONGODB_URI asks for (replicaSet)"
    )


async def test_nobody_there(silent_port: int) -> None:
    assert await reason("mongodb://u:hush@127.0.0.1:9/") == "nothing listens at 127.0.0.1:9"
    assert await reason("mongodb://nowhere.invalid/") == "the name of nowhere.invalid:27017 is not known"
    assert await reason(f"mongodb://127.0.0.1:{silent_port}/", seconds=0.5) is None


def test_a_name_without_an_srv_record() -> None:
    # The driver's own words, since tests ask no DNS.
    fault = ConfigurationError("The DNS query name does not exist: _mongodb._tcp.nowhere.invalid.")
    assert explain_fault(fault) == "DNS has no SRV record for the name behind mongodb+srv://"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (
            "tls=true&tlsCAFile=/nowhere.pem",
            f"The file /nowhere.pem {NO_FILE} cannot be read: No such file or directory.",
        ),
        (
            f"tls=true&tlsCAFile={__file__}",
            f"The file {NO_FILE} holds no such PEM.",
        ),
        (
            "tlsCAfil=x",
            "MONGODB_URI holds an option that does not exist, or does not fit; look at tlscafile, tlscrlfile, tlscertificatekeyfile.",
        ),
        (
            "directConnection=perhaps",
            "MONGODB_URI holds an option that does not exist, or does not fit; look at directconnection.",
        ),
    ],
)
def test_an_option_or_its_file_that_is_no_good(options: str, sentence: str) -> None:
    assert refusal(f"mongodb://u:hush@127.0.0.1:9/?{options}") == sentence


@pytest.mark.parametrize(
    "uri",
    [
        "mongodb://u:pa@hush@127.0.0.1:9/",
        "mongodb://u:pa/hush@127.0.0.1:9/",
        "mongodb://u:12?hush@127.0.0.1:9/",
        "mongodb://u:pa:hush@127.0.0.1:9/",
        "mongodb://u:pa%hush@127.0.0.1:9/",
        "postgres://u:hush@127.0.0.1/",
    ],
)
def test_an_address_that_is_none_says_how_it_is_written_and_not_what_it_holds(uri: str) -> None:
    said = refusal(uri)
    assert said.endswith(f"{ESCAPES}.")
    assert "hush" not in said


def test_an_srv_address_names_no_port() -> None:
    assert refusal("mongodb+srv://cluster.example.net:27017/") == (
        "MONGODB_URI cannot be used: an address that begins with mongodb+srv:// names no port."
    )
