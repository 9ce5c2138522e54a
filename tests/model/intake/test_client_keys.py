"""A key reads only as it was made, and says its id before anything is looked up."""

from datetime import UTC, datetime, timedelta

import pytest

from domain.model.intake.client_keys import (
    ClientKey,
    PresentedKey,
    is_from,
    is_key,
    new_key,
    read_key,
    signing_secret,
)

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def read(text: str) -> PresentedKey:
    presented = read_key(text)
    assert presented is not None
    return presented


def test_a_key_reads_as_it_was_made_and_no_sign_of_it_may_change() -> None:
    live, test = new_key("live"), new_key("test")
    assert (live[:10], test[:10], len(live), len(test)) == ("selo_live_", "selo_test_", 71, 71)
    assert (read(live).kind, read(test).kind, read(live).id) == ("live", "test", live[10:22])
    for place in range(len(live)):
        other = "b" if live[place] != "b" else "c"
        assert read_key(live[:place] + other + live[place + 1 :]) is None, place
    for text in ("", "selo_live_", live[:-1], live + "0", f" {live}", live.upper(), "x" * 10_000):
        assert read_key(text) is None
    assert len({new_key("live")[10:22] for _ in range(200)}) == 200


def test_a_key_is_the_one_whose_hash_is_kept_until_it_ends() -> None:
    first, second = read(new_key("live")), read(new_key("live"))
    kept_key = ClientKey(first.id, first.hashed, NOW, "cli:test", NOW + timedelta(hours=1))
    assert is_key(first, kept_key)
    assert not is_key(second, kept_key)
    assert not is_key(first, None)
    assert [kept_key.is_live(NOW + timedelta(minutes=minutes)) for minutes in (0, 59, 60)] == [
        True,
        True,
        False,
    ]


def test_a_signing_secret_is_of_one_key_and_one_server() -> None:
    keys = [
        ClientKey(read(text).id, read(text).hashed, NOW, "") for text in (new_key("live"), new_key("live"))
    ]
    secrets = {signing_secret(server, key) for server in (b"a", b"b") for key in keys}
    assert len(secrets) == 4
    assert all(secret.startswith("whsec_") and len(secret) == 50 for secret in secrets)


@pytest.mark.parametrize(
    ("address", "networks", "is_admitted"),
    [
        ("203.0.113.7", (), True),
        ("unknown", (), True),
        ("unknown", ("203.0.113.0/24",), False),
        ("203.0.113.7", ("203.0.113.0/24",), True),
        ("::ffff:203.0.113.7", ("203.0.113.0/24",), True),
        ("203.0.114.7", ("203.0.113.0/24", "2001:db8::/32"), False),
        ("2001:db8::1", ("203.0.113.0/24", "2001:db8::/32"), True),
    ],
)
def test_a_key_comes_from_its_networks(address: str, networks: tuple[str, ...], is_admitted: bool) -> None:
    assert is_from(address, networks) is is_admitted
