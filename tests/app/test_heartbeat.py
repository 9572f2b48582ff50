import hashlib
import json
import os
import signal
import subprocess
import threading
from datetime import UTC, datetime, timedelta, timezone

import pytest
from users_api.canary import following

from cluster import Cluster
from conftest import PROGRAM, until

ROWS = """SELECT number, to_char(written AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), hash
FROM canary ORDER BY number"""


class Heart:
    """A heartbeat of a site, and what it says."""

    def __init__(self, site, cluster):
        self.site, self.cluster, self.lines = site, cluster, []
        self.start()

    def start(self):
        environment = {**self.site.environment, **self.cluster.environment, "HEARTBEAT_SECONDS": "0.1"}
        self.process = subprocess.Popen(
            [*PROGRAM, "heartbeat"], env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        threading.Thread(target=self.listen, args=[self.process.stdout], daemon=True).start()

    def listen(self, stream):
        for line in stream:
            self.lines.append(line.strip())

    def end(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        self.process.wait(timeout=20)

    def says(self, words):
        until(lambda: any(words in line for line in self.lines))

    def rows(self):
        return self.site.sql(ROWS)

    def newest(self):
        return self.rows()[-1][0] if self.rows() else 0

    def beats(self, more=3):
        """Waits for some canaries more in the database."""
        goal = self.newest() + more
        until(lambda: self.newest() >= goal)

    def files(self):
        """Unfinished ones and others are none."""
        folder = self.site.avatars / "canary"
        found = [json.loads(path.read_text()) for path in folder.glob("[0-9]*.json")]
        return sorted([(one["number"], one["written"], one["hash"]) for one in found])

    def objects(self):
        return [(one["number"], one["written"], one["hash"]) for one in self.cluster.canaries]


@pytest.fixture
def cluster(tmp_path):
    made = Cluster(tmp_path / "account")
    made.start()
    yield made
    made.stop()


@pytest.fixture
def heart(migrated, cluster):
    beating = Heart(migrated, cluster)
    beating.says("from canary 1 on")
    yield beating
    beating.process.kill()
    beating.process.wait()


def unbroken(chain, before="0" * 64):
    """Numbered without gaps, and each hash made of the one before it."""
    for at, (number, written, digest) in enumerate(chain):
        assert number == chain[0][0] + at
        if at > 0 or number == 1:
            assert digest == hashlib.sha256(f"{before}{number}{written}".encode()).hexdigest()
        before = digest
    return chain


def everywhere_the_same(heart):
    """After it has ended: the copies are the database's newest canaries."""
    rows = unbroken(heart.rows())
    assert heart.files() == rows[-500:]
    assert heart.objects() == rows[-20:]
    return rows


def test_the_chain_is_the_one_that_a_drill_follows():
    """The digests are lib/drill/canary.ts's."""
    first = following(None, datetime(2026, 11, 21, 16, 23, 0, 999, tzinfo=timezone(timedelta(hours=1))))
    second = following(first, datetime(2026, 11, 21, 15, 23, 10, 7_999, tzinfo=UTC))
    assert first.text == (
        '{"number": 1, "written": "2026-11-21T15:23:00.000Z",'
        ' "hash": "06acec9f55f4175321621e4841a73539aeeee474da12e298ceb07e0df4255f31"}'
    )
    assert second == (
        2,
        "2026-11-21T15:23:10.007Z",
        "81299a31f96f79ab0f8849a9ce988d6c498a9e2a105a8f6409ff116fc39a926e",
    )


def test_each_canary_is_a_row_a_file_and_part_of_the_object(heart):
    heart.beats(25)
    heart.end()
    assert len(everywhere_the_same(heart)) > 25
    assert heart.cluster.connections == 1, "a handshake at each beat"
    assert heart.lines == ["beating every 0.1 s, from canary 1 on"]


def test_killed_and_started_again_it_goes_on_where_the_database_is(heart):
    heart.beats()
    heart.end(signal.SIGKILL)
    last = heart.newest()
    heart.start()
    heart.says(f"from canary {last + 1} on")
    heart.beats()
    heart.end()
    everywhere_the_same(heart)


def test_while_the_database_is_away_nothing_is_written_anywhere(heart):
    heart.beats()
    site = heart.site
    with site.connect("postgres", "postgres") as db:
        db.execute(f"ALTER DATABASE {site.database} ALLOW_CONNECTIONS false")
        db.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [site.database])
        heart.says("cannot write to the database")
        files, objects = heart.files(), heart.objects()
        heart.says("not currently accepting connections")
        assert (heart.files(), heart.objects()) == (files, objects)
        assert files[-1] == objects[-1]
        db.execute(f"ALTER DATABASE {site.database} ALLOW_CONNECTIONS true")
    heart.says("the database is back")
    assert heart.rows()[: len(files)] == files
    heart.beats()
    heart.end()
    everywhere_the_same(heart)


def test_while_the_cluster_is_away_the_others_go_on_and_it_is_filled_in_later(heart):
    heart.beats()
    heart.cluster.stop()
    heart.says("cannot write to the cluster")
    heart.beats()
    heart.cluster.refuses = "forbidden: no rights"
    heart.cluster.start()
    heart.says("cannot write to the cluster: 403 forbidden: no rights")
    heart.cluster.refuses = None
    heart.says("the cluster is back")
    heart.beats()
    heart.end()
    everywhere_the_same(heart)


def test_while_the_volume_is_away_the_others_go_on_and_it_is_filled_in_later(heart):
    heart.beats()
    avatars = heart.site.avatars
    hidden = avatars.rename(avatars.parent / "elsewhere")
    heart.says("cannot write to the volume")
    heart.beats()
    hidden.rename(avatars)
    heart.says("the volume is back")
    heart.beats()
    heart.end()
    everywhere_the_same(heart)


def test_a_database_that_was_taken_back_takes_the_copies_along(heart):
    heart.beats(10)
    # Between two beats: in the middle of one the next canary would follow from what is no more there.
    heart.site.sql("LOCK TABLE canary IN ACCESS EXCLUSIVE MODE; DELETE FROM canary WHERE number > 5")
    heart.beats(10)
    heart.end()
    everywhere_the_same(heart)


def test_the_newest_500_files_and_20_objects_are_kept(migrated, cluster):
    before = "0" * 64
    with migrated.connect() as db:
        for number in range(1, 601):
            before = hashlib.sha256(f"{before}{number}2026-11-21T15:23:00.000Z".encode()).hexdigest()
            db.execute("INSERT INTO canary VALUES (%s, '2026-11-21T15:23:00Z', %s)", [number, before])
    folder = migrated.avatars / "canary"
    folder.mkdir()
    (folder / "7000.json").write_text('{"number": 7000, "written": "", "hash": "of another life"}')
    (folder / "601.json").write_text("half of")
    heart = Heart(migrated, cluster)
    heart.says("from canary 601 on")
    heart.beats()
    heart.end()
    everywhere_the_same(heart)


@pytest.mark.parametrize("text", ["", "0", "-1", "soon", "nan", "inf"])
def test_an_interval_that_is_none_is_refused(migrated, cluster, text, monkeypatch):
    for name, value in {**cluster.environment, "HEARTBEAT_SECONDS": text}.items():
        monkeypatch.setitem(os.environ, name, value)
    assert migrated.refused("heartbeat") == (
        f"cannot use HEARTBEAT_SECONDS={text!r}: expected seconds between two beats"
    )


def test_outside_of_a_cluster_it_does_not_start(migrated, monkeypatch):
    monkeypatch.setitem(os.environ, "HEARTBEAT_SECONDS", "10")
    assert "KUBERNETES_SERVICE_HOST is not set" in migrated.refused("heartbeat")
