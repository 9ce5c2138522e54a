"""Keys: made once, private, rotated with overlap, or taken from settings."""

import resource
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import SecretStr

from api.keys import add_key, read_keys, remove_keys, retired_keys, stored_keys
from api.settings import BadSettings, Settings
from tests.servers import quick_folder, selo

NOW = datetime(2026, 3, 1, 10, tzinfo=UTC)


@pytest.fixture
def data_folder() -> Iterator[Path]:
    with quick_folder() as folder:
        yield folder


def pem() -> str:
    made = Ed25519PrivateKey.generate()
    return made.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def test_the_first_start_makes_keys_and_the_second_finds_them(data_folder: Path) -> None:
    first, second = (
        read_keys(Settings(data=data_folder), now=NOW),
        read_keys(Settings(data=data_folder), now=NOW),
    )
    assert (first.signing.kid, first.secret) == (second.signing.kid, second.secret)
    assert {path.stat().st_mode & 0o777 for path in (data_folder / "keys").iterdir()} == {0o600}


def test_a_disk_that_refuses_leaves_no_half_of_a_key(data_folder: Path) -> None:
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, limit[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            read_keys(Settings(data=data_folder), now=NOW)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert list((data_folder / "keys").iterdir()) == []
    assert len(read_keys(Settings(data=data_folder), now=NOW).secret) == 64


def test_a_secret_cut_short_is_never_used(data_folder: Path) -> None:
    read_keys(Settings(data=data_folder), now=NOW)
    (data_folder / "keys" / "secret").write_bytes(b"")
    with pytest.raises(BadSettings, match="secret is cut short"):
        read_keys(Settings(data=data_folder), now=NOW)


def test_a_rotated_key_signs_and_the_one_before_still_verifies(data_folder: Path) -> None:
    old = read_keys(Settings(data=data_folder), now=NOW).signing
    new = add_key(data_folder / "keys", now=NOW + timedelta(hours=1))
    keys = read_keys(Settings(data=data_folder), now=NOW)
    assert (keys.signing.kid, list(keys.verifying)) == (new.kid, [new.kid, old.kid])


def test_a_key_goes_once_its_successor_signed_for_a_day(data_folder: Path) -> None:
    old = add_key(data_folder, now=NOW)
    new = add_key(data_folder, now=NOW + timedelta(hours=1))
    assert retired_keys(data_folder, now=NOW + timedelta(hours=25)) == []
    assert retired_keys(data_folder, now=NOW + timedelta(hours=25, seconds=1)) == [old.kid]
    remove_keys(data_folder, [old.kid])
    assert [key.kid for key in stored_keys(data_folder)] == [new.kid]


def test_the_published_keys_hold_no_private_half(data_folder: Path) -> None:
    (published,) = [key.jwk() for key in read_keys(Settings(data=data_folder), now=NOW).verifying.values()]
    assert sorted(published) == ["alg", "crv", "kid", "kty", "use", "x"]


def test_keys_from_settings_leave_the_folder_alone(data_folder: Path) -> None:
    keys = read_keys(
        Settings(data=data_folder, token_keys=SecretStr(pem() + pem()), secret=SecretStr("s" * 32)), now=NOW
    )
    assert len(keys.verifying) == 2
    assert keys.signing.kid == next(iter(keys.verifying))
    assert list(data_folder.iterdir()) == []


@pytest.mark.parametrize("text", ["nonsense", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"])
def test_a_key_that_is_none_is_refused_in_a_sentence(data_folder: Path, text: str) -> None:
    with pytest.raises(
        BadSettings, match=r"^SELO_TOKEN_KEYS cannot be used: .* \(openssl genpkey -algorithm ed25519\)\.$"
    ):
        read_keys(Settings(data=data_folder, token_keys=SecretStr(text)), now=NOW)


def test_a_key_file_that_is_cut_short_is_named(data_folder: Path) -> None:
    add_key(data_folder, now=NOW)
    (file,) = data_folder.iterdir()
    file.write_bytes(file.read_bytes()[:60])
    with pytest.raises(BadSettings, match=f"^{file} cannot be used: it must be Ed25519 private keys in PEM"):
        stored_keys(data_folder)


def test_a_copy_of_a_key_under_a_name_of_its_own_neither_signs_nor_keeps_keys_from_going(
    data_folder: Path,
) -> None:
    old = add_key(data_folder, now=NOW)
    (file,) = data_folder.iterdir()
    (data_folder / "token-old.pem").write_bytes(file.read_bytes())
    new = add_key(data_folder, now=NOW + timedelta(hours=1))
    assert [key.kid for key in stored_keys(data_folder)] == [new.kid, old.kid]
    assert retired_keys(data_folder, now=NOW + timedelta(hours=26)) == [old.kid]
    remove_keys(data_folder, [old.kid])
    assert [key.kid for key in stored_keys(data_folder)] == [new.kid]


def test_no_two_purposes_share_a_key(data_folder: Path) -> None:
    keys = read_keys(Settings(data=data_folder), now=NOW)
    assert keys.derived("voucher") != keys.derived("contact")
    assert keys.derived("voucher") == keys.derived("voucher")


def test_selo_keys_rotate_and_list(data_folder: Path) -> None:
    selo("keys", "rotate", "--data", str(data_folder))
    selo("keys", "rotate", "--data", str(data_folder))
    done = selo("keys", "list", "--data", str(data_folder))
    assert (done.returncode, set(done.stdout.split())) == (
        0,
        {key.kid for key in stored_keys(data_folder / "keys")},
    )
    assert len(done.stdout.split()) == 2
