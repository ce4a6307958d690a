"""Each advice about backups and flags, taken as printed: it does what it says, and touches nothing else. No Milvus."""

from __future__ import annotations

import re
import shlex
import shutil
import signal
import time
from pathlib import Path

import pytest
from advice import below, beside, command_behind, contents, takes
from object_stores import Minio
from program import (
    DIFFERENT,
    DONE,
    FAILED,
    INTERRUPTED,
    NOT_FOUND,
    PARTLY,
    USAGE,
    Outcome,
    Program,
    backup_store,
    unpack_golden_backups,
    yaml_text,
)
from rig import Rig
from stalling_proxy import StallingProxy

GOLDEN = "spec516"
REACHED_SECONDS = 60
STOP_SECONDS = 5
THERE = "other side/there it is.yaml"  # a name that a shell takes for three words
NO_FILE = "cannot locate config file"  # said when the flags are understood, and there is no configuration


def local(root: Path) -> str:
    store = {"storageType": "local", "rootPath": str(root.parent / "milvus"), "backupRootPath": str(root)}
    return yaml_text({"minio": store, "log": {"console": False}})


@pytest.fixture
def home(program: Program) -> Path:
    """A with a good backup is what the default file has; THERE has B, which is empty."""
    for file, root in (("configs/backup.yaml", "A"), (THERE, "B")):
        (program.directory / root).mkdir()
        program.configure(local(program.directory / root), file)
    unpack_golden_backups(program.directory / "A")
    return program.directory


def done(outcome: Outcome, exit_code: int = DONE) -> Outcome:
    assert outcome.exit_code == exit_code, f"expected exit code {exit_code}\n{outcome}"
    return outcome


def await_true(condition, running) -> None:
    deadline = time.monotonic() + REACHED_SECONDS
    while not condition():
        assert not running.ended(), str(running.finish(within_s=1))
        assert time.monotonic() < deadline


def files_of(directory: Path) -> list[Path]:
    """Those that have their names."""
    return [path for path in directory.rglob("*") if path.is_file() and not path.name.startswith(".mbk-")]


@pytest.fixture
def cut_off(program: Program, home: Path) -> Path:
    """B has what a copy left that was killed."""
    big = home / "A" / GOLDEN / "binlogs" / "big.bin"  # of something else, and carried all the same
    with big.open("wb") as file:
        file.truncate(400 << 20)
    with program.start("copy", "-n", GOLDEN, "--to", THERE, "--set", "minio.crossStorage=true") as running:
        await_true(lambda: files_of(home / "B" / GOLDEN / "binlogs"), running)
        running.interrupt(signal.SIGKILL)
        running.finish(within_s=REACHED_SECONDS)
    big.unlink()
    assert not (home / "B" / GOLDEN / "meta" / "backup_meta.json").exists()
    return home


@takes("ops/open_backup.cc", "remove what is left of it with")
def test_advice_about_the_other_side_leaves_the_good_backup_of_this_one(program, cut_off):
    """Safety 4: as it was printed, `delete` emptied A."""
    before = contents(cut_off)
    refused = program.ends_with(FAILED, "copy", "-n", GOLDEN, "--to", THERE)
    assert f"an unfinished backup {GOLDEN} lies at" in refused.stderr
    command = command_behind("remove what is left of it with", refused)
    assert shlex.split(command) == ["milvus-backup", "delete", "-n", GOLDEN, "--config", THERE]
    assert contents(cut_off) == before, "what advises changes nothing"

    done(program.shell(command))
    assert contents(cut_off) == beside(f"B/{GOLDEN}", before)
    program.ok("copy", "-n", GOLDEN, "--to", THERE)
    program.ok("verify", "-n", GOLDEN, "--level", "rows", "--config", THERE)


