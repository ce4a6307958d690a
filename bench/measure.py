"""Rounds of contenders, one after another, and the table of what they cost."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from step_times import StepTimes, profile, step_times

_CHILD = Path(__file__).with_name("child.py")
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Cost:
    wall_s: float
    cpu_s: float
    peak_mib: float
    servers_cpu_s: float
    steps: StepTimes


@dataclass
class Contender:
    """A command that is measured.

    `prepare` runs before each of its runs, unmeasured; `check` after it, and raises when the work was not done.
    `log` is the log file of milvus-backup, which tells the time of its steps.
    """

    name: str
    command: Sequence[str]
    directory: Path
    prepare: Callable[[], None]
    check: Callable[[], None]
    env: Mapping[str, str] = field(default_factory=dict)
    log: Path | None = None


def run_once(contender: Contender, server_pids: Sequence[int]) -> Cost:
    contender.prepare()
    if contender.log is not None:
        contender.log.unlink(missing_ok=True)
    output = contender.directory / "bench-output.txt"
    before = cpu_seconds(server_pids)
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(_CHILD), str(output), *contender.command],
        cwd=contender.directory,
        env={**os.environ, **contender.env},
        stdout=subprocess.PIPE,
        check=True,
    )
    told = json.loads(done.stdout)
    if told["exit_code"] != 0:
        raise RuntimeError(f"{contender.name} ended with exit code {told['exit_code']}:\n{output.read_text()}")
    servers_cpu_s = cpu_seconds(server_pids) - before
    contender.check()
    steps = step_times(contender.log) if contender.log is not None else {}
    return Cost(told["wall_s"], told["cpu_s"], told["peak_mib"], servers_cpu_s, steps)


def cpu_seconds(pids: Sequence[int]) -> float:
    """User and system time of processes that run, all their threads."""
    total = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / _TICKS_PER_SECOND


Results = dict[str, list[Cost]]


def compete(contenders: Sequence[Contender], rounds: int, server_pids: Sequence[int] = ()) -> Results:
    """One warm-up round, which does not count, then `rounds`. In each round everybody runs once; who begins
    changes from round to round, so that nobody always finds the server as the same other one left it."""
    results: Results = {contender.name: [] for contender in contenders}
    for number in range(rounds + 1):
        first = number % len(contenders)
        for contender in [*contenders[first:], *contenders[:first]]:
            cost = run_once(contender, server_pids)
            if number > 0:
                results[contender.name].append(cost)
            print(f"    round {number}, load {os.getloadavg()[0]:.1f}: {contender.name} {cost.wall_s:.2f} s, "
                  f"CPU {cost.cpu_s:.2f} s", file=sys.stderr, flush=True)  # fmt: skip
    return results


def table(results: Results) -> str:
    """Medians with their span. Ratios are taken within a round and say how many times ours, which comes first."""
    ours = next(iter(results))
    rows = [("", "wall s", "× ours", "CPU s", "× ours", "peak MiB", "servers' CPU s")]
    for name, costs in results.items():
        rows.append((
            name,
            spread([cost.wall_s for cost in costs]),
            "" if name == ours else spread(ratios(results, name, "wall_s")),
            spread([cost.cpu_s for cost in costs]),
            "" if name == ours else spread(ratios(results, name, "cpu_s")),
            f"{max(cost.peak_mib for cost in costs):.0f}",
            f"{statistics.median(cost.servers_cpu_s for cost in costs):.2f}",
        ))  # fmt: skip
    lines = [aligned(rows)]
    lines += [f"    steps of {name}: {profile([cost.steps for cost in costs])}" for name, costs in results.items()
              if costs[0].steps]  # fmt: skip
    return "\n".join(lines)


def per_byte(results: Results, total_bytes: int) -> str:
    """Of work on `total_bytes`: what each moved in a second, and what a GiB took of its CPU."""
    rows = [("", "MiB/s", "CPU s per GiB")]
    for name, costs in results.items():
        rates = [total_bytes / (1 << 20) / cost.wall_s for cost in costs]
        rows.append((name, spread(rates), spread([cost.cpu_s * (1 << 30) / total_bytes for cost in costs])))
    return aligned(rows)


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Rows of a table as indented lines."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    cells = [[cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in rows]
    return "\n".join(f"    {'  '.join(row).rstrip()}" for row in cells)


def ratios(results: Results, name: str, what: str) -> list[float]:
    ours = next(iter(results.values()))
    return [getattr(theirs, what) / getattr(own, what) for theirs, own in zip(results[name], ours, strict=True)]


def spread(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.2f} ({min(values):.2f}–{max(values):.2f})"
