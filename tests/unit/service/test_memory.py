"""A daemon runs with an allocator that gives memory back, whoever starts it."""

import os
import subprocess
import sys
from pathlib import Path

SCRIPT = """\
import os
from syncd.service.memory import start_returning

print(os.getpid(), os.environ.get("PYTHONMALLOC"), os.environ.get("MALLOC_ARENA_MAX"), flush=True)
start_returning()
"""


def said(*command: str, **environment: str) -> list[list[str]]:
    done = subprocess.run(
        [sys.executable, *command], check=True, capture_output=True, text=True,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(Path(__file__).parents[3]), **environment},
    )  # fmt: skip
    return [line.split() for line in done.stdout.splitlines()]


def test_it_starts_itself_anew_once_as_the_same_process(tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text(SCRIPT)

    first, second = said(str(script), "run")

    assert ["None", "None"] == first[1:]
    assert [first[0], "malloc", "1"] == second


def test_who_chose_an_allocator_keeps_it(tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text(SCRIPT)

    assert 1 == len(said(str(script), "run", PYTHONMALLOC="pymalloc"))
    assert 1 == len(said(str(script), "run", MALLOC_ARENA_MAX="4"))


def test_a_process_that_was_started_as_something_else_goes_on() -> None:
    assert 1 == len(said("-c", f"import sys\nsys.argv = ['syncd', 'run']\n{SCRIPT}"))


LOOPS = """\
import gc, weakref
from syncd.service.memory import give_back, keep, let_go

class Loop:
    def __init__(self):
        self.me = self

gc.disable()
old, new = Loop(), None
keep()
new = Loop()
seen = [weakref.ref(old), weakref.ref(new)]
del old, new
give_back()
print([alive() is not None for alive in seen])
let_go()
print([alive() is not None for alive in seen])
"""


def test_what_was_alive_at_the_start_is_looked_at_again_only_once_it_is_replaced(
    tmp_path: Path,
) -> None:
    script = tmp_path / "script"
    script.write_text(LOOPS)

    assert [["[True,", "False]"], ["[False,", "False]"]] == said(str(script))