@pytest.mark.parametrize("verb", ["verify", "get", "export"])
def test_whoever_reads_what_was_cut_off_is_told_the_same(program, cut_off, verb):
    more = ("-o", "rows") if verb == "export" else ()
    before = contents(cut_off)
    read = program.ends_with(NOT_FOUND, verb, "-n", GOLDEN, *more, "--config", THERE)
    done(program.shell(command_behind("remove what is left of it with", read)))
    assert contents(cut_off) == beside(f"B/{GOLDEN}", before)


def test_an_override_and_a_variable_of_the_other_side_come_along(program, cut_off):
    """The file says C; where the backup lies is said by --set-to, or by a variable with TO_."""
    program.configure(local(cut_off / "C"), THERE)
    before = contents(cut_off)
    by_flag = program.run("copy", "-n", GOLDEN, "--to", THERE, "--set-to", f"minio.backupRootPath={cut_off / 'B'}")
    variable = {"TO_MINIO_BACKUP_ROOT_PATH": str(cut_off / "B")}
    by_variable = program.run("copy", "-n", GOLDEN, "--to", THERE, env=variable)
    assert contents(cut_off) == before
    # The first is what is run: both would remove the same.
    assert command_behind("remove what is left of it with", done(by_variable, FAILED)) != ""
    tidied = program.shell(command_behind("remove what is left of it with", by_variable) + " --dry-run", env=variable)
    assert f"backup {GOLDEN} (unfinished)" in done(tidied).stdout
    done(program.shell(command_behind("remove what is left of it with", done(by_flag, FAILED))))
    assert contents(cut_off) == beside(f"B/{GOLDEN}", before)


def test_a_secret_that_only_the_arguments_had_makes_a_command_that_a_shell_refuses(program, cut_off):
    """Run without it, the command would work with another secret."""
    before = contents(cut_off)
    secret = ("--set-to", "minio.backupSecretAccessKey=hush")
    refused = program.ends_with(FAILED, "copy", "-n", GOLDEN, "--to", THERE, *secret)
    assert "hush" not in refused.stderr + refused.stdout
    command = command_behind("remove what is left of it with", refused)
    assert "(add --set minio.backupSecretAccessKey=…)" in command
    assert program.shell(command).exit_code != DONE
    assert contents(cut_off) == before
    done(program.shell(command.replace("(add", "").replace("…)", "hush")))
    assert contents(cut_off) == beside(f"B/{GOLDEN}", before)


@takes("cli/listing_commands.cc", "the same command finishes it")
def test_a_delete_that_was_stopped_is_finished_by_the_same_command(program, home):
    directory = home / "A" / GOLDEN / "binlogs" / "insert_log" / "1" / "1" / "1" / "1"
    directory.mkdir(parents=True)
    for i in range(20_000):
        (directory / str(i)).write_bytes(b"")
    shutil.copytree(home / "A" / GOLDEN, home / "B" / GOLDEN)
    before = contents(home)
    with program.start("delete", "-n", GOLDEN) as running:
        await_true(lambda: not (home / "A" / GOLDEN / "meta" / "backup_meta.json").exists(), running)
        running.interrupt()
        stopped = running.finish(within_s=STOP_SECONDS)
    assert "the same command finishes it" in done(stopped, INTERRUPTED).stderr
    assert below(f"A/{GOLDEN}", contents(home)), "it was stopped at work"
    program.ok("delete", "-n", GOLDEN)
    assert contents(home) == beside(f"A/{GOLDEN}", before)


def spoil(file: Path, pattern: str, by: str) -> None:
    text = file.read_text()
    spoilt = re.sub(pattern, by, text)
    assert spoilt != text
    file.write_text(spoilt)


