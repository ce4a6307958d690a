"""Kill -9, or a stop, at every step of a restore or clone over collections that stand, on a real Milvus 2.3.5.

Whenever the program dies, the old rows answer bit for bit, or the new ones do; between the two renames the name alone
answers nothing, and the next call puts the old rows back. What a point is: before the server has got a call, or when it
has answered one and the program does not know it yet. Reached with a proxy before the server; looked at without it.

No collection is made anew for a point: each restore brings the other of two variants of what stands by then.
"""

from __future__ import annotations

import json
import re
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import collections_of as milvus
import grpc
import pytest
from datasets import FLAT_IP, field, fill_small, flush, make, vectors
from milvus_server import EAGER, Milvus
from program import (DONE, FAILED, INTERRUPTED, PARTLY, Outcome, Program, Running, backup_store,
                     documented_config, local_config, unpack_golden_backups, yaml_text)  # fmt: skip
from pymilvus import Collection, DataType, utility
from pymilvus.grpc_gen import common_pb2, milvus_pb2, milvus_pb2_grpc, schema_pb2
from rows import Rows, assert_same_rows
from rpc_proxy import AFTER, BEFORE, Call, Point, Refusal, RpcProxy
from stalling_proxy import StallingProxy

KILLS, STOPS = 30, 6
CLONE_KILLS, CLONE_KILLS_INSERTING, CLONE_STOPS = 14, 4, 2
PARTS = 3  # of the restores' points, each with a server of its own, for as many workers
PIECES, PIECE_SECONDS = 6, 900  # of all points
CLEANINGS = 5  # of a minute at most
ENDS_WITHIN_S = 60  # of a run of three or four seconds, on a machine that does other things
REASON = "the disk of etcd is full"
# A query that wants the newest rows waits for the next tick of the proxy.
QUICK = EAGER | {"proxy.timeTickInterval": 50}
OVER = ("--drop_exist_collection", "--rebuild_index", "--restore_load_state")
EVEN, ODD = "even", "odd"

# What asks again and again. How often it does is not the same in two runs.
POLLING = {"GetImportState", "GetLoadingProgress", "DescribeIndex", "GetCollectionStatistics", "GetFlushState"}
# What no selection leaves out.
NAMING = {"RenameCollection", "DropCollection", "CreateAlias", "AlterAlias", "DropAlias"}


def all_points(methods: list[str], polls: int) -> list[Point]:
    """Before and after each call of a run; of each method that polls, the first calls only."""
    seen: Counter[str] = Counter()
    points = []
    for method in methods:
        seen[method] += 1
        if method not in POLLING or seen[method] <= polls:
            points += [Point(method, seen[method], moment) for moment in (BEFORE, AFTER)]
    return points


