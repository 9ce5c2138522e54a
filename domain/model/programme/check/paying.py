"""How members pay with wallets: terms that are worth whole minor units, and that a payment can meet."""

from __future__ import annotations

from collections.abc import Iterator
from math import gcd

from babel.numbers import get_currency_precision

from domain.model.fault_text import FaultText
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
                    FaultText(
                        "{units} in minor units of money are worth {worth}",
                        units=wallet.pay.units,
                        worth=wallet.pay.worth,
                    ),
                    FaultText("write worth: {units}, or leave units and worth out", units=wallet.pay.units),
                )
            elif wallet.pay.worth >= wallet.pay.units * unit * _DEAR_UNITS:
                yield _warning(
                    (*path, "worth"),
                    FaultText(
                        "{units} are worth {worth} {currency}",
                        units=wallet.pay.units,
                        worth=f"{wallet.pay.worth / unit:g}",
                        currency=currency,
                    ),
                    FaultText("write what units are worth in minor units, such as units: 100, worth: 500"),
                )


def _steps(path: KeyPath, terms: PayTerms) -> Iterator[Finding]:
    least = terms.units // gcd(terms.units, terms.worth)
    step = terms.whole_step
    if step % least:
        yield Finding(
            (*path, "step"),
            FaultText(
                "{step} units are worth {worth} minor units, not a whole number",
                step=step,
                worth=f"{terms.worth * step / terms.units:g}",
            ),
            FaultText(
                "write step: {step}, or another multiple of {least}",
                step=-(-step // least) * least,
                least=least,
            ),
        )
    if terms.least_units % step:
        yield Finding(
            (*path, "minimum"),
            FaultText(
                "{least_units} is no multiple of the step, {step}", least_units=terms.least_units, step=step
            ),
            FaultText("write minimum: {figure}", figure=-(-terms.least_units // step) * step),
        )


def _warning(path: KeyPath, message: FaultText, remedy: FaultText) -> Finding:
    return Finding(path, message, remedy, is_warning=True)