@pytest.mark.parametrize(
    "command", [("copy", "--to", THERE), ("export", "-o", "rows"), ("l0compact", "-o", "flat")], ids=lambda words: words[0]
)
@takes("ops/whole_backup.cc", "All that is wrong with it shows")
def test_metadata_that_are_not_whole_are_shown_whole(program, home, command):
    (home / "configs" / "backup.yaml").rename(home / "other side" / "here.yaml")
    for file in ("full_meta.json", "segment_meta.json"):
        spoil(home / "A" / GOLDEN / "meta" / file, r'"num_of_rows": ?500\b', '"num_of_rows":501')
        spoil(home / "A" / GOLDEN / "meta" / file, r'"deltalogs": ?\[[^]]*\],("size": ?21184)', r'"deltalogs":[],"binlogs":[],\1')
    before = contents(home)
    verb, *more = command
    refused = program.ends_with(DIFFERENT, verb, "-n", GOLDEN, *more, "--config", "other side/here.yaml")
    shown = done(program.shell(command_behind("All that is wrong with it shows", refused)), DIFFERENT)
    assert "growing" in shown.stdout and "DAMAGED: " in shown.stdout
    assert contents(home) == before


@takes("ops/export/run.cc", "all that is wrong with it shows")
def test_files_that_are_lost_are_all_shown(program, home):
    files = [file for file in (home / "A" / GOLDEN / "binlogs").rglob("*") if file.is_file()]
    for file in files[:20]:
        file.unlink()
    before = contents(home)
    refused = program.ends_with(DIFFERENT, "export", "-n", GOLDEN, "-o", "rows")
    shown = done(program.shell(command_behind("all that is wrong with it shows", refused)), DIFFERENT)
    assert [str(f.relative_to(home)) for f in files[:20] if f.name not in shown.stdout] == []
    assert contents(home) == before


@takes("ops/verify/run.cc", "whether they are whole tells")
def test_sizes_that_are_not_known_are_told_by_rows(program, home):
    for file in ("full_meta.json", "segment_meta.json"):
        spoil(home / "A" / GOLDEN / "meta" / file, r'"log_size": ?\d+', '"log_size":0')
    before = contents(home)
    quick = program.ends_with(PARTLY, "verify", "-n", GOLDEN)
    assert "verify rows: ok" in done(program.shell(command_behind("whether they are whole tells", quick))).stdout
    assert contents(home) == before


@takes("ops/export/run.cc", "cannot be written; give another place with -o")
def test_another_place_takes_what_is_exported(program, home):
    (home / "a file").write_text("x")
    before = contents(home)
    export = ("export", "-n", GOLDEN, "-c", "growing", "-o")
    refused = program.ends_with(FAILED, *export, "a file/rows")
    assert "give another place with -o" in refused.stderr
    assert contents(home) == before
    program.ok(*export, "rows")
    assert beside("rows", contents(home)) == before


@takes("ops/identity.cc", "Give the copy another name (--as)")
def test_a_copy_onto_itself_takes_another_name(program, home):
    (home / "link to A").symlink_to(home / "A")
    program.configure(local(home / "link to A"), "other side/link.yaml")
    before = contents(home)
    copy = ("copy", "-n", GOLDEN, "--to", "other side/link.yaml")
    refused = program.run(*copy)
    assert "are the same place" in refused.stderr and "(--as)" in refused.stderr, str(refused)
    assert contents(home) == before
    program.ok(*copy, "--as", "beside")
    assert beside("A/beside", contents(home)) == before
    program.ok("verify", "-n", "beside", "--level", "rows")


@takes("ops/l0compact/run.cc", "the output (-o) must have another name")
def test_an_output_takes_another_name(program, home):
    before = contents(home)
    assert "(-o)" in program.run("l0compact", "-n", GOLDEN, "-o", GOLDEN).stderr
    assert contents(home) == before
    program.ok("l0compact", "-n", GOLDEN, "-o", "flat")
    assert beside("A/flat", contents(home)) == before


@takes("cli/export_command.cc", "for all that they name write --filter {}")
def test_a_filter_is_written_for_whoever_selects_twice(program, home):
    before = contents(home)
    export = ("export", "-n", GOLDEN, "-o", "rows", "--dry-run")
    refused = program.ends_with(USAGE, *export, "--filter", "db1.*", "-c", "growing,pkey")
    advised = re.search(r"write (--filter .*)", refused.stderr)[1]
    planned = done(program.shell(f"milvus-backup {shlex.join(export)} {advised}"))
    assert [name for name in ("growing", "pkey", "indb", "multi", "empty_coll") if name in planned.stdout] == ["growing", "pkey", "indb"]
    assert contents(home) == before


