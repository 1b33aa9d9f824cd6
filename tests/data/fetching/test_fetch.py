"""Downloads from a loopback server that behaves in every way; no test touches another network."""

import errno
import socket
import zipfile

import pytest

from bstkit.data.fetching import DATA_SETS, fetch, find_data_set
from bstkit.errors import DataError, RunError
from bstkit.progress import Progress
from tests.data.fetching.conftest import ARCHIVE, describe
from tests.data.fetching.server import archive

CUT = len(ARCHIVE) // 3
FILES = ("more/README", "u.data")


def part_of(folder):
    return folder.with_name(f"{folder.name}.zip.part")


def cut(data_set, home, folder):
    """Let a download stop in the middle."""
    home.cut_after = CUT
    with pytest.raises(DataError, match=f"stopped after {CUT:,} of {len(ARCHIVE):,} bytes") as caught:
        fetch(data_set, folder)
    assert "goes on where it stopped" in caught.value.hint
    assert part_of(folder).read_bytes() == ARCHIVE[:CUT]
    assert not folder.exists()
    home.cut_after = None


def test_data_set_is_downloaded_checked_and_unpacked(data_set, home, tmp_path):
    folder = tmp_path / "made" / "small"
    fetched = fetch(data_set, folder)
    assert (fetched.folder, fetched.files, fetched.already_there) == (folder, FILES, False)
    assert (folder / "u.data").read_text() == "1\t2\t3\t4\n" * 5_000
    assert list(folder.parent.iterdir()) == [folder]  # nothing else is left
    assert home.asked[0]["User-Agent"].startswith("bstkit/")


def test_what_is_there_is_not_downloaded_again(data_set, home, tmp_path):
    fetch(data_set, tmp_path / "small")
    assert fetch(data_set, tmp_path / "small").already_there
    assert len(home.asked) == 1


def test_another_folder_of_that_name_is_left_alone(data_set, home, tmp_path):
    (tmp_path / "small").mkdir()
    with pytest.raises(RunError, match="already exists"):
        fetch(data_set, tmp_path / "small")
    assert home.asked == []


@pytest.mark.parametrize(
    ("tag", "modified"), [('"one"', None), (None, "Tue, 01 Dec 2015 00:00:00 GMT")], ids=["tag", "date"]
)
def test_download_goes_on_where_it_was_cut(data_set, home, tmp_path, tag, modified):
    home.tag, home.modified = tag, modified
    cut(data_set, home, tmp_path / "small")
    assert fetch(data_set, tmp_path / "small").files == FILES
    assert home.asked[1]["Range"] == f"bytes={CUT}-"
    assert home.asked[1]["If-Range"] == (tag or modified)


def test_download_that_somebody_stops_goes_on(data_set, home, tmp_path):
    class Stopped(Progress):
        def advance(self, name, done, note):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch(data_set, tmp_path / "small", Stopped())
    kept = part_of(tmp_path / "small").stat().st_size
    assert fetch(data_set, tmp_path / "small").files == FILES
    assert kept > 0


def test_download_is_cut_twice(data_set, home, tmp_path):
    cut(data_set, home, tmp_path / "small")
    home.cut_after = 10
    with pytest.raises(DataError, match=f"stopped after {CUT + 10:,} of"):
        fetch(data_set, tmp_path / "small")
    home.cut_after = None
    assert fetch(data_set, tmp_path / "small").files == FILES
    assert home.asked[2]["Range"] == f"bytes={CUT + 10}-"


def test_server_without_ranges_starts_anew(data_set, home, tmp_path):
    home.ranges = False
    cut(data_set, home, tmp_path / "small")
    assert fetch(data_set, tmp_path / "small").files == FILES


def test_file_that_changed_meanwhile_starts_anew(server, home, tmp_path):
    old = describe(server, ARCHIVE)
    cut(old, home, tmp_path / "small")
    home.content, home.tag = archive(small__u_data="x", **{"small__u.data": "new"}), '"two"'
    assert fetch(describe(server, home.content), tmp_path / "small").files == ("u.data", "u_data")
    assert (tmp_path / "small" / "u.data").read_text() == "new"


@pytest.mark.parametrize("tag", [None, 'W/"one"'], ids=["none", "weak"])
def test_version_that_nothing_tells_starts_anew(data_set, home, tmp_path, tag):
    home.tag = tag
    cut(data_set, home, tmp_path / "small")
    assert fetch(data_set, tmp_path / "small").files == FILES
    assert "Range" not in home.asked[1]


def test_part_that_is_longer_than_the_file_starts_anew(data_set, home, tmp_path):
    cut(data_set, home, tmp_path / "small")
    part_of(tmp_path / "small").write_bytes(ARCHIVE + b"more")
    assert fetch(data_set, tmp_path / "small").files == FILES
    assert ["Range" in asked for asked in home.asked] == [False, True, False]


