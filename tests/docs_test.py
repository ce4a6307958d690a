"""The documents, held against the program and the tree: commands, flags, links, files."""

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest
from layers_test import MAY_INCLUDE

ROOT = Path(__file__).resolve().parent.parent
BINARY = Path(os.environ.get("MBK_BINARY") or ROOT / "milvus-backup")
NO_CONFIGURATION = "cannot locate config file"

DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("src/**/*.md"), *ROOT.glob("t*/**/README.md"), *ROOT.glob("bench/*.md")]
)

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ +(.*)$", re.MULTILINE)
_CODE = re.compile(r"`([^`\n]+)`")
_PATH = re.compile(r"(?:src|docs|tests|testing|demo|cmake|bench)/[\w./-]*")
_HELP_FLAG = re.compile(r"^  ((?:--?\w+,?)+)", re.MULTILINE)


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def blocks(path: Path, language: str) -> list[str]:
    return [body for kind, body in _FENCE.findall(path.read_text()) if kind == language]


def commands(path: Path) -> list[list[str]]:
    """The words of each call of the program in the sh blocks of a document."""
    found = []
    for line in "".join(blocks(path, "sh")).splitlines():
        words = shlex.split(line.removeprefix("$ "), comments=True)
        if words and words[0].removeprefix("./") == "milvus-backup":
            found.append(words[1:])
    return found


def run(arguments: list[str], directory: Path) -> subprocess.CompletedProcess[str]:
    clean = {key: value for key, value in os.environ.items() if key != "MILVUSCONF"}
    return subprocess.run([BINARY, *arguments], cwd=directory, env=clean, capture_output=True, text=True, timeout=60, check=False)


def anchor(heading: str) -> str:
    """As GitHub makes it."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


SHOWN = [pytest.param(words, id=f"{name(path)}: {shlex.join(words)}") for path in DOCUMENTS for words in commands(path)]


def test_the_documents_show_commands():
    assert len(SHOWN) > 20


@pytest.mark.parametrize("words", SHOWN)
def test_a_shown_command_is_one_that_the_program_takes(words, tmp_path):
    """Flags are checked before the configuration is looked for, and there is none here: a good command gets that far."""
    if ">" in words:
        words = words[: words.index(">")]
    done = run(words, tmp_path)
    assert done.returncode == 0 or NO_CONFIGURATION in done.stderr, done.stderr


def test_a_wrong_command_would_be_noticed(tmp_path):
    for words in (["restor", "-n", "b"], ["restore", "-n", "b", "--sufix", "_bak"], ["restore"], ["create", "-n", "a/b"]):
        done = run(words, tmp_path)
        assert done.returncode == 2
        assert NO_CONFIGURATION not in done.stderr


def flags_of(help_text: str) -> set[str]:
    return {flag for flags in _HELP_FLAG.findall(help_text) for flag in flags.split(",")}


@pytest.mark.parametrize("command", re.findall(r"^## `([\w ]+)`", (ROOT / "docs/cli.md").read_text(), re.MULTILINE))
def test_the_reference_names_every_flag_of_a_command(command, tmp_path):
    section = (ROOT / "docs/cli.md").read_text().split(f"## `{command}`")[1].split("\n## ")[0]
    shown = run([*command.split(), "--help"], tmp_path).stdout
    missing = flags_of(shown) - {"-h", "--help"} - {word for code in _CODE.findall(section) for word in re.split(r"[ ,]+", code)}
    assert not missing


def test_the_reference_has_every_command(tmp_path):
    listed = run(["--help"], tmp_path).stdout.split("Subcommands:\n")[1].split("\n\n")[0]
    top = set(re.findall(r"^  (\w+)", listed, re.MULTILINE))
    assert top == {heading.split()[0] for heading in re.findall(r"^## `([\w ]+)`", (ROOT / "docs/cli.md").read_text(), re.MULTILINE)}


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_links_lead_somewhere(path):
    broken = []
    for target in _LINK.findall(_FENCE.sub("", path.read_text())):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, heading = target.partition("#")
        there = (path.parent / file).resolve() if file else path
        if not there.exists():
            broken.append(target)
        elif heading and heading not in {anchor(text) for text in _HEADING.findall(there.read_text())}:
            broken.append(target)
    assert not broken


@pytest.mark.parametrize("path", [path for path in DOCUMENTS if path.parent == ROOT or "adr" in path.parts], ids=name)
def test_files_that_are_named_exist(path):
    named = {code for code in _CODE.findall(path.read_text()) if _PATH.fullmatch(code)}
    assert not {code for code in named if not (ROOT / code).exists()}


def test_the_layer_table_is_the_one_that_is_enforced():
    rows = re.findall(r"^\| `(\w+)/` \|.*\| ([^|]*) \|$", (ROOT / "ARCHITECTURE.md").read_text(), re.MULTILINE)
    table = {layer: set(re.findall(r"\w+", may)) for layer, may in rows}
    there = {path.name for path in (ROOT / "src").iterdir() if path.is_dir()}
    assert table == {layer: MAY_INCLUDE[layer] & there for layer in there}
