from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from syncd.simulation.shrinking import minimal


@given(st.integers(1, 60), st.data())
def test_only_what_is_needed_to_fail_is_left(size: int, data: st.DataObject) -> None:
    items = list(range(size))
    guilty = set(data.draw(st.lists(st.sampled_from(items), min_size=1, max_size=4)))

    def fails(some: Sequence[int]) -> bool:
        return guilty <= set(some)

    assert sorted(guilty) == list(minimal(items, fails))
