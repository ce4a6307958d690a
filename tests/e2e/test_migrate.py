"""Backups go to Zilliz Cloud: its control plane is a double, the volume it gives out lies in a real MinIO behind TLS."""

from pathlib import Path

import pytest
from advice import command_behind, takes
from program import DONE, FAILED, INTERRUPTED, NOT_ALLOWED, NOT_FOUND, USAGE, unpack_golden_backups, yaml_text
from stalling_proxy import StallingProxy
from zilliz_double import API_KEY, CLUSTER, ZillizDouble

BACKUP = "spec516"
STOP_SECONDS, REACHED_SECONDS = 5, 60


@pytest.fixture(scope="module")
def golden(tmp_path_factory) -> Path:
    """The directory of a backup that the Go tool wrote."""
    home = tmp_path_factory.mktemp("golden")
    unpack_golden_backups(home)
    return home / BACKUP


@pytest.fixture(scope="module")
def source(rig, golden):
    """A MinIO with that backup."""
    minio = rig.minio("minio_backups", ["backups"])
    minio.wait_ready()
    minio.mc("cp", "--recursive", str(golden), "minio_backups/backups/backup/")
    yield minio
    rig.stop_one("minio_backups")


@pytest.fixture(scope="module")
def zilliz(rig):
    with ZillizDouble(rig.certificates()) as double:
        store = rig.minio("minio_staging", ["staging"], tls=True, events_to=double.events_url)
        store.wait_ready()
        double.stage_in(store, "staging")
        yield double
        rig.stop_one("minio_staging")


@pytest.fixture
def cloud(zilliz):
    zilliz.reset()
    return zilliz


def config_of(source, cloud, *, port=None, **more):
    minio = {
        "address": source.address,
        "port": port or source.port,
        "accessKeyID": source.access_key,
        "secretAccessKey": source.secret_key,
        "bucketName": "backups",
        "backupRootPath": "backup",
    }
    return yaml_text(
        {"minio": minio, "cloud": {"address": cloud.api_url, "apikey": API_KEY, "caCertPath": str(cloud.ca)} | more}
    )


@pytest.fixture
def migrate(source, cloud, program):
    """Runs migrate and expects an exit code."""
    program.configure(config_of(source, cloud))

    def run(exit_code, *args, name=BACKUP, cluster=CLUSTER):
        return program.ends_with(exit_code, "migrate", "-n", name, "-c", cluster, *args)

    return run


def files_of(directory: Path) -> dict[str, bytes]:
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def uploaded(cloud, directory: Path) -> dict[str, bytes]:
    """What lies in the volume at the path of the last application, byte for byte."""
    path = cloud.upload_path(cloud.seen.applications[-1]["path"])
    cloud.store.mc("mirror", f"{cloud.store.name}/{cloud.bucket}/{path}", str(directory))
    return files_of(directory)


def test_a_backup_arrives_in_every_byte_and_its_job_is_followed(migrate, cloud, golden, tmp_path):
    outcome = migrate(DONE)
    lines = outcome.stdout.splitlines()
    assert lines[0] == f"Successfully triggered migration with backup name: {BACKUP} target cluster: {CLUSTER} "
    assert lines[1] == "migration job id: job-0000000000000000000000. "
    assert lines[2] == "You can check the progress of the migration job in Zilliz Cloud console."
    assert lines[3:] == ["migration job successful"]
    assert uploaded(cloud, tmp_path / "arrived") == files_of(golden)
    (application,), (migration,) = cloud.seen.applications, cloud.seen.migrations
    assert migration["source"]["dataPath"] == application["path"]
    assert API_KEY not in outcome.stderr


def test_json_says_what_was_done(migrate, golden):
    report = migrate(DONE, "--json").json()
    files = files_of(golden)
    assert report["objects"] == len(files)
    assert report["bytes"] == sum(map(len, files.values()))
    assert report["job_state"] == "successful"
    assert report["job_id"].startswith("job-")


def test_without_waiting_the_job_is_started_and_not_asked_for(migrate, cloud):
    outcome = migrate(DONE, "--wait=false")
    assert len(outcome.stdout.splitlines()) == 3
    assert len(cloud.seen.migrations) == 1
    assert not cloud.seen.asked_for_job.is_set()


def test_keys_that_the_store_refuses_in_mid_upload_are_renewed(migrate, cloud, golden, tmp_path):
    cloud.behaviour.revoke_after = 50
    migrate(DONE)
    assert cloud.seen.revoked == 1
    assert len(cloud.seen.applications) == 2, "the keys of one volume were renewed once"
    assert len({application["path"] for application in cloud.seen.applications}) == 1
    assert uploaded(cloud, tmp_path / "arrived") == files_of(golden)


def test_keys_are_renewed_before_they_expire(source, cloud, program, golden, tmp_path):
    """The upload waits in its middle until the first keys have expired, as far as the client was told."""
    cloud.behaviour.keys_live_s = 2
    with StallingProxy(source.port, stall_at=b"GET /backups/backup/spec516/binlogs/", times=30) as proxy:
        program.configure(config_of(source, cloud, port=proxy.port))
        with program.start("migrate", "-n", BACKUP, "-c", CLUSTER) as running:
            assert proxy.stalled.wait(REACHED_SECONDS), str(running.finish(within_s=0))
            cloud.wait_until_keys_have_expired()
            proxy.resume()
            outcome = running.finish(within_s=REACHED_SECONDS)
    assert outcome.exit_code == DONE, str(outcome)
    assert len(cloud.seen.applications) >= 2
    assert cloud.seen.revoked == 0
    assert uploaded(cloud, tmp_path / "arrived") == files_of(golden)


