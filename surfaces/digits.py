"""The format of numbers on pages, in tables and in sentences: 0.05, 10,000, −1.2·10⁻⁷, 15.2 %.

`app/player/web/core/digits.js` writes the same texts in the browser, as a test checks.
"""

from __future__ import annotations

import decimal
import math
import re

SMALLEST, LARGEST = -4, 6
"""The exponents between which a number is written without a power of ten."""

_RAISED = str.maketrans("-−0123456789", "⁻⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_LOWERED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")


def short(value: float | int | str, digits: int = 6) -> str:
    """The text of a number with up to `digits` significant digits and no trailing zeros; text is returned unchanged.

    From 10⁻⁴ to 10⁷ the number is written in full, with commas between thousands, and otherwise as a multiple of a
    power of ten. A value halfway between two texts is rounded away from zero, as JavaScript does.
    """
    if isinstance(value, str):
        return value
    value = float(value)
    if math.isnan(value):
        return "not a number"
    sign = "−" if value < 0 else ""
    if math.isinf(value):
        return f"{sign}∞"
    if value == 0:
        return "0"
    rounding = decimal.Context(prec=digits, rounding=decimal.ROUND_HALF_UP)
    rounded = rounding.create_decimal(decimal.Decimal(abs(value)))
    power = rounded.adjusted()
    if SMALLEST <= power <= LARGEST:
        whole, point, fraction = f"{rounded:,f}".partition(".")
        return sign + whole + (point + fraction).rstrip("0").rstrip(".")
    mantissa = f"{rounded.scaleb(-power):f}"
    mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    base = f"10{raised(power)}"
    return sign + (base if mantissa == "1" else f"{mantissa}·{base}")


def exact(value: float) -> str:
    """The shortest text from which `parsed` returns the same number."""
    value = float(value)
    return short(value, max(1, len(decimal.Decimal(repr(abs(value))).normalize().as_tuple().digits)))


def parsed(text: str) -> float:
    """The number that a text stands for, as written by `short` or typed.

    A comma separates thousands wherever it can, and decimals elsewhere.

    Raises:
        ValueError: if the text is not a number.
    """
    plain = text.strip().replace("−", "-")
    if power := re.fullmatch(r"(-?)(?:([\d.,]+)·)?10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)", plain):
        sign, mantissa, exponent = power.groups()
        plain = f"{sign}{mantissa or 1}e{exponent.translate(_LOWERED)}"
    if re.fullmatch(r"-?[1-9]\d{0,2}(,\d{3})+(\.\d*)?", plain):
        plain = plain.replace(",", "")
    return float(plain.replace(",", ".", 1))


def percent(share: float, digits: int = 3) -> str:
    """The text of a share in percent, such as 15.2 %."""
    return f"{short(100 * float(share), digits)} %"


def decade(value: float) -> str:
    """The text of a tick on a log axis, with a power of ten up to 10⁻³ and from 10³ on."""
    if value <= 0 or 1e-3 < value < 1e3:
        return short(value, 3)
    power = math.floor(math.log10(value) + 1e-9)
    digit = short(value / 10.0**power, 2)
    return f"10{raised(power)}" if digit == "1" else f"{digit}·10{raised(power)}"


def raised(number: int | str) -> str:
    """A number in superscript digits."""
    return str(number).translate(_RAISED)
