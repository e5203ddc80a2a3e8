"""``dscbrainseg cohort`` as a user meets it."""

import json

import numpy as np
import pytest
from cohort_factory import AFFINE, MASK, make_series
from dicom_factory import make_affine, make_frames, write_classic

from DSCBrainSegLib.cli.main import main
from DSCBrainSegLib.cohort.layout import Cohort
from DSCBrainSegLib.series import read_series, write_mask, write_nifti


@pytest.fixture
def run(capfd):
    """Run ``dscbrainseg cohort`` in this process; returns exit code, output and messages."""

    def call(*arguments):
        code = main(["cohort", *map(str, arguments)])
        return code, *capfd.readouterr()

    return call


@pytest.fixture
def data(tmp_path):
    """Series and a mask as files."""
    for seed in range(4):
        series = make_series(seed)
        write_nifti(tmp_path / f"series{seed}.nii.gz", series.frames, AFFINE, 1.5)
    write_mask(tmp_path / "mask.nii.gz", MASK, AFFINE)
    write_mask(tmp_path / "smaller.nii.gz", MASK & (np.indices(MASK.shape)[0] > 2), AFFINE)
    return tmp_path


@pytest.fixture
def cohort(run, data):
    """A cohort of four, one undrawn, made on the command line."""
    folder = data / "Kohorte ä"
    for seed, name in enumerate(("a", "b", "c")):
        mask = ("--mask", data / "mask.nii.gz", "--reader", "Reader One")
        assert run("add", folder, name, data / f"series{seed}.nii.gz", *mask)[0] == 0
    assert run("add", folder, "d", data / "series3.nii.gz", "--frame-only")[0] == 0
    return folder


def rows(run, cohort):
    return {row["subject"]: row for row in json.loads(run("list", cohort, "--json")[1])}


def test_a_cohort_from_the_first_series_to_the_export(run, cohort, data):
    assert run("import-mask", cohort, "d", data / "smaller.nii.gz", "--reader", "One")[0] == 0
    for name in "abcd":
        code, printed, _ = run("confirm", cohort, name, "--reader", "Two")
        assert code == 0 and "confirmed by Two" in printed
    code, printed, _ = run("split", cohort, "--seed", 3)
    assert code == 0 and [line.split()[1] for line in printed.splitlines()] == ["2", "1", "1"]
    code, printed, _ = run("check", cohort)
    assert code == 0 and "no errors and 0 warnings" in printed
    found = rows(run, cohort)
    assert {row["state"] for row in found.values()} == {"confirmed"}
    assert sorted(row["part"] for row in found.values()) == ["test", "train", "train", "validation"]
    assert (found["d"]["frames"], found["d"]["slices"]) == (5, 10)
    out = data / "nn"
    code, printed, _ = run("export", cohort, out, "--format", "nnunet", "--state", "confirmed")
    assert code == 0 and "Exported 4 subjects" in printed
    assert len(list((out / "imagesTs").iterdir())) == 1


def test_list_shows_who_drew_and_what_is_left_to_draw(run, cohort):
    code, printed, _ = run("list", cohort)
    lines = printed.splitlines()
    titles = ("Subject", "State", "Reader", "Confirmed by", "Part", "Frames x slices")
    assert code == 0 and lines[0].split() == " ".join(titles).split()
    assert lines[1].split() == ["a", "drawn", "Reader", "One", "5", "x", "10"]
    assert lines[4].split() == ["d", "to", "draw", "5", "x", "10"]
    assert lines[5] == "4 subjects: 3 drawn, 1 to draw"


def test_split_is_replaced_only_when_asked(run, cohort, data):
    assert run("split", cohort, "--seed", 1)[0] == 0
    before = (cohort / "cohort.json").read_bytes()
    code, _, error = run("add", cohort, "late", data / "series0.nii.gz")
    assert code == 0 and "late" in error and "after" in error
    assert "late" in run("list", cohort)[2]
    code, _, error = run("split", cohort, "--seed", 2)
    assert code == 1 and "--again" in error and "late" in error
    assert (cohort / "cohort.json").read_bytes() == before
    assert run("split", cohort, "--seed", 2, "--fractions", "50,25,25", "--again")[0] == 0
    split = Cohort.open(cohort).split
    assert split.seed == 2 and split.fractions == (0.5, 0.25, 0.25)
    assert split.part_of("late")


def test_persons_stay_together(run, data):
    folder = data / "c"
    for seed, person in enumerate(("p", "q", "p", "r")):
        name = f"scan{seed}"
        assert run("add", folder, name, data / f"series{seed}.nii.gz", "--person", person)[0] == 0
    assert run("split", folder)[0] == 0
    split = Cohort.open(folder).split
    assert split.part_of("scan0") == split.part_of("scan2")


