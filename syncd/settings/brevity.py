"""How much of what somebody wrote is repeated to them: enough to find it, whatever its length."""

import re

LONGEST = 80
"""Characters of one value; what is longer is cut and ends in `…`."""

_QUOTED = re.compile(
    r"""(?<!\w)(?P<mark>['"])(?P<kept>(?:\\.|(?!(?P=mark))[^\\])"""
    rf"""{{{LONGEST}}})"""
    r"""(?:\\.|(?!(?P=mark))[^\\])+(?P=mark)(?!\w)""",
    re.DOTALL,
)
_UNBROKEN = re.compile(rf"(?<!\S)([^\s'\"]{{{LONGEST}}})\S+")


def brief(message: str) -> str:
    """The message with every quoted value, and every other word, cut."""
    quoted = _QUOTED.sub(r"\g<mark>\g<kept>…\g<mark>", message)
    return _UNBROKEN.sub(r"\1…", quoted)


def brief_name(name: str) -> str:
    """One key, cut."""
    return name if len(name) <= LONGEST else f"{name[:LONGEST]}…"
