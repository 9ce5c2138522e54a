"""Access tokens: ours are accepted for their purpose while they last; every forgery is refused."""

import base64
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

import jwt
import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from api.caller import Anonymous, MemberCaller, StaffCaller
from api.http.callers import Callers
from api.keys import Keys, TokenKey
from api.tokens import Claims, NoSigningKey, TokenRefused, Tokens
from domain.services.people.session_registry import SessionRegistry

NOW = datetime(2026, 3, 1, 10, tzinfo=UTC)
KEY, OTHER = TokenKey(Ed25519PrivateKey.generate()), TokenKey(Ed25519PrivateKey.generate())
ISSUER = "https://selo.example"


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def keys(*token_keys: TokenKey) -> Keys:
    return Keys(
        signing=token_keys[0],
        verifying=MappingProxyType({key.kid: key for key in token_keys}),
        secret=b"s" * 32,
    )


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tokens(clock: Clock) -> Tokens:
    return Tokens(keys(KEY), issuer=ISSUER, clock=clock)


def forged(
    key: object = None,
    without: dict[str, None] | None = None,
    /,
    *,
    algorithm: str = "EdDSA",
    kid: str | None = KEY.kid,
    typ: str | None = "at+jwt",
    **claims: object,
) -> str:
    """A valid token but for the given claims; None leaves a claim out."""
    payload: dict[str, object] = {
        "iss": ISSUER,
        "aud": "selo",
        "sub": "m1",
        "role": "member",
        "sid": "s1",
        "iat": int(NOW.timestamp()),
        "exp": int(NOW.timestamp()) + 900,
    }
    payload |= {**claims, **(without or {})}
    payload = {name: value for name, value in payload.items() if value is not None}
    headers = {name: value for name, value in (("kid", kid), ("typ", typ)) if value is not None}
    return jwt.encode(payload, key or KEY.private, algorithm=algorithm, headers=headers)  # type: ignore[arg-type]


def test_an_access_token_says_who_calls_for_15_minutes(tokens: Tokens) -> None:
    issued = tokens.access(subject="e1", role="cashier", session="s1", store="lisboa", device="d1")
    assert issued.expires_at == NOW + timedelta(minutes=15)
    assert tokens.verify(issued.token) == Claims("e1", "cashier", "s1", issued.expires_at, "lisboa", "d1")
    assert jwt.get_unverified_header(issued.token) == {"alg": "EdDSA", "typ": "at+jwt", "kid": KEY.kid}
    assert set(jwt.decode(issued.token, options={"verify_signature": False})) == {
        "iss",
        "aud",
        "sub",
        "role",
        "sid",
        "iat",
        "exp",
        "store",
        "device",
        "jti",
        "client_id",
    }


def test_each_access_token_has_an_id_of_its_own_and_names_its_client(tokens: Tokens) -> None:
    payloads = [
        jwt.decode(
            tokens.access(subject="x", role=role, session="s1").token, options={"verify_signature": False}
        )
        for role in ("member", "member", "cashier")
    ]
    assert [payload["client_id"] for payload in payloads] == ["selo:app", "selo:app", "selo:till"]
    assert len({payload["jti"] for payload in payloads}) == 3


def test_it_ends_5_seconds_after_its_time(tokens: Tokens, clock: Clock) -> None:
    issued = tokens.access(subject="m1", role="member", session="s1")
    clock.now = issued.expires_at + timedelta(seconds=4, milliseconds=999)
    assert tokens.verify(issued.token).subject == "m1"
    clock.now = issued.expires_at + timedelta(seconds=5)
    with pytest.raises(TokenRefused):
        tokens.verify(issued.token)


def hmac_over_the_public_key() -> str:
    raw = KEY.public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return forged(raw, algorithm="HS256")


def unsigned() -> str:
    _, body, _ = forged().split(".")
    none = (
        base64.urlsafe_b64encode(orjson.dumps({"alg": "none", "typ": "at+jwt", "kid": KEY.kid}))
        .rstrip(b"=")
        .decode()
    )
    return f"{none}.{body}."


def changed() -> str:
    head, body, signature = forged().split(".")
    claims = orjson.loads(base64.urlsafe_b64decode(body + "=="))
    claims["sub"] = "m2"
    return f"{head}.{base64.urlsafe_b64encode(orjson.dumps(claims)).rstrip(b'=').decode()}.{signature}"


