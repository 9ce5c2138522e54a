"""How members pay with wallets: terms that are worth whole minor units, and that a payment can meet."""

from __future__ import annotations

from collections.abc import Iterator
from math import gcd

from babel.numbers import get_currency_precision

from domain.model.programme.check.checked_file import CheckedFile
from domain.model.programme.faults import Finding, KeyPath
from domain.model.programme.wallets import PayTerms

_DEAR_UNITS = 100  # whole units of the currency that one point is hardly ever worth


def check_paying(checked_file: CheckedFile) -> Iterator[Finding]:
    """Find terms of payment that contradict each other, and warn of worths that are probably a mistake."""
    currency = checked_file.programme.programme.currency
    unit = 10 ** get_currency_precision(currency)
    for index, wallet in enumerate(checked_file.programme.wallets):
        if isinstance(wallet.pay, PayTerms):
            path: KeyPath = ("wallets", index, "pay")
            yield from _steps(path, wallet.pay)
            if wallet.kind == "money" and wallet.pay.units != wallet.pay.worth:
                yield _warning(
                    (*path, "worth"),
                    f"{wallet.pay.units} in minor units of money are worth {wallet.pay.worth}",
                    f"write worth: {wallet.pay.units}, or leave units and worth out",
                )
            elif wallet.pay.worth >= wallet.pay.units * unit * _DEAR_UNITS:
                yield _warning(
                    (*path, "worth"),
                    f"{wallet.pay.units} are worth {wallet.pay.worth / unit:g} {currency}",
                    "write what units are worth in minor units, such as units: 100, worth: 500",
                )


def _steps(path: KeyPath, terms: PayTerms) -> Iterator[Finding]:
    least = terms.units // gcd(terms.units, terms.worth)
    step = terms.whole_step
    if step % least:
        yield Finding(
            (*path, "step"),
            f"{step} units are worth {terms.worth * step / terms.units:g} minor units, not a whole number",
            f"write step: {-(-step // least) * least}, or another multiple of {least}",
        )
    if terms.least_units % step:
        yield Finding(
            (*path, "minimum"),
            f"{terms.least_units} is no multiple of the step, {step}",
            f"write minimum: {-(-terms.least_units // step) * step}",
        )


def _warning(path: KeyPath, message: str, remedy: str) -> Finding:
    return Finding(path, message, remedy, is_warning=True)