def test_a_dry_run_asks_nothing_of_the_cloud(migrate, cloud, golden):
    report = migrate(DONE, "--dry-run", "--json").json()
    assert report["objects"] == len(files_of(golden))
    assert cloud.seen.applications == []


def test_a_wrong_api_key(source, cloud, program):
    program.configure(config_of(source, cloud, apikey="another-key"))
    outcome = program.ends_with(NOT_ALLOWED, "migrate", "-n", BACKUP, "-c", CLUSTER)
    assert "The apikey is illegal." in outcome.stderr
    assert "cloud.apikey" in outcome.stderr
    assert "another-key" not in outcome.stderr
    assert cloud.seen.objects == 0


def test_no_api_key_is_wrong_configuration(source, cloud, program):
    program.configure(config_of(source, cloud, apikey=""))
    assert "cloud.apikey" in program.ends_with(USAGE, "migrate", "-n", BACKUP, "-c", CLUSTER).stderr
    assert cloud.seen.refused == 0


def test_a_cloud_whose_authority_is_not_trusted(source, cloud, program):
    program.configure(config_of(source, cloud, caCertPath=""))
    outcome = program.ends_with(FAILED, "migrate", "-n", BACKUP, "-c", CLUSTER)
    assert "cloud.caCertPath" in outcome.stderr


def test_a_cluster_that_does_not_exist(migrate, cloud):
    outcome = migrate(FAILED, cluster="in01-of-nobody")
    assert "Cluster in01-of-nobody does not exist." in outcome.stderr
    assert cloud.seen.objects == 0


def test_a_backup_that_does_not_exist(migrate, cloud):
    assert "nope" in migrate(NOT_FOUND, name="nope").stderr
    assert cloud.seen.applications == []


def test_a_backup_that_is_larger_than_the_volume(migrate, cloud):
    cloud.behaviour.max_content_length = 1000
    assert "at most 1000" in migrate(FAILED).stderr
    assert cloud.seen.objects == 0
    assert cloud.seen.migrations == []


@pytest.mark.parametrize(
    "outcome, said",
    [(("FAILED", "the cluster has no room"), "failed: the cluster has no room"), (("CANCELED", ""), "was canceled")],
    ids=["failed", "canceled"],
)
def test_a_job_that_does_not_succeed(migrate, cloud, outcome, said):
    cloud.behaviour.outcome = outcome
    ended = migrate(FAILED)
    assert said in ended.stderr
    assert "job-" in ended.stderr
    assert ended.stdout == ""


@takes("ops/migrate/run.cc", "begin again with")
@pytest.mark.parametrize("flags", [(), ("--wait=false",)], ids=["waits", "does not wait"])
def test_ctrl_c_in_mid_upload_says_how_to_begin_again(source, cloud, program, golden, tmp_path, flags):
    with StallingProxy(source.port, stall_at=b"GET /backups/backup/spec516/binlogs/") as proxy:
        program.configure(config_of(source, cloud, port=proxy.port), "other side/there.yaml")
        migrate = ("migrate", "-n", BACKUP, "-c", CLUSTER, *flags, "--config", "other side/there.yaml")
        with program.start(*migrate) as running:
            assert proxy.stalled.wait(REACHED_SECONDS), str(running.finish(within_s=0))
            running.interrupt()
            outcome = running.finish(within_s=STOP_SECONDS)
        assert outcome.exit_code == INTERRUPTED, str(outcome)
        assert "no migration was started" in outcome.stderr
        assert cloud.seen.migrations == []
        proxy.resume()
        backups = sorted(source.keys("backups"))
        again = program.shell(command_behind("begin again with", outcome))
    assert again.exit_code == DONE, str(again)
    assert cloud.seen.asked_for_job.is_set() == (not flags)
    (left, taken), (migration,) = cloud.seen.applications, cloud.seen.migrations
    assert migration["source"]["dataPath"] == taken["path"] != left["path"]
    assert uploaded(cloud, tmp_path / "arrived") == files_of(golden)
    assert sorted(source.keys("backups")) == backups


def test_ctrl_c_while_the_job_runs_says_that_it_runs_on(source, cloud, program):
    cloud.behaviour.job_held = True
    program.configure(config_of(source, cloud))
    with program.start("migrate", "-n", BACKUP, "-c", CLUSTER) as running:
        assert cloud.seen.asked_for_job.wait(REACHED_SECONDS), str(running.finish(within_s=0))
        running.interrupt()
        outcome = running.finish(within_s=STOP_SECONDS)
    assert outcome.exit_code == INTERRUPTED, str(outcome)
    assert "was started and runs on" in outcome.stderr
    assert "job-" in outcome.stderr


def test_copy_makes_the_folder_that_the_console_takes(source, cloud, program, golden, tmp_path):
    """"Via backup files" in the console wants the directory of one backup, with binlogs/ and meta/ in it."""
    program.configure(config_of(source, cloud))
    root = tmp_path / "for_the_console"
    other = program.configure(yaml_text({"minio": {"storageType": "local", "backupRootPath": str(root)}}), "local.yaml")
    program.ok("copy", "-n", BACKUP, "--to", other)
    assert [path.name for path in root.iterdir()] == [BACKUP]
    copied = files_of(root / BACKUP)
    assert copied.pop("meta/objects.json"), "ours; the Go tool and the console pass it over"
    assert copied == files_of(golden)
