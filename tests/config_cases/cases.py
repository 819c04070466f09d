"""Tables of configurations and the exact messages they give.

A `.cases` file begins with a template (`=== template`), whose line `<CASE>` each case replaces with its own
lines; then for every case `--- name`, its lines, `>>>`, and the messages. A case that begins with a line
`<WHOLE>` stands alone. `python -m tests.config_cases.cases` rewrites the messages; read the diff.
"""

import os
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from syncd.domain.errors import ConfigError
from syncd.settings.loading import load_settings
from tests.unit.settings.standins import STANDINS

FOLDER = Path(__file__).resolve().parent
TABLES = tuple(sorted((FOLDER / "bad").glob("*.cases")))
FILES = {
    "aliases.csv": "seller_sku,sku\nOLD-1,A-1\nOLD-2,A-2\n",
    "twice.csv": "seller_sku,sku\nOLD-1,A-1\nOLD-1,A-2\n,A-3\n",
    "columns.csv": "listing,sku\nOLD-1,A-1\n",
}


@dataclass(frozen=True)
class Case:
    """One configuration and what must be said of it."""

    table: str
    name: str
    lines: tuple[str, ...]
    expected: str
    template: tuple[str, ...]

    def text(self) -> str:
        """The whole configuration."""
        if self.lines[:1] == ("<WHOLE>",):
            return "\n".join(self.lines[1:]) + "\n"
        whole: list[str] = []
        for line in self.template:
            indent = line[: len(line) - len(line.lstrip())]
            marked = line.strip() == "<CASE>"
            whole.extend(f"{indent}{own}" for own in self.lines) if marked else whole.append(line)
        return "\n".join(whole) + "\n"


def read_table(path: Path) -> Iterator[Case]:
    """Every case of one table."""
    head, *blocks = path.read_text(encoding="utf-8").split("\n--- ")
    template = tuple(head.partition("=== template\n")[2].splitlines())
    for block in blocks:
        name, _, rest = block.partition("\n")
        body, _, expected = rest.partition(">>>\n")
        yield Case(path.stem, name, tuple(body.splitlines()), expected.strip("\n"), template)


def said(case: Case, folder: Path) -> str:
    """Every error, or every warning when there is no error; the folder must be the current one."""
    for name, content in FILES.items():
        (folder / name).write_text(content, encoding="utf-8")
    (folder / "syncd.yaml").write_text(case.text(), encoding="utf-8")
    try:
        settings = load_settings(Path("syncd.yaml"), STANDINS, {})
    except ConfigError as refused:
        return str(refused)
    return "\n".join(f"warning: {problem}" for problem in settings.warnings) or "nothing"


def _rewrite(path: Path, folder: Path) -> None:
    head = path.read_text(encoding="utf-8").partition("\n--- ")[0].rstrip("\n")
    parts = [head]
    for case in read_table(path):
        fresh = replace(case, expected=said(case, folder))
        parts.append("\n".join((f"--- {fresh.name}", *fresh.lines, ">>>", fresh.expected)))
    path.write_text("\n".join(parts) + "\n", encoding="utf-8")


def main() -> None:
    """Rewrite the messages of every table."""
    with tempfile.TemporaryDirectory() as name:
        os.chdir(name)
        for path in TABLES:
            _rewrite(path, Path(name))
    sys.stdout.write(f"{len(TABLES)} tables rewritten; read the diff\n")


if __name__ == "__main__":
    main()
