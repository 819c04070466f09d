from dataclasses import replace

from syncd.simulation.misfortune import USUAL
from syncd.simulation.run import Trial, run
from tests.process.simulation.world import OVER_HTTP, PARTS, PROOF

ROUGH = replace(
    USUAL, lost_request=0.01, lost_answer=0.02, lost_read=0.02, cut_read=0.02, dropped=0.05,
    doubled=0.1, crash_every=6 * 3_600.0,
)  # fmt: skip
SMALL = Trial(seed=3, scenario="viral", design="G", skus=12, orders=120, misfortune=ROUGH)


def test_the_same_seed_gives_the_same_trace() -> None:
    first, again = run(SMALL, PARTS), run(SMALL, PARTS)
    assert first.failure is None
    assert first.digest == again.digest
    assert first.digest != run(replace(SMALL, seed=4), PARTS).digest


def test_real_http_gives_the_same_trace_as_no_sockets() -> None:
    """Crashes aside: they strike whoever carries a request, and over HTTP that is another thread."""
    orders, skus = (2_000, 100) if PROOF else (80, 12)
    trial = replace(
        SMALL, orders=orders, skus=skus, misfortune=replace(ROUGH, crash_every=0.0), lines=True
    )
    wired, served = run(trial, PARTS), run(trial, OVER_HTTP)
    assert wired.failure is None
    assert wired.lines == served.lines
    assert wired.digest == served.digest
    assert wired.tally.requests == served.tally.requests
