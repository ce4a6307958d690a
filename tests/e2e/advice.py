"""Advice of the program, taken as a user takes it: read off the screen, pasted into a shell."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from program import Outcome

Test = TypeVar("Test", bound=Callable[..., None])


def takes(file: str, part: str) -> Callable[[Test], Test]:
    """Says that a test takes the advice of a text in src/ that has `part` in it. tests/advice_test.py reads it."""
    del file, part
    return lambda test: test


def command_behind(what: str, outcome: Outcome) -> str:
    """The command that stands behind `what: ` in what was printed, to the end where a shell sees it."""
    printed = outcome.stdout + outcome.stderr
    assert printed.count(f"{what}: ") == 1, f"not once: {what!r}\n{outcome}"
    return _first_command(printed.split(f"{what}: ")[1].splitlines()[0])


def commands_behind(what: str, outcome: Outcome) -> list[str]:
    """The same where it may stand several times, or not at all."""
    parts = (outcome.stdout + outcome.stderr).split(f"{what}: ")[1:]
    return [_first_command(part.splitlines()[0]) for part in parts]


def _first_command(line: str) -> str:
    """Up to a semicolon that stands in no quotes."""
    quoted = False
    for at, letter in enumerate(line):
        quoted ^= letter == "'"
        if letter == ";" and not quoted:
            return line[:at]
    return line


def contents(directory: Path) -> dict[str, str]:
    """Every file, directory and link below a directory, to the byte; the program's own logs apart."""
    found = {}
    for path in sorted(directory.rglob("*")):
        name = str(path.relative_to(directory))
        if name.split("/")[0] in ("logs", ".path"):
            continue
        if path.is_symlink():
            found[name] = f"-> {path.readlink()}"
        else:
            found[name] = "directory" if path.is_dir() else hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def _is_below(directory: str, name: str) -> bool:
    return name == directory or name.startswith(directory + "/")


def below(directory: str, found: dict[str, str]) -> dict[str, str]:
    return {name: what for name, what in found.items() if _is_below(directory, name)}


def beside(directory: str, found: dict[str, str]) -> dict[str, str]:
    return {name: what for name, what in found.items() if not _is_below(directory, name)}
