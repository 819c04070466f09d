"""Makes any text harmless: on a terminal, in a spreadsheet cell, in HTML."""

import html
import unicodedata

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")


def visible(text: str) -> str:
    """The text with control and direction characters shown instead of obeyed."""
    return "".join(char if _harmless(char) else _escaped(char) for char in text)


def _harmless(char: str) -> bool:
    return unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Zl", "Zp"}


def _escaped(char: str) -> str:
    return char.encode("unicode_escape").decode()


def cell(value: object) -> str:
    """A spreadsheet cell that is never a formula; genuine numbers stay numbers."""
    if value is None:
        return ""
    if isinstance(value, (int, float)):
        return str(value)
    text = str(value).replace("\0", "\\0")
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


def markup(text: object) -> str:
    """Text for HTML."""
    return html.escape(visible(str(text)), quote=True)
