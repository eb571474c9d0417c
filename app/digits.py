"""Numbers as people write them: a true minus, and powers of ten instead of an e."""

from __future__ import annotations

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


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
    base = f"10{str(power).translate(_RAISED)}"
    return base if mantissa == "1" else f"{mantissa}·{base}".replace("-", "−")
