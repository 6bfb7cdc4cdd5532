"""What JavaScript makes of a text: the Projector's page is written in it, and coerces with it."""

import math
import re

# What String.prototype.trim() and Number() take off both ends: ECMA-262's WhiteSpace and
# LineTerminator. U+0085 is not among them, nor U+200B; Python's str.strip() differs.
WHITE_SPACE = (
    "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000\ufeff"
)

_DECIMAL = re.compile(r"[+-]?(?:Infinity|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)")
_WITH_BASE = re.compile(r"0(?:[xX]([0-9a-fA-F]+)|[oO]([0-7]+)|[bB]([01]+))")


def trim(text: str) -> str:
    """Returns `text` without white space at both ends, as JavaScript's `trim()`."""
    return text.strip(WHITE_SPACE)


def number(text: str) -> float:
    """Returns what JavaScript's `Number(text)` returns; NaN where it is no number.

    Source: ECMA-262, section 7.1.4.1, StringToNumber: white space alone is 0, `0x`, `0o` and `0b`
    take no sign, and there are no digit separators.
    """
    text = trim(text)
    if not text:
        return 0.0
    based = _WITH_BASE.fullmatch(text)
    if based:
        hexadecimal, octal, binary = based.groups()
        digits, base = (hexadecimal, 16) if hexadecimal else (octal, 8) if octal else (binary, 2)
        try:
            return float(int(digits, base))
        except OverflowError:
            return math.inf
    return float(text) if _DECIMAL.fullmatch(text) else math.nan


def number_text(value: float) -> str:
    """Returns how JavaScript prints a number, which is what the page then shows.

    Source: ECMA-262, section 6.1.6.1.20, Number::toString, radix 10.
    """
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0:
        return "0"
    sign = "-" if value < 0 else ""
    # repr gives the shortest digits that read back as the same number, as JavaScript does.
    mantissa, _, exponent = f"{abs(value)!r}".partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    point = len(whole) + int(exponent or 0) - (len(whole + fraction) - len(digits))
    digits = digits.rstrip("0")
    return sign + _placed(digits, point)


def _placed(digits: str, point: int) -> str:
    """Returns 0.`digits` × 10^`point` as JavaScript writes it."""
    if len(digits) <= point <= 21:
        return digits.ljust(point, "0")
    if 0 < point <= 21:
        return f"{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return "0." + "0" * -point + digits
    power = point - 1
    fraction = f".{digits[1:]}" if len(digits) > 1 else ""
    return f"{digits[0]}{fraction}e{'+' if power > 0 else '-'}{abs(power)}"
