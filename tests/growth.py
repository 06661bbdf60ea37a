"""How the cost of some work grows with what it is given: CPU time, so that a loaded machine changes little."""

from __future__ import annotations

from collections.abc import Callable
from time import process_time

TIMES = 4
MOST_GROWTH = 8.0
"""Of the CPU time when there is four times as much: linear is 4, with noise on top; quadratic is 16."""


def assert_linear(work: Callable[[int], object], size: int, *, quick: float, roof: float) -> None:
    """Fail where the work on ``size`` things takes long and its cost grows faster than their number.

    quick: CPU seconds under which one run is believed at once. roof: what no run may take, on any machine.
    """
    whole = _seconds(work, size)
    if whole < quick:
        return
    whole = min(whole, *(_seconds(work, size) for _ in range(2)))
    part = min(_seconds(work, size // TIMES) for _ in range(3))
    assert whole < quick or whole < MOST_GROWTH * part, (
        f"{part:.3f} s became {whole:.3f} s with {TIMES} times as much"
    )
    assert whole < roof, f"{whole:.1f} s of CPU"


def _seconds(work: Callable[[int], object], size: int) -> float:
    started = process_time()
    work(size)
    return process_time() - started
