"""Exact money: integer minor units of a currency, with the exponents of ISO 4217."""

from dataclasses import dataclass
from decimal import Decimal

_EXPONENTS = dict.fromkeys(
    ("BIF", "CLP", "DJF", "GNF", "IDR", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI",
     "VND", "VUV", "XAF", "XOF", "XPF"),
    0,
) | dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3)  # fmt: skip
"""Currencies whose minor unit is not a hundredth. IDR is whole by TikTok Shop's rule (fact sheet,
section 8), although ISO gives it two digits."""

LARGEST = Decimal(10) ** 12


def exponent(currency: str) -> int:
    """Number of decimals an amount of this currency has."""
    return _EXPONENTS.get(currency, 2)


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in minor units (cents, yen) of a currency (ISO 4217, upper case)."""

    minor: int
    currency: str

    @classmethod
    def of(cls, amount: Decimal, currency: str) -> "Money":
        """Turn an exact decimal in major units into money; ValueError if it does not fit."""
        scaled = amount.scaleb(exponent(currency))
        if not amount.is_finite() or abs(amount) > LARGEST or scaled != scaled.to_integral_value():
            raise ValueError(f"{amount} is no exact amount of {currency}")
        return cls(int(scaled), currency)

    def decimal(self) -> Decimal:
        """The amount in major units."""
        return Decimal(self.minor).scaleb(-exponent(self.currency))

    def text(self) -> str:
        """The amount in major units with all its decimals, as a shop's API wants it."""
        return f"{self.decimal():.{exponent(self.currency)}f}"

    def __str__(self) -> str:
        return f"{self.text()} {self.currency}"


def amount_text(amount: Decimal, currency: str | None) -> str:
    """An amount in major units for people: exact, and with at least the decimals of its currency."""
    if currency is None:
        return f"{amount:f}"
    _, _, fraction = f"{amount:f}".partition(".")
    return f"{amount:.{max(exponent(currency), len(fraction))}f} {currency}"


def exact_decimal(text: str) -> Decimal:
    """Read a plain decimal (`12`, `-3.50`); ValueError for exponents, NaN, signs apart, or size."""
    body = text.strip().removeprefix("-")
    whole, _, fraction = body.partition(".")
    if not (whole + fraction).isascii() or not (whole + fraction).isdigit() or len(body) > 30:  # noqa: PLR2004 - longer than any amount
        raise ValueError(f"{text!r} is no plain decimal number")
    return Decimal(text.strip())
