"""Numbers as people write them: a true minus, and powers of ten instead of an e."""

from __future__ import annotations

import math

_RAISED = str.maketrans("-−0123456789", "⁻⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def short(value: float | int | str, digits: int = 6) -> str:
    """A number with at most that many digits that count: 0.05, 10,000, 1.2·10⁻⁷; a word stays as it is."""
    if isinstance(value, str):
        return value
    text = f"{value:.{digits}g}"
    mantissa, e, exponent = text.partition("e")
    if not e:
        return text.replace("-", "−")
    power = int(exponent)
    if 0 < power < 7:
        return f"{float(text):,.0f}".replace("-", "−")
    base = f"10{raised(power)}"
    return base if mantissa == "1" else f"{mantissa}·{base}".replace("-", "−")


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