@pytest.mark.parametrize("fractions", ["68,12", "a,b,c", "68,12,21", "100,0,0"])
def test_unusable_fractions_are_a_usage_error(run, cohort, fractions):
    code, _, error = run("split", cohort, "--fractions", fractions)
    assert code == 2 and error.count("\n") == 1
    assert Cohort.open(cohort).split is None


def test_patients_name_as_code_is_refused_and_never_shown(run, tmp_path):
    write_classic(tmp_path / "dicom", make_frames(), make_affine(), SeriesDescription="ep2d_perf")
    folder = tmp_path / "cohort"
    for code_option in (["SECRETID"], ["s-1", "--person", "Secret"]):
        name, *options = code_option
        code, printed, error = run("add", folder, name, tmp_path / "dicom", *options)
        assert code == 2 and "choose a code" in error
        assert "secret" not in (printed + error).lower()
        assert not folder.exists()
    code, printed, error = run("add", folder, "s-1", tmp_path / "dicom", "--frame", "auto")
    assert code == 0 and "Added s-1" in printed and "secret" not in (printed + error).lower()
    code, printed, _ = run("check", folder)
    assert code == 0 and "0 warnings" in printed


def test_drawer_cannot_confirm(run, cohort):
    code, _, error = run("confirm", cohort, "a", "--reader", "READER one")
    assert code == 2 and "another reader" in error


def test_errors_of_check_are_listed_and_give_exit_code_1(run, cohort):
    (cohort / "b" / "frame.nii.gz").unlink()
    code, printed, error = run("check", cohort)
    assert code == 1 and "error: b: frame.nii.gz is missing" in printed
    assert error.startswith("dscbrainseg: ") and "see the lines above" in error


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("add", "{c}", "e", "{d}/missing.nii.gz"), 1),
        (("add", "{c}", "a", "{d}/series0.nii.gz"), 1),
        (("add", "{c}", "e", "{d}/series0.nii.gz", "--reader", "R"), 2),
        (("add", "{c}", "e", "{d}/series0.nii.gz", "--mask", "{d}/mask.nii.gz"), 2),
        (
            (
                "add",
                "{c}",
                "e",
                "{d}/series0.nii.gz",
                "--mask",
                "{d}/series1.nii.gz",
                "--reader",
                "R",
            ),
            1,
        ),
        (("add", "{c}", "e", "{d}/series0.nii.gz", "--frame", "9"), 2),
        (("add", "{c}", "a^b", "{d}/series0.nii.gz"), 2),
        (("confirm", "{c}", "zz", "--reader", "R"), 2),
        (("confirm", "{c}", "d", "--reader", "R"), 2),
        (("list", "{d}"), 1),
        (("export", "{c}", "{d}", "--format", "bids"), 1),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_changes_nothing(
    run, cohort, data, arguments, code
):
    before = sorted(path for path in data.rglob("*"))
    given = [str(item).format(c=cohort, d=data) for item in arguments]
    got, _, error = run(*given)
    assert got == code
    assert error.startswith("dscbrainseg: ") and error.count("\n") == 1 and "Traceback" not in error
    assert sorted(path for path in data.rglob("*")) == before


@pytest.fixture
def one_head(monkeypatch):
    """Every simulated subject gets the head that the session builds once."""
    import mni_head_once

    from DSCBrainSegLib.simulation.series import phantom

    maps = mni_head_once.mni_maps()
    monkeypatch.setattr(phantom, "build_mni_head", lambda seed: None)
    monkeypatch.setattr(phantom, "head_maps", lambda head: maps)


def test_simulated_cohort_is_exact_and_reproducible(run, tmp_path, one_head):
    for name in ("one", "two"):
        options = ("--subjects", 1, "--seed", 4, "--slices", 3, "--frames", 4)
        code, printed, error = run("simulate", tmp_path / name, *options)
        assert code == 0 and "1 simulated subjects" in printed, error
    one, two = (Cohort.open(tmp_path / name).subject("sim-001") for name in ("one", "two"))
    np.testing.assert_array_equal(*(read_series(item.mask).frames for item in (one, two)))
    np.testing.assert_array_equal(*(read_series(item.frame).frames for item in (one, two)))
    assert one.state == "confirmed" and one.facts["origin"]["simulated"] is True
    assert run("simulate", tmp_path / "one", *options)[0] == 0  # what is there is kept
    assert run("check", tmp_path / "one")[0] == 0