def evenly(points: list[Point], count: int) -> list[Point]:
    assert len(points) >= count
    return [points[at * len(points) // count] for at in range(count)]


def selected(points: list[Point], count: int) -> list[Point]:
    """All that change names, and as many others, in the order of the run, as `count` has room for."""
    naming = [point for point in points if point.method in NAMING]
    others = evenly([point for point in points if point.method not in NAMING], count - len(naming))
    return [point for point in points if point in naming or point in others]


def fill_variant(name: str, using: str, variant: str) -> Collection:
    """Some keys are in both variants, with other values. Rows in one partition, so that one job imports them."""
    made = make(
        name,
        using,
        [
            field("id", DataType.INT64, is_primary=True),
            field("tag", DataType.VARCHAR, max_length=64),
            field("v", DataType.FLOAT_VECTOR, dim=8),
        ],
        description=name,
        shards_num=1,
    )
    made.create_index("v", FLAT_IP, index_name=f"by_{variant}")
    made.create_partition(variant)
    first, seed = (0, 31) if variant == EVEN else (150, 32)
    data = vectors(seed, 300, 8)
    keys = list(range(first, first + 300))
    made.insert([keys, [f"{variant} {key}" for key in keys], data], partition_name=variant)
    flush(made)
    made.load()
    return made


def printed_command(text: str) -> str | None:
    """The command that a message says puts right what is left."""
    found = re.search(r"milvus-backup check --leftovers --clean[^;\n]*", text)
    return found[0] if found else None


@dataclass
class Seen:
    """What answers: the variant of the rows, None where nothing stands."""

    name: str | None
    aliases: list[str | None]


class Scene:
    """A server, a program that reaches it through a proxy, and what stands under the names that are restored to."""

    def __init__(self, server: Milvus, proxy: RpcProxy, program: Program, targets: list[str], aliases: int) -> None:
        self.server, self.proxy, self.program = server, proxy, program
        self.aliases = {target: [f"{target}_alias_{at}" for at in range(aliases)] for target in targets}
        self.using = milvus.connection(server)
        self.rows: dict[tuple[str, str], Rows] = {}
        self.stands = dict.fromkeys(targets, EVEN)
        self.config: tuple[str, ...] = ()  # of the calls that look at the target
        state = program.directory / "state"
        program.environment["XDG_STATE_HOME"] = str(state)
        self.state = state

    @property
    def targets(self) -> list[str]:
        return list(self.aliases)

    def fill_sources(self) -> None:
        kinds = [(target, variant) for target in self.targets for variant in (EVEN, ODD)]

        def fill(kind: tuple[str, str]) -> Rows:
            made = fill_variant(f"{kind[0]}_{kind[1]}", self.using, kind[1])
            return milvus.read_all_rows(made)

        with ThreadPoolExecutor(len(kinds)) as pool:
            self.rows = dict(zip(kinds, pool.map(fill, kinds), strict=True))

    def give_aliases(self) -> None:
        for target, aliases in self.aliases.items():
            for alias in aliases:
                utility.create_alias(target, alias, using=self.using)

    def command(self, *targets: str) -> list[str]:
        """Brings to each target the variant that does not stand there."""
        raise NotImplementedError

    def other(self, target: str) -> str:
        return ODD if self.stands[target] == EVEN else EVEN

    def selection(self, targets: tuple[str, ...]) -> list[str]:
        sources = {target: f"{target}_{self.other(target)}" for target in targets or self.targets}
        renames = ",".join(f"{source}:{target}" for target, source in sources.items())
        return ["-c", ",".join(sources.values()), "-r", renames, *OVER]

    # ------------------------------------------------------------------------------------------- looking

    def answers(self, target: str, name: str) -> str | None:
        """Which variant all rows behind a name or an alias are, bit for bit."""
        if not utility.has_collection(name, using=self.using):
            return None
        found = milvus.read_all_rows(Collection(name, using=self.using))
        variant = next((v for v in (EVEN, ODD) if self.rows[target, v].keys() == found.keys()), EVEN)
        assert_same_rows(self.rows[target, variant], found)
        return variant

    def look(self, target: str) -> Seen:
        names = [target, *self.aliases[target]]
        with ThreadPoolExecutor(len(names)) as pool:
            name, *aliases = pool.map(lambda name: self.answers(target, name), names)
        return Seen(name, aliases)

    def temporary(self) -> list[str]:
        return sorted(name for name in milvus.names(self.server) if "_mbk_" in name)

    def marks(self) -> list[str]:
        """Records of runs, and what is staged or half written; no directory of it either."""
        below = self.server.local_root
        found = [path for sort in ("restore-temp-*", "mbk-runs/*", ".mbk-*") for path in below.rglob(sort)]
        found += [path for path in self.state.rglob("*") if path.is_file()]
        return sorted(str(path.relative_to(path.anchor)) for path in found)

    def nothing_is_left(self) -> None:
        assert (self.temporary(), self.marks()) == ([], [])

    def stand(self, target: str, variant: str) -> None:
        """Nothing but `variant` stands under all names of the target, indexed and loaded."""
        assert self.look(target) == Seen(variant, [variant] * len(self.aliases[target]))
        found = milvus.collection(self.server, target)
        assert list(milvus.indexes_of(found)) == [f"by_{variant}"]
        assert set(self.aliases[target]) <= set(milvus.aliases_of(found))
        self.stands[target] = variant

    # ------------------------------------------------------------------------------------------- running

    def run(self, *args: str) -> Outcome:
        self.proxy.only_pass_on()
        return self.program.run(*args)

    def ends_with(self, exit_code: int, *args: str) -> Outcome:
        outcome = self.run(*args)
        assert outcome.exit_code == exit_code, str(outcome)
        return outcome

    def undisturbed(self) -> list[str]:
        """The methods that a whole run calls, in their order."""
        before = {target: self.other(target) for target in self.targets}
        self.ends_with(DONE, *self.command())
        methods = self.proxy.methods
        for target, variant in before.items():
            self.stand(target, variant)
        self.nothing_is_left()
        return methods

    def until(self, order: Callable[[Point, Callable[[], None]], None], point: Point, sent: signal.Signals) -> Outcome:
        """Runs the command, which gets a signal at the point."""
        running: Future[Running] = Future()
        order(point, lambda: running.result().interrupt(sent))
        with self.program.start(*self.command()) as started:
            running.set_result(started)
            return started.finish(within_s=ENDS_WITHIN_S)

    def reached(self, point: Point, outcome: Outcome) -> bool:
        """Polling calls may not be made a second time; then the run has ended as if nothing were."""
        if self.proxy.struck:
            return True
        assert point.method in POLLING and point.ordinal > 1, f"{point} was not reached\n{outcome}"
        assert outcome.exit_code == DONE, str(outcome)
        return False

    # ------------------------------------------------------------------------------------------- killing

    def kill_at(self, point: Point, *, again: bool, seen_as: dict[str, str | None] | None = None) -> None:
        """And then the same command once more, or the cleaning that the list of leftovers tells.

        `seen_as`: what stands under each name meanwhile, where that is known.
        """
        old = dict(self.stands)
        command = self.command()
        outcome = self.until(self.proxy.cut_at, point, signal.SIGKILL)
        if not self.reached(point, outcome):
            for target in self.targets:
                self.stand(target, self.other(target))
            return
        assert outcome.exit_code == -signal.SIGKILL, str(outcome)
        seen = {target: self.look(target) for target in self.targets}
        for target in self.targets:
            self.answered(target, old[target], seen[target])
        assert seen_as is None or {target: seen[target].name for target in self.targets} == seen_as
        if again:
            self.ends_with(DONE, *command)
            for target in self.targets:
                self.stand(target, self.other(target))
        else:
            self.clean()
            for target in self.targets:
                self.stand(target, seen[target].name or old[target])
        self.nothing_is_left()

    def answered(self, target: str, old: str, seen: Seen) -> None:
        """Right after a kill."""
        assert None not in seen.aliases, f"an alias of {target} answers nothing: {seen}"
        aside = [name for name in self.temporary() if name.endswith("_old")]
        if seen.name is None:
            assert aside, f"nothing is {target}, and nothing stands aside"
            assert seen.aliases == [old] * len(seen.aliases)
        elif seen.name == old:
            assert seen.aliases == [old] * len(seen.aliases)

    def clean(self) -> None:
        """As the program tells a user who asks what is left."""
        names = self.temporary()
        listed = self.ends_with(DONE, "check", "--leftovers", *self.config)
        for name in names:
            assert name in listed.stdout, f"{name} stands and is not named\n{listed}"
        assert self.temporary() == names, "a list changes nothing"
        command = printed_command(listed.stdout)
        if command is None:
            assert "No leftovers" in listed.stdout, str(listed)
            return
        self.take(command)
        assert "No leftovers" in self.ends_with(DONE, "check", "--leftovers", *self.config).stdout

    def take(self, command: str) -> None:
        """Takes the program's advice, as often as it says so: jobs of a Milvus go on without their collection."""
        self.proxy.only_pass_on()
        for _ in range(CLEANINGS):
            outcome = self.program.shell(command)
            if outcome.exit_code == DONE:
                return
            assert outcome.exit_code == PARTLY and "of the server still reads them" in outcome.stdout, str(outcome)
            assert printed_command(outcome.stdout) == command, str(outcome)
        pytest.fail(f"jobs read staged files for minutes\n{outcome}")

    # ------------------------------------------------------------------------------------------ stopping

    def stop_at(self, point: Point) -> None:
        """Ctrl-C. The run puts right by itself what it began, and says what became of each collection."""
        old = dict(self.stands)
        outcome = self.until(self.proxy.act_at, point, signal.SIGINT)
        reached = self.reached(point, outcome)
        # Behind the last step that can be stopped it ends as always.
        assert outcome.exit_code in ((INTERRUPTED, DONE) if reached else (DONE,)), str(outcome)
        for target in self.targets:
            seen = self.look(target)
            assert seen.name is not None, f"a stop was obeyed between the renames\n{outcome}"
            self.told(target, old[target], seen.name, outcome)
        command = printed_command(outcome.stderr)
        if command is not None:
            self.take(command)
        self.nothing_is_left()
        for target in self.targets:
            self.stand(target, self.look(target).name or "nothing")

    def told(self, target: str, old: str, now: str, outcome: Outcome) -> None:
        if outcome.exit_code == DONE:
            assert now != old, str(outcome)
            return
        of = f"[^;]*default\\.{target}\\b"
        complete = re.search(f"; complete:{of}", outcome.stderr)
        kept = re.search(f"; as before, with their old rows:{of}", outcome.stderr)
        if now == old:
            assert not complete, str(outcome)
        else:
            assert complete and not kept, str(outcome)


    # ---------------------------------------------------------------------------------------- everywhere

    def every_point(self, points: list[Point], share: int, shares: int) -> None:
        """Kills and stops at a share of the points; goes on behind a failure, and fails at the end."""
        failures, tried = [], 0

        def strike(point: Point, how: str, act: Callable[[], None]) -> None:
            nonlocal tried
            tried += 1
            try:
                act()
            except Exception as failure:  # whatever it is, the other points are to be seen too
                failures.append(f"{how} {point}: {failure}")
                self.recover()

        for nth in range(share, len(points), shares):
            # Next comes the same command, or the cleaning: at the two points of one call once each.
            point, again = points[nth], nth % 4 in (0, 3)
            strike(point, "killed", lambda point=point, again=again: self.kill_at(point, again=again))
            strike(point, "stopped", lambda point=point: self.stop_at(point))
        assert not failures, f"{len(failures)} of {tried}:\n" + "\n\n".join(failures)

    def recover(self) -> None:
        """After a failure, whatever it left."""
        self.run("check", "--leftovers", "--clean", *self.config)
        for name in self.temporary():
            milvus.drop(self.server, name)
        self.ends_with(DONE, *self.command())
        for target, aliases in self.aliases.items():
            self.stands[target] = self.answers(target, target)
            for alias in aliases:
                if alias not in milvus.aliases_of(milvus.collection(self.server, target)):
                    utility.alter_alias(target, alias, using=self.using)


@contextmanager
def served(rig, name: str, directory: Path) -> Iterator[tuple[Milvus, RpcProxy, Program]]:
    server = rig.milvus(f"milvus_kill_{name}", overrides=QUICK)
    server.wait_ready()
    with RpcProxy(server.address, server.port) as proxy:
        yield server, proxy, Program(directory)
    rig.stop_one(server.name)


# -------------------------------------------------------------------------------------------------- restore


class Restoring(Scene):
    def prepare(self) -> None:
        # The bytes of the backup are staged, as from another disk; else Milvus would read them where they lie.
        through_proxy = local_config(
            self.server,
            self.program.directory / "backups",
            milvus={"port": self.proxy.port},
            minio={"crossStorage": True},
        )
        self.program.configure(through_proxy)
        self.fill_sources()
        names = [f"{target}_{variant}" for target, variant in self.rows]
        for name in names:
            utility.create_alias(name, f"{name}_shelf", using=self.using)
        self.program.ok("create", "-n", "saved", "-c", ",".join(names))
        for name in names:
            milvus.drop(self.server, name)
        self.ends_with(DONE, *self.command())
        for target in self.targets:
            self.stands[target] = self.other(target)
        self.give_aliases()

    def command(self, *targets: str) -> list[str]:
        # Those of the backup are given anew each time.
        for target, variant in self.rows:
            if utility.has_collection(f"{target}_{variant}_shelf", using=self.using):
                utility.drop_alias(f"{target}_{variant}_shelf", using=self.using)
        return ["restore", "-n", "saved", *self.selection(targets), "--restore_alias"]


@pytest.fixture(scope="module")
def restoring(request, rig, tmp_path_factory):
    with served(rig, request.param, tmp_path_factory.mktemp(request.param)) as parts:
        scene = Restoring(*parts, ["books"], aliases=2)
        scene.prepare()
        scene.methods, scene.part = scene.undisturbed(), int(request.param[-1])
        yield scene


in_parts = pytest.mark.parametrize("restoring", [f"part_{part}" for part in range(PARTS)], indirect=True)


@in_parts
@pytest.mark.parametrize("nth", range(KILLS // PARTS))
def test_a_killed_restore_leaves_the_old_rows_or_the_new_ones_whole(restoring, nth):
    points = selected(all_points(restoring.methods, polls=2), KILLS)
    at = nth * PARTS + restoring.part
    restoring.kill_at(points[at], again=at % 4 in (0, 3))


@in_parts
@pytest.mark.parametrize("nth", range(STOPS // PARTS))
def test_a_stopped_restore_leaves_the_old_rows_or_the_new_ones_whole(restoring, nth):
    points = evenly(all_points(restoring.methods, polls=2), STOPS)
    restoring.stop_at(points[nth * PARTS + restoring.part])


@pytest.mark.torture
@pytest.mark.timeout(PIECE_SECONDS)
@in_parts
@pytest.mark.parametrize("piece", range(PIECES))
def test_a_restore_may_die_or_be_stopped_anywhere(restoring, piece):
    """Every call of it, of those that poll the first ten."""
    restoring.every_point(all_points(restoring.methods, polls=10), PARTS * piece + restoring.part, PARTS * PIECES)


# ---------------------------------------------------------------------------------------------------- clone


class Cloning(Scene):
    """From one collection of the server to another."""

    def prepare(self) -> None:
        backups = self.program.directory / "backups"
        self.program.configure(local_config(self.server, backups))
        self.program.configure(local_config(self.server, backups, milvus={"port": self.proxy.port}), "configs/b.yaml")
        self.config = ("--config", "configs/b.yaml")
        self.fill_sources()
        self.methods = {}
        for self.via in ("import", "insert"):
            self.ends_with(DONE, *self.command())
            for target in self.targets:
                self.stands[target] = self.other(target)
            if self.via == "import":
                self.give_aliases()
            self.methods[self.via] = self.undisturbed()

    def command(self, *targets: str) -> list[str]:
        return ["clone", "--to", "configs/b.yaml", "--via", self.via, *self.selection(targets)]


@pytest.fixture(scope="module")
def cloning(request, rig, tmp_path_factory):
    with served(rig, request.param, tmp_path_factory.mktemp(request.param)) as parts:
        scene = Cloning(*parts, ["books"], aliases=1)
        scene.kind = request.param
        scene.prepare()
        yield scene


cloned = pytest.mark.parametrize("cloning", ["clone"], indirect=True)


@cloned
@pytest.mark.parametrize("nth", range(CLONE_KILLS))
def test_a_killed_clone_leaves_the_old_rows_or_the_new_ones_whole(cloning, nth):
    cloning.via = "import"
    points = selected(all_points(cloning.methods["import"], polls=1), CLONE_KILLS)
    cloning.kill_at(points[nth], again=nth % 4 in (0, 3))


@cloned
@pytest.mark.parametrize("nth", range(CLONE_KILLS_INSERTING))
def test_a_killed_clone_that_inserts_leaves_the_old_rows_or_the_new_ones_whole(cloning, nth):
    """Its record lies in the state directory: the store of the target is not opened."""
    cloning.via = "insert"
    points = [point for point in all_points(cloning.methods["insert"], polls=1) if point.method not in NAMING]
    inserting = points[points.index(Point("CreateCollection", 1, BEFORE)) :]
    cloning.kill_at(evenly(inserting, CLONE_KILLS_INSERTING)[nth], again=nth % 2 == 0)


@cloned
@pytest.mark.parametrize("nth", range(CLONE_STOPS))
def test_a_stopped_clone_leaves_the_old_rows_or_the_new_ones_whole(cloning, nth):
    cloning.via = "import" if nth % 2 else "insert"
    cloning.stop_at(evenly(all_points(cloning.methods[cloning.via], polls=1), CLONE_STOPS)[nth])


@pytest.mark.parametrize("cloning", ["import", "insert"], indirect=True)
@pytest.mark.torture
@pytest.mark.timeout(PIECE_SECONDS)
@pytest.mark.parametrize("piece", range(PIECES))
def test_a_clone_may_die_or_be_stopped_anywhere(cloning, piece):
    cloning.via = cloning.kind
    cloning.every_point(all_points(cloning.methods[cloning.via], polls=2), piece, PIECES)


# ------------------------------------------------------------------------------------- several collections


class OneRefused:
    """Refuses a step of one of several collections, by its final name, each time that it is tried."""

    def __init__(self, target: str, step: str) -> None:
        self.target, self.step = target, step
        self._built_for: dict[str, str] = {}  # temporary name: target

    def __call__(self, call: Call) -> Refusal | None:
        return getattr(self, f"_{call.method}", lambda _: None)(call.request)

    def _CreateCollection(self, request: bytes) -> Refusal | None:  # noqa: N802
        asked = milvus_pb2.CreateCollectionRequest.FromString(request)
        source = schema_pb2.CollectionSchema.FromString(asked.schema).description
        self._built_for[asked.collection_name] = source.rpartition("_")[0]
        if self.step != "create" or self._built_for[asked.collection_name] != self.target:
            return None
        return Refusal(answer=_failure().SerializeToString())

    def _Import(self, request: bytes) -> Refusal | None:  # noqa: N802
        asked = milvus_pb2.ImportRequest.FromString(request)
        if self.step != "import" or self._built_for[asked.collection_name] != self.target:
            return None
        # An unexpected error would leave it open whether the job began.
        refused = common_pb2.Status(error_code=common_pb2.IllegalArgument, code=1100, reason=REASON)
        return Refusal(answer=milvus_pb2.ImportResponse(status=refused).SerializeToString())

    def _RenameCollection(self, request: bytes) -> Refusal | None:  # noqa: N802
        asked = milvus_pb2.RenameCollectionRequest.FromString(request)
        goes_aside = self.step == "aside" and asked.oldName == self.target
        is_named = self.step == "name" and self._built_for.get(asked.oldName) == self.target
        if not goes_aside and not is_named:
            return None
        return Refusal(code=grpc.StatusCode.INTERNAL, details=REASON)


def _failure() -> common_pb2.Status:
    return common_pb2.Status(error_code=common_pb2.UnexpectedError, code=65535, reason=REASON)


class Several(Restoring):
    def in_order(self) -> list[str]:
        """The targets as the next run goes through them: as their sources lie in the backup."""
        meta = json.loads((self.program.directory / "backups/saved/meta/full_meta.json").read_text())
        names = [collection["collection_name"] for collection in meta["collection_backups"]]
        return sorted(self.targets, key=lambda target: names.index(f"{target}_{self.other(target)}"))

    def one_fails(self, target: str, step: str) -> None:
        expected = {name: self.stands[name] if name == target else self.other(name) for name in self.targets}
        command = self.command()
        self.proxy.refuse(OneRefused(target, step))
        outcome = self.program.run(*command)
        assert self.proxy.refused
        assert outcome.exit_code == PARTLY, str(outcome)
        assert "2 of 3 collections" in outcome.stdout, str(outcome)
        failed = [line for line in outcome.stderr.splitlines() if line.startswith("Error: ")]
        assert len(failed) == 1 and failed[0].startswith(f"Error: default.{target}: "), str(outcome)
        assert REASON in failed[0], str(outcome)
        for name, variant in expected.items():
            self.stand(name, variant)
        assert printed_command(outcome.stderr) is None, str(outcome)
        self.nothing_is_left()

    def dies_between_the_renames_of(self, at: int, *, again: bool) -> None:
        """Those before it are new and stay so, those behind it old."""
        order = self.in_order()
        before, behind = order[:at], order[at + 1 :]
        seen_as = {target: self.other(target) for target in before} | {target: self.stands[target] for target in behind}
        # The first rename asks whether there is a right to; then two a collection.
        self.kill_at(Point("RenameCollection", 2 + 2 * at, AFTER), again=again, seen_as=seen_as | {order[at]: None})


@pytest.fixture(scope="module")
def several(request, rig, tmp_path_factory):
    with served(rig, request.param, tmp_path_factory.mktemp(request.param)) as parts:
        scene = Several(*parts, ["books", "films", "songs"], aliases=1)
        scene.prepare()
        yield scene


of_several = pytest.mark.parametrize("several", ["several"], indirect=True)
each_of_three = pytest.mark.parametrize("at", [0, 1, 2], ids=["first", "middle", "last"])


@of_several
@each_of_three
@pytest.mark.parametrize("step", ["create", "import", "name"])
def test_where_one_of_three_fails_the_others_are_replaced_and_its_old_rows_stay(several, at, step):
    several.one_fails(several.in_order()[at], step)


@pytest.mark.torture
@of_several
@each_of_three
def test_where_one_of_three_does_not_go_aside_its_old_rows_stay(several, at):
    several.one_fails(several.in_order()[at], "aside")


@of_several
@each_of_three
def test_old_rows_are_put_back_after_a_kill_between_the_renames_of_one_of_three(several, at):
    several.dies_between_the_renames_of(at, again=at == 1)


@of_several
def test_a_stop_between_the_renames_of_the_middle_one_waits_for_the_second(several):
    several.stop_at(Point("RenameCollection", 4, AFTER))


# ------------------------------------------------------------------------------------------ object storage


@pytest.fixture
def over_old_rows(a, b, minio_a, program, backup_root):
    """A restore from A's bucket over a collection of B that is loaded and has an alias; by a configuration."""
    program.environment["XDG_STATE_HOME"] = str(program.directory / "state")
    program.configure(documented_config(a.server, backup_root=backup_root))
    program.ok("create", "-c", "coll", "-n", "whole")
    fill_small("coll", milvus.connection(b))
    utility.create_alias("coll", "of_the_users", using=milvus.connection(b))

    def configured(port, file):
        store = backup_store(minio_a, "bucket-a") | {"port": port}
        program.configure(documented_config(b, backup_root=backup_root, minio=store), file)
        return ["restore", "-n", "whole", "-c", "coll", *OVER, "--config", file]

    return configured


@pytest.mark.parametrize(
    ("request_line", "times", "again"),
    [
        pytest.param(b"PUT /bucket-b/mbk-runs/", 3, False, id="record"),
        pytest.param(b"PUT /bucket-b/restore-temp-", 1, True, id="first staged"),
        pytest.param(b"PUT /bucket-b/restore-temp-", 4, False, id="fourth staged"),
        pytest.param(b"POST /bucket-b/?delete", 1, True, id="staging goes"),
    ],
)
def test_a_kill_as_it_writes_to_the_store_leaves_the_old_rows_or_the_new_ones_whole(
    a, b, minio_b, program, over_old_rows, request_line, times, again
):
    old = milvus.rows(b, "coll")
    with StallingProxy(minio_b.port, stall_at=request_line, times=times) as proxy:
        with program.start(*over_old_rows(proxy.port, "stuck.yaml")) as running:
            assert proxy.stalled.wait(ENDS_WITHIN_S), str(running.finish(within_s=0))
            running.interrupt(signal.SIGKILL)
            running.finish(within_s=ENDS_WITHIN_S)
    whole = Collection("of_the_users", using=milvus.connection(b))
    assert_same_rows(old, milvus.rows(b, "coll"))
    assert_same_rows(old, milvus.read_all_rows(whole))

    command = over_old_rows(minio_b.port, "b.yaml")
    if again:
        program.ok(*command)
    else:
        listed = program.ok("check", "--leftovers", "--config", "b.yaml")
        cleaned = program.shell(printed_command(listed.stdout))
        assert cleaned.exit_code == DONE, str(cleaned)
    assert [key for key in minio_b.keys("bucket-b") if key.startswith(("restore-temp-", "mbk-runs/"))] == []
    assert not [name for _, name in milvus.all_names(b) if "_mbk_" in name]
    expected = a.rows_of("coll") if again else old
    assert_same_rows(expected, milvus.rows(b, "coll"))
    assert_same_rows(expected, milvus.read_all_rows(Collection("of_the_users", using=milvus.connection(b))))


# --------------------------------------------------------------------------------------------- Milvus Lite


class OnALaptop:
    """A Milvus Lite, which has no ids to tell collections by, and a backup on the disk; rows are inserted."""

    SOURCES = ("default.growing", "db1.indb")

    def __init__(self, proxy: RpcProxy, program: Program) -> None:
        self.proxy, self.program = proxy, program
        self.stands = self.SOURCES[1]
        home = program.directory
        program.environment["XDG_STATE_HOME"] = str(home / "state")
        (home / "data").mkdir()
        unpack_golden_backups(home / "backups")
        store = {"storageType": "local", "rootPath": str(home / "data"), "backupRootPath": str(home / "backups")}
        program.configure(yaml_text({"milvus": {"address": "127.0.0.1", "port": proxy.port}, "minio": store}))
        program.ok(*self.command(self.stands))
        self.stub = milvus_pb2_grpc.MilvusServiceStub(grpc.insecure_channel(f"127.0.0.1:{proxy.port}"))
        self.stub.CreateAlias(milvus_pb2.CreateAliasRequest(collection_name="books", alias="of_the_users"))

    def other(self) -> str:
        return next(source for source in self.SOURCES if source != self.stands)

    def command(self, source: str) -> list[str]:
        renamed = ("-c", source, "-r", f"{source}:default.books")
        return ["restore", "-n", "spec516", *renamed, "--via", "insert", *OVER]

    def verified(self, source: str, *load: str) -> int:
        """Compares every row of the collection with the backup, by fingerprints."""
        sides = ("--filter", source, "-r", f"{source}:default.books")
        return self.program.run("verify", "-n", "spec516", "--live", *sides, *load).exit_code

    def is_it(self, source: str, *load: str) -> None:
        assert self.verified(source, *load) == DONE
        asked = milvus_pb2.ListAliasesRequest(collection_name="books")
        assert list(self.stub.ListAliases(asked).aliases) == ["of_the_users"]
        listed = self.program.ok("check", "--leftovers")
        assert "No leftovers" in listed.stdout, str(listed)
        assert not list((self.program.directory / "state").rglob("*.json"))
        self.stands = source


@pytest.fixture(scope="module")
def laptop(request, rig, tmp_path_factory):
    server = rig.milvus_lite(f"lite_kill_{request.param}")
    server.wait_ready()
    with RpcProxy(server.address, server.port) as proxy:
        yield OnALaptop(proxy, Program(tmp_path_factory.mktemp(request.param)))
    rig.stop_one(server.name)


on_a_laptop = pytest.mark.parametrize("laptop", ["laptop"], indirect=True)


@on_a_laptop
@pytest.mark.parametrize("again", [True, False], ids=["again", "clean"])
@pytest.mark.parametrize(
    "point",
    [
        Point("CreateCollection", 1, AFTER),
        Point("Insert", 1, AFTER),
        # The first rename asks whether there is a right to.
        Point("RenameCollection", 2, AFTER),
        Point("RenameCollection", 3, AFTER),
        Point("DropCollection", 1, AFTER),
    ],
    ids=str,
)
def test_a_killed_restore_into_milvus_lite_leaves_the_old_rows_or_the_new_ones_whole(laptop, point, again):
    old, new = laptop.stands, laptop.other()
    running: Future[Running] = Future()
    laptop.proxy.cut_at(point, lambda: running.result().interrupt(signal.SIGKILL))
    with laptop.program.start(*laptop.command(new)) as started:
        running.set_result(started)
        outcome = started.finish(within_s=ENDS_WITHIN_S)
    assert laptop.proxy.struck, str(outcome)
    laptop.proxy.only_pass_on()
    if again:
        laptop.program.ok(*laptop.command(new))
        laptop.is_it(new, "--load")
        return
    cleaned = laptop.program.shell(printed_command(laptop.program.ok("check", "--leftovers").stdout))
    assert cleaned.exit_code == DONE, str(cleaned)
    exchanged = point in (Point("RenameCollection", 3, AFTER), Point("DropCollection", 1, AFTER))
    between = point == Point("RenameCollection", 2, AFTER)
    assert ("is to be loaded again if it was" in cleaned.stdout) == between, str(cleaned)
    laptop.is_it(new if exchanged else old, "--load")


@on_a_laptop
def test_a_name_that_milvus_lite_does_not_give_leaves_the_old_one_loaded(laptop):
    if laptop.stands != "db1.indb":  # the one that is loaded when it is restored
        laptop.program.ok(*laptop.command("db1.indb"))
        laptop.stands = "db1.indb"

    def refuses(call: Call) -> Refusal | None:
        if call.method != "RenameCollection":
            return None
        asked = milvus_pb2.RenameCollectionRequest.FromString(call.request)
        is_named = asked.newName == "books" and not asked.oldName.endswith("_old")
        return Refusal(code=grpc.StatusCode.INTERNAL, details=REASON) if is_named else None

    laptop.proxy.refuse(refuses)
    failed = laptop.program.ends_with(FAILED, *laptop.command(laptop.other()))
    assert laptop.proxy.refused == 1
    assert REASON in failed.stderr and "the old collection has its name" in failed.stderr, str(failed)
    laptop.proxy.only_pass_on()
    laptop.is_it(laptop.stands)