def of_text(outcome: Outcome, *parts: str) -> None:
    for part in parts:
        assert part in outcome.stderr, f"{part!r} is not said\n{outcome}"


# What is typed; what is said of it; the same with the advice. Flags are looked at before the configuration.
RESTORE, CLONE, COMPARE = ("restore", "-n", "b"), ("clone", "--to", "b.yaml"), ("compare", "-c", "a:b")
MISTYPED = {
    "drop_exist_index": ((*RESTORE, "--drop_exist_index"), "add --rebuild_index", (*RESTORE, "--drop_exist_index", "--rebuild_index")),
    "drop_first": ((*CLONE, "--drop_first"), "--drop_exist_collection drops: add that", (*CLONE, "--drop_first", "--drop_exist_collection")),
    "append": ((*RESTORE, "--append"), "add --skip_create_collection", (*RESTORE, "--append", "--skip_create_collection")),
    "verify": ((*RESTORE, "--skip_create_collection", "--verify"), "leave it out", (*RESTORE, "--skip_create_collection")),
    "verify then": ((*RESTORE, "--skip_create_collection", "--verify"), "with verify --live or compare", ("verify", "-n", "b", "--live")),
    "verify clone": ((*CLONE, "--skip_create_collection", "--verify"), "with verify --live or compare", (*COMPARE, "--to", "b.yaml")),
    "fingerprint": ((*CLONE, "--fingerprint"), "add --as NAME", (*CLONE, "--fingerprint", "--as", "NAME")),
    "compare to": (("compare", "-c", "a"), "another server (--to)", ("compare", "-c", "a", "--to", "b.yaml")),
    "compare with": (("compare", "-c", "a"), "(-c a:b)", COMPARE),
    "suffix": (("verify", "-n", "b", "--live", "-s", "_a", "-r", "a:b"), "either --suffix or --rename", ("verify", "-n", "b", "--live", "-s", "_a")),
    "rename": (("verify", "-n", "b", "--live", "-s", "_a", "-r", "a:b"), "either --suffix or --rename", ("verify", "-n", "b", "--live", "-r", "a:b")),
    "live": (("verify", "-n", "b", "--load"), "add --live", ("verify", "-n", "b", "--load", "--live")),
    "format": (("create", "--format", "snapshot"), "use --format binlog", ("create", "--format", "binlog")),
    "strategy": (("create", "--strategy", "bulk_flush"), "use --strategy serial_flush", ("create", "--strategy", "serial_flush")),
    "clean": (("check", "--clean"), "check --leftovers --clean", ("check", "--leftovers", "--clean")),
    "set-to": (("list", "--set-to", "minio.port=1"), "for --config it is --set", ("list", "--set", "minio.port=1")),
    "set-to of copy": (("compare", "-c", "a:b", "--set-to", "minio.port=1"), "--to, which is not given", (*COMPARE, "--set-to", "minio.port=1", "--to", "b.yaml")),
    "set-to as set": (("compare", "-c", "a:b", "--set-to", "minio.port=1"), "for --config it is --set", (*COMPARE, "--set", "minio.port=1")),
    "other name": (("create", "--backup_name", "b"), "here it is --name", ("create", "--name", "b")),
    "typo": (("delete", "-n", "b", "--dry_rum"), "here it is --dry_run", ("delete", "-n", "b", "--dry_run")),
    "other command": (("remove", "-n", "b"), "it is delete", ("delete", "-n", "b")),
    "other create": (("backup",), "it is create", ("create",)),
    "mistyped command": (("lst",), "did you mean list?", ("list",)),
    **{
        f"progress {mode}": (("list", "--progress", "loud"), "want auto, bar, lines, json or none", ("list", "--progress", mode))
        for mode in ("auto", "bar", "lines", "json", "none")
    },
}  # fmt: skip


