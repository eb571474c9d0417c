"""Numbers in the one format of pages, tables and sentences: 0.05, 10,000, −1.2·10⁻⁷, 15.2 %.

`app/player/web/core/digits.js` writes the same texts in the browser, and a test holds the two equal.
"""

from __future__ import annotations

import decimal
import math
import re

SMALLEST, LARGEST = -4, 6
"""Powers of ten between which numbers are written without one."""

_RAISED = str.maketrans("-−0123456789", "⁻⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_LOWERED = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")


def short(value: float | int | str, digits: int = 6) -> str:
    """A number to `digits` significant digits, without zeros at its end; a word stays as it is.

    From 10⁻⁴ up to 10⁷ it is written in full, with a comma between thousands, and beyond as a multiple of a power
    of ten. A value halfway between two texts takes the larger one, as JavaScript has it.
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
        whole, point, rest = f"{rounded:,f}".partition(".")
        return sign + whole + (point + rest).rstrip("0").rstrip(".")
    mantissa = f"{rounded.scaleb(-power):f}"
    mantissa = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    base = f"10{raised(power)}"
    return sign + (base if mantissa == "1" else f"{mantissa}·{base}")


def exact(value: float) -> str:
    """A number with as many digits as it takes to read the same one back."""
    value = float(value)
    return short(value, max(1, len(decimal.Decimal(repr(abs(value))).normalize().as_tuple().digits)))


def parsed(text: str) -> float:
    """The number that a text of `short` or one typed by people or programs means; commas stand between thousands.

    Raises:
        ValueError: where it means none.
    """
    plain = text.strip().replace("−", "-")
    if power := re.fullmatch(r"(-?)(?:([\d.,]+)·)?10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)", plain):
        sign, mantissa, exponent = power.groups()
        plain = f"{sign}{mantissa or 1}e{exponent.translate(_LOWERED)}"
    if re.fullmatch(r"-?[1-9]\d{0,2}(,\d{3})+(\.\d*)?", plain):
        plain = plain.replace(",", "")
    return float(plain)


def percent(share: float, digits: int = 3) -> str:
    """A share in percent: 15.2 %."""
    return f"{short(100 * float(share), digits)} %"


def decade(value: float) -> str:
    """A number of a log axis: thousandths and thousands, and what is beyond, by their power."""
    if value <= 0 or 1e-3 < value < 1e3:
        return short(value, 3)
    power = math.floor(math.log10(value) + 1e-9)
    digit = short(value / 10.0**power, 2)
    return f"10{raised(power)}" if digit == "1" else f"{digit}·10{raised(power)}"


def raised(number: int | str) -> str:
    """The digits of a number as superscripts."""
    return str(number).translate(_RAISED)
