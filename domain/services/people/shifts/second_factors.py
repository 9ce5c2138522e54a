"""The second factor at a sign-in: asked for, enrolled with a set-up key, proven by a code, each code once.

Nothing is written here: the sign-in writes the factor as it is after it, and only over the one that was read.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import replace
from datetime import datetime

from domain.model.people import second_factor as rules
from domain.model.people.second_factor import SecondFactor
from domain.model.values import dataclass
from domain.services.errors import SecondFactorNeeded, SignInRefused
from domain.services.people.identity_runtime import IdentityRuntime
from domain.store.audit_actions import Action
from domain.store.people.staff import Employee


@dataclass(frozen=True, slots=True)
class ProvenFactor:
    """A factor as a sign-in leaves it, and the act for the audit trail, if any. `recovery_codes` are shown
    once, to who has just enrolled.
    """

    factor: SecondFactor
    action: Action | None = None
    recovery_codes: tuple[str, ...] = ()


def prove(
    identity: IdentityRuntime,
    employee: Employee,
    *,
    code: str | None,
    setup_key: str | None,
    now: datetime,
) -> ProvenFactor:
    """Return the factor after its use. Raises SecondFactorNeeded, and SignInRefused where what was brought is
    wrong or was used before.
    """
    if employee.factor is None:
        return _enrol(identity, employee, code=code, setup_key=setup_key, now=now)
    if code is None:
        raise SecondFactorNeeded("CODE")
    normal = rules.normal_code(code)
    if rules.is_long_code(normal):
        return _use_recovery_code(employee.factor, normal)
    sealed = employee.factor.sealed
    secret = rules.open_secret(sealed, employee=employee.id, keys=identity.all_secrets)
    step = None if secret is None else rules.step_of_code(secret, normal, now=now)
    if secret is None or step is None or step <= employee.factor.last_step:
        raise SignInRefused("WRONG_SECOND_FACTOR")
    if rules.open_secret(sealed, employee=employee.id, keys=[identity.secret]) is None:
        sealed = _seal(identity, employee, secret)  # an earlier secret of the server has sealed it
    return ProvenFactor(replace(employee.factor, sealed=sealed, last_step=step))


def _use_recovery_code(factor: SecondFactor, code: str) -> ProvenFactor:
    hashed = rules.hash_long_code(code)
    unused = tuple(other for other in factor.recovery if not hmac.compare_digest(other, hashed))
    if len(unused) == len(factor.recovery):
        raise SignInRefused("WRONG_SECOND_FACTOR")
    return ProvenFactor(replace(factor, recovery=unused), "RECOVERY_CODE_USED")


def _enrol(
    identity: IdentityRuntime, employee: Employee, *, code: str | None, setup_key: str | None, now: datetime
) -> ProvenFactor:
    if setup_key is None:
        raise SecondFactorNeeded("SETUP_KEY")
    valid_key = employee.setup_key
    if (
        valid_key is None
        or not hmac.compare_digest(valid_key.hashed, rules.hash_long_code(setup_key))
        or now >= valid_key.expires_at
    ):
        raise SignInRefused("WRONG_SETUP_KEY")
    secret = rules.setup_secret(identity.secret, employee=employee.id, setup_key=setup_key)
    if code is None:
        raise SecondFactorNeeded("ENROL", username=employee.username, secret=secret)
    step = rules.step_of_code(secret, rules.normal_code(code), now=now)
    if step is None:
        raise SignInRefused("WRONG_SECOND_FACTOR")
    codes = tuple(
        rules.make_long_code(secrets.token_bytes(rules.KEY_BYTES)) for _ in range(rules.RECOVERY_CODES)
    )
    sealed = _seal(identity, employee, secret)
    factor = SecondFactor(sealed, step, tuple(map(rules.hash_long_code, codes)))
    return ProvenFactor(factor, "SECOND_FACTOR_SET", codes)


def _seal(identity: IdentityRuntime, employee: Employee, secret: str) -> bytes:
    nonce = secrets.token_bytes(rules.NONCE_BYTES)
    return rules.seal_secret(secret, employee=employee.id, key=identity.secret, nonce=nonce)
