"""The keys of this server: Ed25519 keys that sign tokens, and one secret for hashing and encryption.

Production sets them by settings, which a database that MONGODB_URI names requires. Otherwise the first start
makes them in the data folder, readable by its owner alone. The newest key signs. After a rotation the older
keys still verify for a day, longer than any token lives. What an earlier secret made is read as long as the
settings name that secret.
"""

import base64
import hashlib
import itertools
import re
import secrets
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import field
from datetime import datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from api.private_files import write_private
from api.settings import SHORTEST_SECRET, BadSettings, Settings
from domain.model.values import dataclass

OVERLAP = timedelta(days=1)
PEM = re.compile(rb"-----BEGIN PRIVATE KEY-----.+?-----END PRIVATE KEY-----", re.DOTALL)
STAMP = "%Y%m%dT%H%M%SZ"
WEB_PUSH_KEY_FILE = "web-push.pem"
KEY_FILES = f"token-{'[0-9]' * 8}T{'[0-9]' * 6}Z-*.pem"


@dataclass(frozen=True, slots=True)
class TokenKey:
    """A signing key, named by its public half."""

    private: Ed25519PrivateKey = field(repr=False)

    @property
    def public(self) -> Ed25519PublicKey:
        return self.private.public_key()

    @property
    def kid(self) -> str:
        return _base64url(hashlib.sha256(self._raw()).digest()[:12])

    def jwk(self) -> Mapping[str, str]:
        """Return the public half as RFC 8037 writes it."""
        return {
            "kty": "OKP",
            "crv": "Ed25519",
            "use": "sig",
            "alg": "EdDSA",
            "kid": self.kid,
            "x": _base64url(self._raw()),
        }

    def pem(self) -> str:
        """Return the private half, as SELO_TOKEN_KEYS takes it."""
        return self.private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()

    def _raw(self) -> bytes:
        return self.public.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one process: `signing` signs, each of `verifying` (by kid) is accepted, `secret` hashes and
    encrypts. What one of `secrets_before` made is still read.
    """

    signing: TokenKey
    verifying: Mapping[str, TokenKey]
    secret: bytes = field(repr=False)
    secrets_before: tuple[bytes, ...] = field(default=(), repr=False)

    def derived(self, purpose: str) -> bytes:
        """Return 32 bytes for one purpose, so that no two uses share a key."""
        return _derived(self.secret, purpose)

    def all_derived(self, purpose: str) -> tuple[bytes, ...]:
        """Return the key of a purpose, and those of the earlier secrets: what reads tries each of them."""
        return tuple(_derived(secret, purpose) for secret in (self.secret, *self.secrets_before))


def fingerprints(keys: Keys) -> list[str]:
    """Return what tells a secret from others and does not reveal it: our secret's, then the earlier ones'."""
    return [key.hex() for key in keys.all_derived("fingerprint")]


def settings_keys(settings: Settings) -> list[TokenKey] | None:
    """Return the keys that SELO_TOKEN_KEYS holds, the one that signs first; None where it is not set. Raises
    BadSettings.
    """
    if settings.token_keys is None:
        return None
    return _from_pem(settings.token_keys.get_secret_value().encode(), where="SELO_TOKEN_KEYS")


def read_keys(settings: Settings, *, now: datetime) -> Keys:
    """Return the keys of the settings, else those of the data folder, made there where missing. Raises
    BadSettings, also where MONGODB_URI is set and one of them is not.
    """
    folder = settings.data / "keys"
    _require_shared_keys(settings)
    keys = settings_keys(settings) or stored_keys(folder) or [add_key(folder, now=now)]
    secret = (
        settings.secret.get_secret_value().encode() if settings.secret is not None else _stored_secret(folder)
    )
    return Keys(
        signing=keys[0],
        verifying={key.kid: key for key in keys},
        secret=secret,
        secrets_before=tuple(earlier.get_secret_value().encode() for earlier in settings.secrets_before),
    )


def _require_shared_keys(settings: Settings) -> None:
    """Raise BadSettings where a database apart from the data folder would depend on keys in that folder."""
    missing = [
        variable
        for variable, value in (("SELO_SECRET", settings.secret), ("SELO_TOKEN_KEYS", settings.token_keys))
        if value is None
    ]
    if settings.mongodb_uri is not None and missing:
        raise BadSettings(
            f"MONGODB_URI is set, so {' and '.join(missing)} must be set too, alike for every server, worker"
            " and command: with a secret of its own a server could not read the voucher codes of the others."
            f" Where this database was served with keys of a data folder, they stand in {settings.data}/keys."
        )


def stored_keys(folder: Path) -> list[TokenKey]:
    """Return the keys of the data folder, newest first."""
    return [key for path in _key_files(folder) for key in _from_pem(path.read_bytes(), where=str(path))]


def key_files(settings: Settings) -> list[Path]:
    """Return the files of the data folder that a copy of its database cannot do without: the secret, the
    signing keys and the key that browsers subscribed to, where the settings do not hold them. Raises
    BadSettings where the secret is in neither.
    """
    folder = settings.data / "keys"
    secret_path, web_push_path = folder / "secret", folder / WEB_PUSH_KEY_FILE
    if settings.secret is None and not secret_path.exists():
        raise BadSettings(
            f"SELO_SECRET is not set here, and {secret_path} is missing: give the command the server's"
            " settings."
        )
    return [
        *([secret_path] if settings.secret is None else []),
        *(_key_files(folder) if settings.token_keys is None else []),
        *([web_push_path] if settings.web_push_key is None and web_push_path.exists() else []),
    ]


def add_key(folder: Path, *, now: datetime) -> TokenKey:
    """Make a key that signs from the next start on."""
    key = TokenKey(Ed25519PrivateKey.generate())
    while key.kid.startswith("-"):  # a command would take it for an option
        key = TokenKey(Ed25519PrivateKey.generate())
    write_private(folder / f"token-{now.strftime(STAMP)}-{key.kid}.pem", key.pem().encode())
    return key


def retired_keys(folder: Path, *, now: datetime) -> list[str]:
    """Return the names of the keys whose successor has signed for longer than the overlap."""
    files = _key_files(folder)
    return [
        key.kid
        for successor, path in itertools.pairwise(files)
        for key in _from_pem(path.read_bytes(), where=str(path))
        if datetime.strptime(successor.name.split("-")[1], STAMP).replace(tzinfo=now.tzinfo) + OVERLAP < now
    ]


def remove_keys(folder: Path, kids: Collection[str]) -> None:
    """Remove the files of these keys."""
    for path in _key_files(folder):
        if any(key.kid in kids for key in _from_pem(path.read_bytes(), where=str(path))):
            path.unlink()


def _key_files(folder: Path) -> list[Path]:
    """Return the files with names of our form, newest first. A copy under another name is ignored."""
    return sorted(folder.glob(KEY_FILES), reverse=True)


def _from_pem(text: bytes, *, where: str) -> list[TokenKey]:
    unusable = (
        f"{where} cannot be used: it must be Ed25519 private keys in PEM (openssl genpkey -algorithm"
        " ed25519)."
    )
    keys = []
    for block in PEM.findall(text):
        try:
            private = serialization.load_pem_private_key(block, password=None)
        except ValueError:
            private = None
        if not isinstance(private, Ed25519PrivateKey):
            raise BadSettings(unusable)
        keys.append(TokenKey(private))
    if not keys:
        raise BadSettings(unusable)
    return keys


def _stored_secret(folder: Path) -> bytes:
    path = folder / "secret"
    if not path.exists():
        with suppress(FileExistsError):  # another process was quicker: all use its secret
            write_private(path, base64.b64encode(secrets.token_bytes(48)))
    secret = path.read_bytes()
    if len(secret) < SHORTEST_SECRET:
        raise BadSettings(
            f"{path} is cut short; put its backup back. Without it nobody's sign-in and no voucher code can"
            " be read."
        )
    return secret


def _derived(secret: bytes, purpose: str) -> bytes:
    return hashlib.blake2b(purpose.encode(), key=secret[:64], digest_size=32).digest()


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
