"""Where the time of a run goes: the lines `step NAME: …` of the program's log file."""

from __future__ import annotations

import re
import statistics
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

_STEP = re.compile(r"^\[(\d+/\d+/\d+ [\d:.]+ [+-]\d\d:?\d\d)\] \[info\] step (\w+):", re.MULTILINE)

StepTimes = dict[str, float]


def step_times(log: Path) -> StepTimes:
    """Seconds from the beginning of each step to that of the next; the last, `done`, has none."""
    found = [(datetime.strptime(when, "%Y/%m/%d %H:%M:%S.%f %z"), step) for when, step in _STEP.findall(log.read_text())]
    if len(found) < 2:
        raise RuntimeError(f"{log} holds no steps")
    times: StepTimes = {}
    for (began, step), (ended, _) in zip(found, found[1:], strict=False):
        times[step] = times.get(step, 0.0) + (ended - began).total_seconds()
    return times


def profile(runs: Sequence[StepTimes]) -> str:
    """The median of each step, in the order of the run."""
    medians = {step: statistics.median(run.get(step, 0.0) for run in runs) for step in runs[-1]}
    return ", ".join(f"{step} {1000 * seconds:.0f} ms" for step, seconds in medians.items())