FORGERIES = {
    "nothing": "",
    "junk": "a.b.c",
    "two parts": "a.b",
    "10,000 characters": "a" * 10_000,
    "unsigned": unsigned(),
    "changed": changed(),
    "no signature": forged().rpartition(".")[0] + ".",
    "hmac over the public key": hmac_over_the_public_key(),
    "another's key by our kid": forged(OTHER.private),
    "an unknown kid": forged(OTHER.private, kid=OTHER.kid),
    "no kid": forged(kid=None),
    "Ed448": forged(Ed448PrivateKey.generate()),
    "no typ": forged(typ=None),
    "typ JWT": forged(typ="JWT"),
    "typ of a visit": forged(typ="visit+jwt"),
    "audience of a visit": forged(aud="selo:visit"),
    "two audiences": forged(aud=["selo", "other"]),
    "another issuer": forged(iss="https://other.example"),
    "ended": forged(exp=int(NOW.timestamp()) - 5),
    "from the future": forged(iat=int(NOW.timestamp()) + 6),
    "for a day": forged(exp=int(NOW.timestamp()) + 86_400),
    "for a second more than an hour": forged(exp=int(NOW.timestamp()) + 3_601),
    "for ever since last year": forged(
        iat=int(NOW.timestamp()) - 365 * 86_400, exp=int(NOW.timestamp()) + 60
    ),
    "exp a text": forged(exp="9999999999"),
    "exp infinite": forged(exp=2**60),
    "exp true": forged(exp=True),
    "an empty sub": forged(sub=""),
    "sub a number": forged(sub=7),
    "role a list": forged(role=["member"]),
    **{
        f"no {name}": forged(None, {name: None})
        for name in ("iss", "aud", "sub", "role", "sid", "iat", "exp")
    },
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_forgery_is_refused(tokens: Tokens, name: str) -> None:
    with pytest.raises(TokenRefused):
        tokens.verify(FORGERIES[name])


def test_an_hour_is_the_longest_that_a_token_may_be_for(tokens: Tokens) -> None:
    assert tokens.verify(forged(exp=int(NOW.timestamp()) + 3_600)).subject == "m1"


def test_the_forger_would_pass_with_everything_right(tokens: Tokens) -> None:
    assert tokens.verify(forged()).subject == "m1"


def test_every_changed_character_is_refused(tokens: Tokens) -> None:
    good = tokens.access(subject="m1", role="member", session="s1").token
    for at, letter in enumerate(good):
        with pytest.raises(TokenRefused):
            tokens.verify(good[:at] + ("A" if letter != "A" else "B") + good[at + 1 :])


def test_a_visit_is_for_its_store_and_5_minutes_and_never_an_access_token(
    tokens: Tokens, clock: Clock
) -> None:
    visit = tokens.visit(member="m1", store="lisboa", session="t1")
    assert visit.expires_at == NOW + timedelta(minutes=5)
    assert tokens.verify_visit(visit.token, store="lisboa").subject == "m1"
    with pytest.raises(TokenRefused):
        tokens.verify_visit(visit.token, store="porto")
    with pytest.raises(TokenRefused):
        tokens.verify(visit.token)
    with pytest.raises(TokenRefused):
        tokens.verify_visit(
            tokens.access(subject="m1", role="visit", session="t1", store="lisboa").token, store="lisboa"
        )
    clock.now += timedelta(minutes=6)
    with pytest.raises(TokenRefused):
        tokens.verify_visit(visit.token, store="lisboa")
    assert tokens.verify_visit(visit.token, store="lisboa", at=NOW + timedelta(minutes=1)).store == "lisboa"


def test_a_key_that_another_process_signs_with_is_found(clock: Clock) -> None:
    rotated = keys(OTHER, KEY)
    here = Tokens(keys(KEY), issuer=ISSUER, clock=clock, reload_keys=lambda: rotated)
    there = Tokens(rotated, issuer=ISSUER, clock=clock)
    token = there.access(subject="m1", role="member", session="s1").token
    with pytest.raises(TokenRefused):
        here.verify(token)
    clock.now += timedelta(seconds=1)
    assert here.verify(token).subject == "m1"
    assert [each["kid"] for each in here.public_jwks()["keys"]] == [KEY.kid, OTHER.kid]


def test_a_dropped_key_is_refused_and_the_next_one_signs(clock: Clock) -> None:
    tokens = Tokens(keys(KEY, OTHER), issuer=ISSUER, clock=clock, reload_keys=lambda: keys(KEY, OTHER))
    callers = Callers(tokens, SessionRegistry(), clock=clock)
    token = tokens.access(subject="m1", role="member", session="s1").token
    visit = tokens.visit(member="m1", store="lisboa", session="t1").token
    assert callers.of_token(token) == MemberCaller("m1", "s1", None)
    calls: list[str] = []
    with tokens.serving(lambda: calls.append("dropped")):
        tokens.drop([KEY.kid])
        tokens.drop([KEY.kid])
    assert calls == ["dropped"]
    clock.now += timedelta(seconds=2)
    assert callers.of_token(token) == Anonymous(token_refused=True)
    with pytest.raises(TokenRefused):
        tokens.verify_visit(visit, store="lisboa")
    assert [each["kid"] for each in tokens.public_jwks()["keys"]] == [OTHER.kid]
    next_token = tokens.access(subject="m1", role="member", session="s1").token
    assert jwt.get_unverified_header(next_token)["kid"] == OTHER.kid
    assert callers.of_token(next_token) == MemberCaller("m1", "s1", None)


def test_a_key_that_another_process_made_signs_where_ours_was_dropped(clock: Clock) -> None:
    tokens = Tokens(keys(KEY), issuer=ISSUER, clock=clock, reload_keys=lambda: keys(OTHER))
    tokens.drop([KEY.kid])
    token = tokens.access(subject="m1", role="member", session="s1").token
    assert jwt.get_unverified_header(token)["kid"] == OTHER.kid


def test_where_every_key_was_dropped_nothing_is_signed(clock: Clock) -> None:
    tokens = Tokens(keys(KEY), issuer=ISSUER, clock=clock, reload_keys=lambda: keys(KEY))
    tokens.drop([KEY.kid])
    assert not tokens.can_sign
    with pytest.raises(NoSigningKey):
        tokens.access(subject="m1", role="member", session="s1")


# --- callers
# ---------------------------------------------------------------------------------------------------------


def test_a_bearer_token_is_a_caller_while_its_session_lives(tokens: Tokens, clock: Clock) -> None:
    sessions = SessionRegistry()
    callers = Callers(tokens, sessions, clock=clock)
    member = tokens.access(subject="m1", role="member", session="s1", device="d1").token
    staff = tokens.access(subject="e1", role="manager", session="s2", store="lisboa").token
    assert callers.of_header(f"Bearer {member}") == MemberCaller("m1", "s1", "d1")
    assert callers.of_header(f"bearer {staff}") == StaffCaller("e1", "MANAGER", "lisboa", "s2")
    sessions.note_ended(["s1"], now=clock.now)
    assert callers.of_header(f"Bearer {member}") == Anonymous(token_refused=True)
    clock.now += timedelta(minutes=15, seconds=5)
    assert callers.of_header(f"Bearer {staff}") == Anonymous(token_refused=True)


@pytest.mark.parametrize("role", ["visit", "staff", "Member", "admin"])
def test_another_role_is_nobody(tokens: Tokens, clock: Clock, role: str) -> None:
    callers = Callers(tokens, SessionRegistry(), clock=clock)
    assert callers.of_token(
        tokens.access(subject="x", role=role, session="s", store="lisboa").token
    ) == Anonymous(token_refused=True)


def test_staff_without_a_store_is_nobody(tokens: Tokens, clock: Clock) -> None:
    callers = Callers(tokens, SessionRegistry(), clock=clock)
    assert callers.of_token(tokens.access(subject="e1", role="cashier", session="s").token) == Anonymous(
        token_refused=True
    )


@pytest.mark.parametrize("header", ["", "Bearer", "Basic dXNlcjpwYXNz", "Bearer a b", "Bearer \xff"])
def test_any_other_header_is_nobody(tokens: Tokens, header: str) -> None:
    assert Callers(tokens, SessionRegistry()).of_header(header) == Anonymous(token_refused=True)


def test_no_header_is_nobody_either(tokens: Tokens) -> None:
    assert Callers(tokens, SessionRegistry()).of_header(None) == Anonymous()
