"""How a count stands in a sentence for people."""


def counted(count: int, noun: str, rest: str = "") -> str:
    """`1 row`, `2 rows`; `rest` follows the noun: `counted(2, "listing", "parked")` is `2 listings parked`."""
    text = f"{count} {noun}" if count == 1 else f"{count} {noun}s"
    return f"{text} {rest}" if rest else text
