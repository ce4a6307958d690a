"""Every advice of the program has a test that takes it.

An advice is a text in src/ that tells a user to run a command or to add a flag. Commands are printed by `Advise`, and
by functions whose names begin so; flags stand in the texts themselves. A test says which advice it takes:

    @takes("ops/give_up.cc", "remove it with")            in tests/e2e, above the test
    // Takes ops/give_up.cc: "remove it with"              in src/**/*_test.cc, above the TEST

with the file and a part of the text that no other advice of the file has. Texts that name a flag and advise nothing
are listed here.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SRC = ROOT / "src"

# What a user is told to do. `-x` and `--xx` are flags; the others are words around what a variable holds.
ADVICE = re.compile(
    r"(?<![\w-])--?[a-z](?![\w]*\{)|same command|did you mean|here it is |it is (?:create|delete)|or by \{\}|pymilvus|milvus-backup \{"
)
# Help and completion: the documents' tests hold those against the program.
HELP = {"AddFlag", "AddSwitch", "AddCommand", "AddShell", "add_option", "add_flag", "set_help_flag", "set_version_flag"}
GENERATED = ("cli/completion.cc", "cli/man_page.cc")

PARSING = "how the command line is read"
MADE = "how a command is put together that Advise prints"
TOLD = "says what a flag means that was given, or was needed when a backup was made; another would not help"
NO_ADVICE = {
    ("base/hash.cc", "-fips"): "no flag of ours",
    ("cli/app.cc", "--to"): PARSING,
    ("cli/app.cc", "--version"): PARSING,
    ("cli/app.cc", "--help"): PARSING,
    ("cli/app.cc", "--man"): PARSING,
    ("cli/compare_report.cc", "no row was changed, and what --load had loaded is released again, unless something else is said"): TOLD,
    ("cli/create_command.cc", "--backup_index_extra reads etcd, which this version does not do"): TOLD,
    ("cli/create_command.cc", "--fingerprint is about rows, of which strategy meta_only saves none"): TOLD,
    ("cli/migrate_command.cc", "--cluster_id: want the id of a cluster, such as in01-0123456789abcde; the Zilliz Cloud console shows it"): TOLD,
    ("cli/restore_command.cc", "--use_v2_restore needs the REST import of Milvus 2.4 or newer, which this version does not speak"): TOLD,
    ("cli/selection_flags.cc", "--verify compares rows, and --meta_only brings none"): TOLD,
    ("config/reach_of.cc", "--config="): MADE,
    ("config/reach_of.cc", "--config "): MADE,
    ("config/reach_of.cc", "--set "): MADE,
    ("config/reach_of.cc", "--set {}=…"): MADE,
    ("config/reach_of.cc", "-u "): MADE,
    ("config/sources.cc", "--set"): "what SetFlag gives to texts",
    ("config/sources.cc", "--set-to"): "what SetFlag gives to texts",
    ("ops/capture/in_memory.cc", "{}: {}{} row(s) are in memory only, and are not in it (--strategy skip_flush)"): TOLD,
    ("ops/capture/in_memory.cc", "{}: deletes of {} row(s) are in memory only, and are not in it (--strategy skip_flush)"): TOLD,
    ("ops/capture/in_memory.cc", "rows that are in memory only are not in it (--strategy skip_flush); how many, Milvus tells of loaded "
     "collections alone, which these are not: {}"): TOLD,
    ("ops/capture/in_memory.cc", "{}: rows that are in memory only are not in it (--strategy skip_flush); how many cannot be told: {}"): TOLD,
    ("ops/compare/run.cc", "verify --live"): "the name of what cannot be done",
    ("ops/export/run.cc", " --level checksum"): MADE,
    ("ops/load/builder.cc", "the old collection {} was dropped first, as --drop_first says, and nothing has taken its place"): TOLD,
    ("ops/load/prove.cc", "--verify could not read its rows, so that it does not take its name: {}"): TOLD,
    ("ops/load/prove.cc", "--rebuild_index --drop_exist_index --use_auto_index"): MADE,
    ("ops/load/prove.cc", " --release"): MADE,
    ("ops/restore/run.cc", " -r "): MADE,
    ("ops/restore/run.cc", "--rebuild_index"): MADE,
    ("ops/restore/run.cc", " --use_auto_index"): MADE,
    ("ops/restore/run.cc", "--restore_load_state"): MADE,
    ("ops/restore/run.cc", "backup {} holds no RBAC data; it was made without --rbac"): TOLD,
    ("repository/write.cc", "{} is there again each time it is deleted: the store keeps it, or another program writes it"): "no command of ours",
    ("store/local/posix.cc", "the file system or ulimit -f allows no file of this size"): "no command of ours",
    ("store/local/posix.cc", "raise ulimit -n, or lower the concurrency"): "no command of ours",
}  # fmt: skip
# Of a flag under another name `, here it is ` is the advice.
OTHER_NAMES = ("cli/not_understood.cc", re.compile(r"--\w+"))
# Where Advise gets its words from whoever calls.
FORWARDING = {("base/reach.cc", "std::string Advise("): 1, ("ops/load/import.cc", "return Advise(what"): 1}


@dataclass(frozen=True)
class Text:
    """A string of the sources, adjacent ones joined, with the calls that it stands in."""

    file: str
    text: str
    calls: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.file}: {self.text!r}"


_TOKEN = re.compile(
    r'//[^\n]*|/\*.*?\*/|#[^\n]*|R"(\w*)\((?P<raw>.*?)\)\1"|"(?P<plain>(?:\\.|[^"\\])*)"'
    r"|'(?:\\.|[^'\\])'|[A-Za-z_]\w*|\d[\w.']*|[^\s\w]",
    re.DOTALL,
)


def texts(file: Path) -> Iterator[Text]:
    name, calls, before, held = str(file.relative_to(SRC)), [], "", None
    for token in _TOKEN.finditer(file.read_text()):
        word = token[0]
        if word.startswith(("//", "/*", "#")):
            continue
        part = token["raw"] if token["raw"] is not None else token["plain"]
        if part is not None:
            held = Text(name, held.text + part if held else part, tuple(filter(None, calls)))
            continue
        if held:
            yield held
            held, before = None, ""
        if word in "([{":
            calls.append(before if word == "(" else "")
        elif word in ")]}" and calls:
            calls.pop()
        before = word


def sources() -> list[Path]:
    return [f for f in sorted(SRC.rglob("*.cc")) if not f.name.endswith("_test.cc") and "testing" not in f.parts]


def is_advice(text: Text) -> bool:
    if text.file in GENERATED or HELP & set(text.calls):
        return False
    if any(call.startswith("Advise") for call in text.calls):
        return "CommandFor" not in text.calls
    return bool(ADVICE.search(text.text)) and "CommandFor" not in text.calls


def found() -> list[Text]:
    return [text for file in sources() for text in texts(file) if is_advice(text)]


def advice() -> list[Text]:
    file, name = OTHER_NAMES
    return [
        text
        for text in found()
        if (text.file, text.text) not in NO_ADVICE and not (text.file == file and name.fullmatch(text.text))
    ]


@dataclass(frozen=True)
class Case:
    """What a test says that it takes."""

    file: str
    part: str
    test: str

    def __str__(self) -> str:
        return f"{self.file}: {self.part!r}, taken by {self.test}"


def python_cases() -> Iterator[Case]:
    for file in sorted((ROOT / "tests" / "e2e").glob("test_*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if not isinstance(node, ast.FunctionDef):
                continue
            for mark in node.decorator_list:
                if isinstance(mark, ast.Call) and isinstance(mark.func, ast.Name) and mark.func.id == "takes":
                    assert node.name.startswith("test_"), f"{file.name}: {node.name} is no test"
                    where, part = (ast.literal_eval(argument) for argument in mark.args)
                    yield Case(where, part, f"{file.name}::{node.name}")


_TAKES = re.compile(r'// Takes ([\w/.]+): "([^"\n]+)"\n')
_TEST = re.compile(r"(?:// [^\n]*\n)*(?:TEST|TEST_F|TEST_P)\(\w+,\s*(\w+)\)")


def unit_cases() -> Iterator[Case]:
    for file in sorted(SRC.rglob("*_test.cc")):
        text = file.read_text()
        for mark in _TAKES.finditer(text):
            test = _TEST.match(text, mark.end())
            assert test, f"{file.name}: no test stands below {mark[0]!r}"
            yield Case(mark[1], mark[2], f"{file.name}::{test[1]}")


CASES = [*python_cases(), *unit_cases()]


def not_taken() -> list[str]:
    return sorted({str(t) for t in advice() if not any(c.file == t.file and c.part in t.text for c in CASES)})


def test_each_advice_is_taken_by_a_test():
    missing = not_taken()
    assert not missing, "no test takes this advice:\n" + "\n".join(missing)


def test_each_test_takes_one_advice_that_is_there():
    there = advice()
    wrong = [case for case in CASES if sum(case.file == t.file and case.part in t.text for t in there) != 1]
    assert not wrong, "none, or more than one, advice is:\n" + "\n".join(map(str, wrong))


def test_what_is_called_no_advice_is_there():
    there = {(text.file, text.text) for text in found()}
    assert not [key for key in NO_ADVICE if key not in there]


def test_commands_are_printed_by_advise_alone():
    """With a text of its own each: whoever forwards one has a name that begins so."""
    for file in sources():
        name, text = str(file.relative_to(SRC)), file.read_text()
        if name != "base/reach.cc":
            assert not re.search(r"\bas_typed\b(?!\.empty\(\))", text), f"{name} prints a command by itself"
        without_words = len(re.findall(r'\bAdvise\((?!\s*(?:fmt::format\(\s*)?")', text))
        allowed = sum(n for (where, call), n in FORWARDING.items() if where == name and call in text)
        assert without_words == allowed, f"{name}: Advise without words of its own"


def test_a_new_advice_would_be_noticed(tmp_path, monkeypatch):
    monkeypatch.setitem(globals(), "SRC", tmp_path)
    (tmp_path / "new.cc").write_text(
        """
        // "a comment with --flag"
        Status A() { return InvalidArgument("it cannot be; add "
                                            "--force"); }
        Status B() { return fmt::format("{}; {}", why, Advise("try", CommandFor(reach, "get -n x"))); }
        void C() { AddFlag(app, "-n,--name", name, "of it"); }
        std::string D() { return Advise(fmt::format("in {} s", 3), command) + R"(see -o)"; }
        """
    )
    assert [text.text for text in found()] == ["it cannot be; add --force", "try", "in {} s", "see -o"]
