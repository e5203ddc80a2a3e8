"""Fetching from TCIA: against recorded answers on a local server, never the real one.

The library's own client is tcia_utils; where it is not installed the same tests run with a client
of the same two calls.
"""

import io
import json
import shutil
import urllib.request
import zipfile
from collections import namedtuple

import pytest
from tcia_server import LICENCE_TEXT, UID, TciaServer, describe, pack_series

from DSCBrainSegLib.cli.main import main
from DSCBrainSegLib.cohort import tcga
from DSCBrainSegLib.cohort.tcga import fetch, plan_fetch
from DSCBrainSegLib.cohort.tcia_client import TciaUtils
from DSCBrainSegLib.cohort.tcia_series import SeriesFilter, TciaSeries, choose_series
from DSCBrainSegLib.errors import Cancelled, ConfigurationError, OutputError, SeriesError

FIRST, SECOND = f"{UID}1", f"{UID}2"


class PlainClient:
    """The two calls without tcia_utils."""

    def __init__(self, address):
        self._address = address

    def list_series(self, collection):
        with urllib.request.urlopen(
            f"{self._address}getSeries?Collection={collection}&Modality=MR"
        ) as answer:
            data = answer.read()
        return [TciaSeries.from_answer(item) for item in json.loads(data)] if data else []

    def download(self, uid, folder):
        address = f"{self._address}getImageWithMD5Hash?SeriesInstanceUID={uid}"
        try:
            with urllib.request.urlopen(address) as answer:
                zipfile.ZipFile(io.BytesIO(answer.read())).extractall(folder / uid)
        except (OSError, zipfile.BadZipFile) as error:
            raise SeriesError(str(error)) from error


@pytest.fixture(scope="module")
def archives(tmp_path_factory):
    """The downloads of both DSC series."""
    folder = tmp_path_factory.mktemp("dicom")
    return {
        FIRST: pack_series(folder / "1", 1, "TCGA-06-0119"),
        SECOND: pack_series(folder / "2", 2, "TCGA-14-1794", 32),
    }


@pytest.fixture
def server(archives):
    """A collection of two DSC series and seven others."""
    server = TciaServer()
    server.series = [
        describe(2, "TCGA-14-1794", "PERFUSION GRE 60 phases", 32),
        describe(1, "TCGA-06-0119", "ep2d_perf", 40),
        describe(3, "TCGA-06-0119", "ep2d_perf_rCBV", 40),
        describe(4, "TCGA-06-0119", "T1 DCE PERFUSION", 400),
        describe(5, "TCGA-06-0119", "pCASL perfusion", 80),
        describe(6, "TCGA-06-0119", "AX T2 FLAIR", 40),
        describe(7, "TCGA-06-0119", "PERF", 12),
        describe(8, "TCGA-06-0119", "Perfusion Color Map", 60),
        describe(9, "OTHER-1", "ep2d_perf", 40, Collection="OTHER"),
    ]
    server.archives = dict(archives)
    yield server
    server.close()


@pytest.fixture(params=["plain", "tcia_utils"])
def client(request, server, monkeypatch):
    if request.param == "plain":
        return PlainClient(server.address)
    nbia = pytest.importorskip("tcia_utils.nbia", exc_type=ImportError)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(nbia, "setApiUrl", lambda endpoint, api_url="": server.address)
    return TciaUtils()