@pytest.mark.parametrize(("typed", "said", "advised"), MISTYPED.values(), ids=MISTYPED.keys())
@takes("cli/selection_flags.cc", "--drop_exist_index would leave")
@takes("cli/selection_flags.cc", "--drop_first says when")
@takes("cli/selection_flags.cc", "--append is about collections that exist")
@takes("cli/selection_flags.cc", "with --skip_create_collection it makes none")
@takes("cli/clone_command.cc", "add --as NAME")
@takes("cli/compare_command.cc", "name another server (--to) or collection (-c a:b)")
@takes("cli/verify_command.cc", "give either --suffix or --rename")
@takes("cli/verify_command.cc", "add --live")
@takes("cli/create_command.cc", "use --format binlog")
@takes("ops/create/options.cc", "use --strategy serial_flush")
@takes("cli/check_command.cc", "--clean is about leftovers")
@takes("cli/app.cc", "which {} does not take; for --config it is --set")
@takes("cli/app.cc", "which is not given; for --config it is --set")
@takes("cli/app.cc", "want auto, bar, lines, json or none")
@takes("cli/not_understood.cc", "here it is ")
@takes("cli/not_understood.cc", "it is create")
@takes("cli/not_understood.cc", "it is delete")
@takes("cli/not_understood.cc", "did you mean {}?")
def test_flags_are_understood_when_the_advice_is_taken(program, typed, said, advised):
    refused = program.ends_with(USAGE, *typed)
    of_text(refused, said)
    if "progress" not in said and "loud" not in typed:  # that one is looked at with the configuration
        assert NO_FILE not in refused.stderr
    of_text(program.ends_with(USAGE, *advised), NO_FILE)


@takes("cli/app.cc", "Run 'milvus-backup {}--help'")
@pytest.mark.parametrize("typed", [("copy",), ("completion", "tcsh"), ("--nothing",), ("config", "show", "--nothing")], ids=" ".join)
def test_help_is_where_it_is_said_to_be(program, typed):
    refused = program.ends_with(USAGE, *typed)
    command = re.search(r"Run '(milvus-backup .*--help)' for usage", refused.stderr)[1]
    shown = done(program.shell(command)).stdout
    assert "Usage:" in shown or "usage" in shown.lower()


@takes("config/sources.cc", "pass --config")
def test_without_a_file_it_runs_when_that_is_said(program, home):
    (home / "configs" / "backup.yaml").rename(home / "here.yaml")
    before = contents(home)
    refused = program.ends_with(USAGE, "list")
    of_text(refused, 'pass --config "" to run with --set', "name another with --config FILE")
    sets = [f"--set backup.storage.{key}" for key in ("provider=local", f"rootPath={home / 'A'}")]
    assert GOLDEN in done(program.shell(f'milvus-backup list --config "" {" ".join(sets)}')).stdout
    assert GOLDEN in program.ok("list", "--config", "here.yaml").stdout
    assert contents(home) == before


@takes("config/sources.cc", "or name another with --to FILE")
def test_the_other_sides_file_is_named_with_its_own_flag(program, home):
    before = contents(home)
    refused = program.ends_with(USAGE, "copy", "-n", GOLDEN, "--to", "nowhere.yaml")
    of_text(refused, "name another with --to FILE")
    assert "--config" not in refused.stderr
    assert contents(home) == before
    program.ok("copy", "-n", GOLDEN, "--to", THERE)
    assert beside(f"B/{GOLDEN}", contents(home)) == before


