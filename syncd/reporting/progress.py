"""How far long work has come, on a terminal; silent elsewhere."""

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskID, TextColumn
from rich.progress import Progress as Bars


class Progress:
    """Bars that vanish when the work is over."""

    def __init__(self, console: Console) -> None:
        self._bars = Bars(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            console=console,
            transient=True,
        )
        self._shown = console.is_terminal
        self._tasks: dict[str, TaskID] = {}

    def step(self, label: str, done: int, total: int | None) -> None:
        """Show `done` of `total` units of this work."""
        if not self._shown:
            return
        if not self._tasks:
            self._bars.start()
        if label not in self._tasks:
            self._tasks[label] = self._bars.add_task(label, total=total)
        self._bars.update(self._tasks[label], completed=done, total=total)

    def close(self) -> None:
        """Take the bars away."""
        if self._tasks:
            self._bars.stop()
            self._tasks.clear()