def test_whole_part_is_not_downloaded_again(data_set, home, tmp_path):
    part_of(tmp_path / "small").write_bytes(ARCHIVE)
    assert fetch(data_set, tmp_path / "small").files == FILES
    assert home.asked == []


def test_wrong_checksum_removes_what_came(data_set, home, tmp_path):
    home.content = ARCHIVE[:-1] + b"!"
    with pytest.raises(DataError, match="is not small: its md5 is"):
        fetch(data_set, tmp_path / "small")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("algorithm", ["md5", "sha256"])
def test_every_digest_is_checked(server, home, tmp_path, algorithm):
    right = describe(server, ARCHIVE)
    wrong = describe(server, ARCHIVE, digests={**right.digests, algorithm: "0" * 32})
    with pytest.raises(DataError, match=f"its {algorithm} is"):
        fetch(wrong, tmp_path / "small")


@pytest.mark.parametrize(("status", "said"), [(404, "404 Not Found"), (503, "503 Service Unavailable")])
def test_refusing_server_is_named(data_set, home, tmp_path, status, said):
    home.status = status
    with pytest.raises(DataError, match=said) as caught:
        fetch(data_set, tmp_path / "small")
    assert caught.value.exit_code == 2


def test_refusal_keeps_what_is_there(data_set, home, tmp_path):
    cut(data_set, home, tmp_path / "small")
    home.status = 503
    with pytest.raises(DataError):
        fetch(data_set, tmp_path / "small")
    assert part_of(tmp_path / "small").stat().st_size == CUT


def test_dead_server_is_named(server, home, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    dead = describe(server, ARCHIVE, url=f"http://127.0.0.1:{port}/small.zip")
    with pytest.raises(DataError, match=r"cannot reach .*refused"):
        fetch(dead, tmp_path / "small")


def test_silent_server_is_given_up(server, home, tmp_path, monkeypatch):
    monkeypatch.setattr("bstkit.data.fetching.download.TIMEOUT_S", 0.1)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/small.zip"
        with pytest.raises(DataError, match=r"cannot reach .*timed out"):
            fetch(describe(server, ARCHIVE, url=url), tmp_path / "small")


def test_full_disk_is_said(data_set, home, tmp_path, monkeypatch):
    class Full:
        def __enter__(self):
            return self

        def __exit__(self, *error):
            pass

        def write(self, piece):
            raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("bstkit.data.fetching.download._opened", lambda part, mode: Full())
    with pytest.raises(RunError, match="No space left on device"):
        fetch(data_set, tmp_path / "small")


def test_place_that_cannot_be_written_is_said(data_set, home, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match="cannot write"):
        fetch(data_set, tmp_path / "file" / "small")


def link(name):
    """A symbolic link inside an archive."""
    info = zipfile.ZipInfo(name)
    info.external_attr = 0o120777 << 16
    return info


@pytest.mark.parametrize(
    "name", ["small/../../evil", "../evil", "/evil", "small\\..\\evil", "C:/evil", link("small/evil")], ids=str
)
def test_archive_that_leads_out_is_unpacked_not_at_all(server, home, tmp_path, name):
    path = tmp_path / "evil.zip"
    with zipfile.ZipFile(path, "w") as opened:
        opened.writestr("small/u.data", "fine")
        opened.writestr(name, "evil")
    home.content = path.read_bytes()
    path.unlink()
    place = tmp_path / "place"
    with pytest.raises(DataError, match="leads out of its folder"):
        fetch(describe(server, home.content), place / "small")
    assert [file.name for file in tmp_path.rglob("*evil*")] == []
    assert not (place / "small").exists()


@pytest.mark.parametrize("content", [b"no archive", archive(small__README="no data")], ids=["no_zip", "no_proof"])
def test_archive_without_the_data_is_refused(server, home, tmp_path, content):
    home.content = content
    with pytest.raises(DataError, match=r"no zip archive|holds no small/u\.data"):
        fetch(describe(server, content), tmp_path / "small")
    assert not (tmp_path / "small").exists()


def test_progress_rises_to_the_end(data_set, home, tmp_path):
    steps = []

    class Seen(Progress):
        def advance(self, name, done, note):
            steps.append((name, done))

    progress = Seen()
    fetch(data_set, tmp_path / "small", progress)
    done = [at for name, at in steps if name == "download"]
    assert done == sorted(done)
    assert done[-1] == 1.0
    assert list(progress.seconds) == ["download", "check", "unpack"]


def test_each_record_says_everything():
    for one in DATA_SETS:
        assert one.url.startswith("https://")
        assert one.size > 0
        assert {len(digest) for digest in one.digests.values()} <= {32, 64}
        assert "edistribut" in one.licence
        assert find_data_set(one.name) is one


def test_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(DataError, match="no data set named 'movielens-10k'") as caught:
        find_data_set("movielens-10k")
    assert "'movielens-100k'" in caught.value.hint