def files(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def test_series_named_like_dsc_are_chosen(client):
    plan = plan_fetch(client)
    assert [series.uid for series in plan.series] == [FIRST, SECOND]
    assert plan.left_out == {
        "named like a map, ASL or T1": 4,
        "not named like perfusion": 1,
        "fewer than 30 images": 1,
    }
    first = plan.series[0]
    assert (first.patient, first.images, first.size_bytes) == ("TCGA-06-0119", 40, 80000)
    assert first.licence.startswith("Creative Commons") and "RNYFUYE9" in first.doi


def test_fetched_series_has_its_files_hashes_licence_and_citation(client, tmp_path):
    out = tmp_path / "out"
    fetched = fetch(client, plan_fetch(client), out)
    assert [series.uid for series in fetched.new] == [FIRST, SECOND] and not fetched.failed
    folder = out / "TCGA-06-0119" / FIRST
    assert files(folder) == {f"1-{number:02d}.dcm" for number in range(1, 41)}
    manifest = json.loads((out / "manifests" / f"{FIRST}.json").read_text())
    assert manifest["collection"] == "TCGA-GBM" and manifest["md5_from_archive"] is True
    assert set(manifest["files"]) == files(folder)
    assert all(len(facts["sha256"]) == 64 for facts in manifest["files"].values())
    notice = (out / "CITATION-AND-LICENCE.txt").read_text(encoding="utf-8")
    for text in (
        "Scarpace",
        "10.7937/K9/TCIA.2016.RNYFUYE9",
        "Clark K",
        "Creative Commons Attribution 3.0 Unported License http",
        LICENCE_TEXT.strip(),
    ):
        assert text in notice
    assert notice.count(LICENCE_TEXT.strip()) == 1
    assert not [path for path in out.iterdir() if path.name.startswith(".")]


def test_what_is_there_is_not_fetched_again(client, server, tmp_path):
    fetch(client, plan_fetch(client), tmp_path / "out", most=1)
    assert server.asked == [FIRST]
    fetched = fetch(client, plan_fetch(client), tmp_path / "out")
    assert server.asked == [FIRST, SECOND]
    assert [series.uid for series in fetched.complete] == [FIRST]
    assert [series.uid for series in fetched.new] == [SECOND]


@pytest.mark.parametrize("damage", ["file lost", "file changed", "no manifest", "half a manifest"])
def test_damaged_or_partial_series_is_fetched_again(client, server, tmp_path, damage):
    out = tmp_path / "out"
    fetch(client, plan_fetch(client), out, most=1)
    image = out / "TCGA-06-0119" / FIRST / "1-05.dcm"
    manifest = out / "manifests" / f"{FIRST}.json"
    before = image.read_bytes()
    if damage == "file lost":
        image.unlink()
    elif damage == "file changed":
        image.write_bytes(before[:-1] + b"x")
    elif damage == "no manifest":
        manifest.unlink()
        shutil.rmtree(out / "TCGA-06-0119" / FIRST)
        image.parent.mkdir()
        image.write_bytes(before)
    else:
        facts = json.loads(manifest.read_text())
        manifest.write_text(json.dumps({**facts, "files": None}))
    fetched = fetch(client, plan_fetch(client), out, most=1)
    assert [series.uid for series in fetched.new] == [FIRST] and server.asked == [FIRST, FIRST]
    assert image.read_bytes() == before and len(files(image.parent)) == 40


@pytest.mark.parametrize("fault", ["one file missing", "one file changed", "cut off"])
def test_faulty_download_is_not_kept_and_the_others_go_on(client, server, tmp_path, fault):
    good = server.archives[FIRST]
    server.archives[FIRST] = pack_series(tmp_path / "faulty", 1, "TCGA-06-0119", fault=fault)
    out = tmp_path / "out"
    fetched = fetch(client, plan_fetch(client), out)
    assert list(fetched.failed) == [FIRST] and [s.uid for s in fetched.new] == [SECOND]
    assert not (out / "TCGA-06-0119").exists()
    assert not (out / "manifests" / f"{FIRST}.json").exists()
    server.archives[FIRST] = good
    assert [series.uid for series in fetch(client, plan_fetch(client), out).new] == [FIRST]


def test_without_hashes_from_the_archive_the_count_decides(client, server, tmp_path):
    server.archives[FIRST] = pack_series(tmp_path / "x", 1, "TCGA-06-0119", fault="no hashes")
    fetch(client, plan_fetch(client), tmp_path / "out", most=1)
    manifest = json.loads((tmp_path / "out" / "manifests" / f"{FIRST}.json").read_text())
    assert manifest["md5_from_archive"] is False and len(manifest["files"]) == 40


def test_kill_leaves_nothing_that_counts_as_complete(client, tmp_path, monkeypatch):
    class Killed(BaseException):
        pass

    def kill(*arguments):
        raise Killed

    out = tmp_path / "out"
    with monkeypatch.context() as patch:
        patch.setattr(tcga, "write_json", kill)
        patch.setattr(tcga.shutil, "rmtree", lambda *arguments, **options: None)
        with pytest.raises(Killed):
            fetch(client, plan_fetch(client), out)
    assert list(out.glob(".partial-*")) and not list((out / "manifests").iterdir())
    fetched = fetch(client, plan_fetch(client), out)
    assert len(fetched.new) == 2 and not list(out.glob(".partial-*"))


def test_cancelling_keeps_whole_series(client, tmp_path):
    out = tmp_path / "out"
    with pytest.raises(Cancelled):
        fetch(
            client,
            plan_fetch(client),
            out,
            cancelled=lambda: (out / "manifests" / f"{FIRST}.json").exists(),
        )
    assert [series.uid for series in fetch(client, plan_fetch(client), out).complete] == [FIRST]


def test_too_little_space_is_told_before_the_first_byte(client, server, tmp_path, monkeypatch):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(tcga.shutil, "disk_usage", lambda folder: usage(10**6, 10**6, 1000))
    with pytest.raises(OutputError, match="GB free"):
        fetch(client, plan_fetch(client), tmp_path / "out")
    assert server.asked == []


def test_collections_are_not_mixed(client, tmp_path):
    fetch(client, plan_fetch(client), tmp_path / "out", most=1)
    with pytest.raises(OutputError, match="holds series of TCGA-GBM"):
        fetch(client, plan_fetch(client, "OTHER"), tmp_path / "out")


def test_collection_that_is_not_public_is_told_with_the_way_out(client):
    with pytest.raises(SeriesError, match="controlled access .*cohort add"):
        plan_fetch(client, "HIDDEN")


def test_filters_can_be_replaced():
    found = [TciaSeries.from_answer(describe(n, "P-1", f"kind {n}", 10 * n)) for n in range(1, 5)]
    taken, _ = choose_series(found, SeriesFilter("kind", "3", min_images=20))
    assert [series.images for series in taken] == [20, 40]
    taken, _ = choose_series(found, SeriesFilter("kind", "", 1, ("P-2",)))
    assert taken == []
    with pytest.raises(ConfigurationError, match="not a regular expression"):
        SeriesFilter(include="(")


@pytest.mark.parametrize(
    "name",
    [
        *("ep2d_perf_p2", "PERF", "DSC Perfusion", "AX PERFUSION", "FE_EPI DSC", "pwi"),
        *("T2* DYNAMIC", "Perfusion GRE", "ep2d_perf_moco", "BOLUS EPI", "AX DYN SUSCEPTIBILITY"),
    ],
)
def test_usual_names_of_dsc_are_taken(name):
    series = TciaSeries.from_answer(describe(1, "P", name, 1000))
    assert SeriesFilter().reason_against(series) == ""


@pytest.mark.parametrize(
    "name",
    [
        *("relCBV", "PERF_CBF", "perf MTT", "Perfusion TTP", "perf_GBP", "PBP perf"),
        *("ASL perfusion", "DCE perf", "T1 perfusion", "perfusion maps", "DSC curve"),
        *("ep2d_diff_perf", "PERF Neg Enh"),
    ],
)
def test_maps_and_other_perfusion_are_not_taken(name):
    series = TciaSeries.from_answer(describe(1, "P", name, 1000))
    assert SeriesFilter().reason_against(series)


@pytest.mark.parametrize(
    "changes", [{"PatientID": "../x"}, {"PatientID": ""}, {"SeriesInstanceUID": "../../etc"}]
)
def test_answer_that_would_lead_out_of_the_folder_is_refused(changes):
    with pytest.raises(SeriesError, match="usable UID or patient code"):
        TciaSeries.from_answer(describe(1, "P", "perf", 40, **changes))


def test_answer_without_numbers_or_licence_is_read():
    answer = describe(1, "P", None, "40", FileSize=None, LicenseName=None, CollectionURI=None)
    series = TciaSeries.from_answer(answer)
    assert (series.images, series.size_bytes, series.licence, series.doi) == (40, 0, "", "")


@pytest.fixture
def real_client(server, monkeypatch):
    nbia = pytest.importorskip("tcia_utils.nbia", exc_type=ImportError)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(nbia, "setApiUrl", lambda endpoint, api_url="": server.address)


def test_server_errors_are_one_sentence(real_client, server):
    server.status = 503
    with pytest.raises(SeriesError, match=r"no list of series: .*503.*try again later"):
        plan_fetch(TciaUtils())
    server.status = 200
    for answer in (b"<html>moved</html>", b'{"message": "changed"}', b'["x"]'):
        server.series = answer
        with pytest.raises(SeriesError, match="no list of series|another format"):
            plan_fetch(TciaUtils())


def test_missing_package_is_told(monkeypatch):
    import sys

    from DSCBrainSegLib.errors import MissingPackageError

    monkeypatch.setitem(sys.modules, "tcia_utils", None)
    with pytest.raises(MissingPackageError, match=r"DSCBrainSegLib\[tcga\]"):
        TciaUtils()


@pytest.fixture
def run(client, monkeypatch, capfd):
    from DSCBrainSegLib.cohort import tcia_client

    monkeypatch.setattr(tcia_client, "TciaUtils", lambda: client)

    def call(*arguments):
        code = main(["cohort", *map(str, arguments)])
        return code, *capfd.readouterr()

    return call


def test_command_lists_without_writing(run, tmp_path):
    code, printed, error = run("fetch-tcga", "--list")
    assert code == 0 and error == ""
    lines = printed.splitlines()
    assert lines[1].split() == ["TCGA-06-0119", "ep2d_perf", "40", "0", "to", "fetch", FIRST]
    assert "2 series" in printed and "Left out: 4 (named like a map" in printed
    code, printed, _ = run("fetch-tcga", tmp_path / "out", "--dry-run", "--max", 1)
    assert code == 0 and "1 series" in printed and not (tmp_path / "out").exists()
    assert run("fetch-tcga")[0] == 2


def test_from_tcia_into_a_cohort(run, server, tmp_path):
    out, cohort = tmp_path / "tcga", tmp_path / "cohort"
    code, printed, error = run("fetch-tcga", out)
    assert code == 0 and error == ""
    assert "2 series fetched, 0 were there" in printed and "Scarpace" in printed
    for patient, uid in (("TCGA-06-0119", FIRST), ("TCGA-14-1794", SECOND)):
        assert run("add", cohort, patient, out / patient / uid)[0] == 0
    facts = json.loads((cohort / "TCGA-06-0119" / "subject.json").read_text())
    assert facts["origin"]["collection"] == "TCGA-GBM"
    assert facts["origin"]["licence"].startswith("Creative Commons")
    assert run("check", cohort)[0] == 0
    del server.archives[SECOND]
    shutil.rmtree(out / "TCGA-14-1794")
    code, printed, error = run("fetch-tcga", out)
    assert code == 1 and "1 were there already" in printed and "run the command again" in error
