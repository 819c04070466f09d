"""What happened in a run, line by line, and one number that two equal runs share."""

from hashlib import blake2b

from syncd.simulation.timeline import Timeline


class Trace:
    """Every happening in its order. Lines are kept only where somebody wants to read them."""

    def __init__(self, timeline: Timeline, *, kept: bool) -> None:
        self._timeline = timeline
        self._hash = blake2b(digest_size=16)
        self.lines: list[str] | None = [] if kept else None

    def note(self, what: str) -> None:
        """Something happened now."""
        line = f"{self._timeline.time:.3f} {what}"
        self._hash.update(line.encode() + b"\n")
        if self.lines is not None:
            self.lines.append(line)

    def digest(self) -> str:
        """The same for the same happenings at the same moments."""
        return self._hash.hexdigest()