@takes("config/unknown_keys.cc", "did you mean {}?")
def test_a_key_that_was_meant_is_known(program, home):
    text = (home / "configs" / "backup.yaml").read_text()
    program.configure(text.replace("backupRootPath", "backupRotPath"))
    warned = program.run("list")
    meant = re.search(r"did you mean (minio\.\w+)\?", warned.stdout + warned.stderr)[1]
    assert meant == "minio.backupRootPath"
    program.configure(text.replace("backupRootPath", meant.split(".")[1]))
    assert "did you mean" not in program.ok("list").stderr
    assert program.backups() == [GOLDEN]


@takes("config/unknown_keys.cc", "or by {}")
def test_what_no_variable_says_to_a_file_a_flag_says(program, home):
    """A v2 file has no variable for everything that a v1 file has one for."""
    v2 = "configVersion: v2\n" + yaml_text({"backup": {"storage": {"provider": "local", "rootPath": str(home / "B")}}})
    program.configure(v2, "two.yaml")
    before = contents(home)
    warned = program.run("config", "show", "--to", "two.yaml", env={"TO_MILVUS_TLS_MODE": "1"})
    key, flag = re.search(r"; give (\S+) in the file or by (--set-to)", done(warned).stderr).groups()
    shown = program.ok("config", "show", "--to", "two.yaml", flag, f"{key}=server")
    [line] = [line for line in shown.stdout.splitlines() if key in line]
    assert "server" in line and "warning" not in shown.stderr, str(shown)
    assert contents(home) == before


def test_the_other_side_is_shown_without_a_file_of_this_one(program, home):
    (home / "configs" / "backup.yaml").unlink()
    shown = program.ok("config", "show", "--to", THERE)
    assert str(home / "B") in shown.stdout
    program.configure("nonsense: [", "configs/backup.yaml")
    assert program.ok("config", "show", "--to", THERE).stdout == shown.stdout
    program.ends_with(USAGE, "config", "show")


@pytest.fixture
def bucket(rig: Rig, minio_a: Minio) -> Minio:
    rig.wait_ready()
    return minio_a


@pytest.mark.parametrize("verb", ["copy", "l0compact"])
@takes("ops/give_up.cc", "what was written so far stays behind, remove it with")
def test_what_a_stopped_run_could_not_remove_is_removed_as_it_says(program, home, bucket, backup_root, verb):
    """The store hangs while it is written to, and while what was written is to be removed; later it is there again."""
    keys = {"backupRootPath": backup_root, "rootPath": "files"}
    before_all = set(bucket.keys("bucket-a"))
    with StallingProxy(bucket.port, stall_at=f"{backup_root}/half/binlogs/".encode(), times=20) as proxy:
        store = backup_store(bucket, "bucket-a") | keys
        program.configure(yaml_text({"minio": store}), "direct.yaml")
        program.configure(yaml_text({"minio": store | {"backupPort": proxy.port}, "log": {"console": False}}), THERE)
        program.ok("copy", "-n", GOLDEN, "--to", "direct.yaml")
        before = contents(home)
        good = set(bucket.keys(f"bucket-a/{backup_root}"))
        run = {
            "copy": ("copy", "-n", GOLDEN, "--to", THERE, "--as", "half"),
            "l0compact": ("l0compact", "-n", GOLDEN, "-o", "half", "--config", THERE),
        }[verb]
        with program.start(*run) as running:
            assert proxy.stalled.wait(REACHED_SECONDS), str(running.finish(within_s=0))
            running.interrupt()
            stopped = done(running.finish(within_s=STOP_SECONDS), INTERRUPTED)
        proxy.resume()
        left = set(bucket.keys(f"bucket-a/{backup_root}")) - good
        assert left and all(key.startswith("half/") for key in left)
        done(program.shell(command_behind("what was written so far stays behind, remove it with", stopped)))
    assert set(bucket.keys(f"bucket-a/{backup_root}")) == good
    assert contents(home) == before
    program.ok("verify", "-n", GOLDEN, "--level", "checksum", "--config", "direct.yaml")
    program.ok("delete", "-n", GOLDEN, "--config", "direct.yaml")
    assert set(bucket.keys("bucket-a")) == before_all
