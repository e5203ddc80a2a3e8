"""A scan that was torn into many Series Instance UIDs is one series again; two scans are not."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest
from dicom_factory import (
    clock,
    make_affine,
    make_frames,
    write_classic,
    write_enhanced,
    write_mosaic,
)

from DSCBrainSegLib.errors import SeriesError
from DSCBrainSegLib.series import list_series, open_series, read_series

FRAMES = make_frames((8, 4, 12, 10))
VENDORS = ["siemens", "ge", "philips", "canon", "instance"]
TEARS = {
    "slice": lambda t, k: k,
    "file": lambda t, k: (t, k),
    "volume": lambda t, k: t,
    "halves of the run": lambda t, k: t // 4,
    "every other volume": lambda t, k: t % 2,
    "upper and lower slices": lambda t, k: k // 2,
    "one stray file": lambda t, k: (t, k) == (3, 1),
    "a cut within a volume": lambda t, k: t * 4 + k > 17,
}


def tear(how, name="SeriesInstanceUID"):
    def edit(dataset, t, k):
        setattr(dataset, name, f"1.2.3.{abs(hash((how, TEARS[how](t, k)))) % 10**8}")

    return edit


def joined(series, count=None):
    told = [warning for warning in series.warnings if "were joined into one series" in warning]
    assert len(told) == 1
    if count:
        assert f"{count} Series Instance UIDs" in told[0]


@pytest.mark.parametrize("vendor", VENDORS)
@pytest.mark.parametrize("how", TEARS)
def test_a_uid_for_each(tmp_path, how, vendor):
    write_classic(tmp_path, FRAMES, make_affine(), vendor=vendor, edit=tear(how))
    series = read_series(tmp_path)
    np.testing.assert_array_equal(series.frames, FRAMES)
    np.testing.assert_allclose(series.affine, make_affine(), atol=1e-4)
    np.testing.assert_allclose(series.times, 1.5 * np.arange(8), atol=1e-4)
    joined(series)
    (summary,) = list_series(tmp_path)
    assert (summary.frames, summary.slices) == (8, 4)
    assert open_series(tmp_path, summary.selector).frame_count == 8


def test_any_uid_of_a_torn_scan_asks_for_all_of_it(tmp_path):
    paths = write_classic(tmp_path, FRAMES, make_affine(), vendor="ge", edit=tear("slice"))
    for k in range(4):
        uid = pydicom.dcmread(paths[0][k]).SeriesInstanceUID
        assert open_series(tmp_path, uid).frame_count == 8


def test_study_and_frame_of_reference_that_an_anonymiser_gave_to_each_file(tmp_path):
    def anonymise(dataset, t, k):
        for name in ("SeriesInstanceUID", "StudyInstanceUID", "FrameOfReferenceUID"):
            setattr(dataset, name, pydicom.uid.generate_uid())

    write_classic(tmp_path, FRAMES, make_affine(), vendor="ge", edit=anonymise)
    series = read_series(tmp_path)
    np.testing.assert_array_equal(series.frames, FRAMES)
    joined(series, 32)


@pytest.mark.parametrize("vendor", ["siemens", "ge", "philips", "canon"])
def test_a_series_number_for_each_volume(tmp_path, vendor):
    def number(dataset, t, k):
        dataset.SeriesInstanceUID, dataset.SeriesNumber = f"1.2.3.{t}", 100 + t

    write_classic(tmp_path, FRAMES, make_affine(), vendor=vendor, edit=number)
    series = read_series(tmp_path)
    np.testing.assert_array_equal(series.frames, FRAMES)
    joined(series)


def test_a_uid_for_each_mosaic(tmp_path):
    frames = make_frames((6, 7, 8, 8))
    write_mosaic(
        tmp_path,
        frames,
        make_affine(),
        edit=lambda dataset, t: setattr(dataset, "SeriesInstanceUID", f"1.2.3.{t}"),
    )
    series = read_series(tmp_path)
    np.testing.assert_array_equal(series.frames, frames)
    joined(series, 6)


def test_a_uid_for_each_enhanced_file(tmp_path):
    """Siemens XA gives one run two UIDs (dcm2niix #599)."""
    frames = make_frames((6, 4, 8, 8))
    paths = write_enhanced(tmp_path, frames, make_affine(), one_file=False)
    for t, path in enumerate(paths):
        dataset = pydicom.dcmread(path)
        dataset.SeriesInstanceUID = f"1.2.3.{t % 2}"
        dataset.save_as(path)
    series = read_series(tmp_path)
    np.testing.assert_array_equal(series.frames, frames)
    joined(series, 2)


def test_two_echoes_with_a_uid_for_each_file(tmp_path):
    for number, echo_time in enumerate((12.0, 30.0)):
        write_classic(
            tmp_path,
            FRAMES if number else make_frames((8, 4, 12, 10), seed=9),
            make_affine(),
            vendor="ge",
            echo_time_ms=echo_time,
            prefix=f"e{number}",
            FrameOfReferenceUID="1.5",
            StudyInstanceUID="1.6",
            edit=lambda dataset, t, k: setattr(
                dataset, "SeriesInstanceUID", pydicom.uid.generate_uid()
            ),
        )
    np.testing.assert_array_equal(read_series(tmp_path).frames, FRAMES)
    assert [summary.echoes for summary in list_series(tmp_path)] == [2, 2]


def test_the_same_scan_exported_under_two_series_uids_is_read_once(tmp_path):
    for folder in ("a", "b"):
        write_classic(tmp_path / folder, FRAMES, make_affine(), vendor="ge", **study())
    series = read_series(tmp_path)
    np.testing.assert_array_equal(series.frames, FRAMES)
    assert any("second copies" in warning for warning in series.warnings)


def study():
    return {"StudyInstanceUID": "1.6", "FrameOfReferenceUID": "1.5"}


@pytest.mark.parametrize("same_number", [True, False])
@pytest.mark.parametrize("vendor", ["siemens", "philips", "canon"])
def test_two_runs_of_the_same_protocol_stay_two(tmp_path, vendor, same_number):
    """Ten minutes lie between them: no pace that goes on."""
    second = make_frames((8, 4, 12, 10), seed=4)
    for number, frames in enumerate((FRAMES, second)):

        def later(dataset, t, k, number=number):
            for name in ("AcquisitionTime", "ContentTime"):
                if name in dataset:
                    seconds = 3600 + 600 * number + 1.5 * t
                    setattr(dataset, name, clock(seconds))

        write_classic(
            tmp_path / str(number),
            frames,
            make_affine(),
            vendor=vendor,
            SeriesNumber=7 if same_number else 7 + number,
            edit=later,
            **study(),
        )
    assert len(list_series(tmp_path)) == 2
    with pytest.raises(SeriesError, match="2 series that suit equally well"):
        open_series(tmp_path)


def test_series_of_another_frame_of_reference_are_not_joined(tmp_path):
    for number in range(2):
        write_classic(
            tmp_path / str(number),
            FRAMES[4 * number : 4 * number + 4],
            make_affine(),
            vendor="siemens",
            StudyInstanceUID="1.6",
            edit=lambda dataset, t, k, number=number: setattr(
                dataset, "AcquisitionTime", clock(3600 + 1.5 * (4 * number + t))
            ),
        )
    assert len(list_series(tmp_path)) == 2


def test_three_single_volumes_under_one_uid_are_three(tmp_path):
    """Other series numbers and no pace between them (dcm_qa_12bit)."""
    for number, minute in enumerate((0, 3, 4)):
        frames = make_frames((1, 7, 8, 8), seed=number)

        def apart(dataset, t, minute=minute, number=number):
            dataset.SeriesInstanceUID, dataset.SOPInstanceUID = "1.2.3", "1.2.4"
            dataset.SeriesNumber = 2 + number
            dataset.AcquisitionTime = clock(3600 + 60 * minute)

        write_mosaic(tmp_path / str(number), frames, make_affine(), edit=apart)
    summaries = list_series(tmp_path)
    assert [summary.number for summary in summaries] == [2, 3, 4]
    assert len({summary.selector for summary in summaries}) == 3
    for seed, summary in enumerate(summaries):
        series = read_series(tmp_path, summary.selector)
        np.testing.assert_array_equal(series.frames, make_frames((1, 7, 8, 8), seed=seed))


def test_slices_that_fit_nowhere_are_not_offered_one_by_one(tmp_path):
    """Every slice a UID and a number of its own, and no even stack."""

    def uneven(dataset, t, k):
        dataset.SeriesInstanceUID, dataset.SeriesNumber = f"1.2.3.{k}", 10 + k
        x, y, z = (float(value) for value in dataset.ImagePositionPatient)
        dataset.ImagePositionPatient = [x, y, z + 20 * (k % 3)]

    write_classic(tmp_path, make_frames((5, 7, 8, 8)), make_affine(), vendor="ge", edit=uneven)
    with pytest.raises(SeriesError, match="one slice each that do not fit together") as error:
        open_series(tmp_path)
    assert "\n" not in str(error.value)


def test_a_list_of_candidates_is_at_most_a_screen(tmp_path):
    for number in range(30):
        write_classic(
            tmp_path / str(number),
            make_frames((12, 2, 4, 4), seed=number),
            make_affine(),
            vendor="ge",
            SeriesNumber=number,
            SeriesDescription=f"run {number}",
        )
    with pytest.raises(SeriesError) as error:
        open_series(tmp_path)
    lines = str(error.value).split("\n")
    assert len(lines) < 20
    assert "and 15 more ('dscbrainseg info' lists all)" in lines[-1]


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_uid_and_a_series_number_for_each_file(tmp_path, vendor):
    def anonymise(dataset, t, k):
        dataset.SeriesInstanceUID = pydicom.uid.generate_uid()
        dataset.SeriesNumber = 1 + 4 * t + k

    write_classic(tmp_path, FRAMES, make_affine(), vendor=vendor, edit=anonymise)
    series = read_series(tmp_path)
    np.testing.assert_array_equal(series.frames, FRAMES)
    joined(series, 32)


def test_a_torn_scan_that_moved(tmp_path):
    def tear_and_move(dataset, t, k):
        dataset.SeriesInstanceUID = f"1.2.3.{t}"
        x, y, z = (float(value) for value in dataset.ImagePositionPatient)
        dataset.ImagePositionPatient = [x, y, z + 2.5 * (t > 3)]

    write_classic(tmp_path, FRAMES, make_affine(), vendor="ge", edit=tear_and_move)
    series = read_series(tmp_path)
    np.testing.assert_array_equal(series.frames, FRAMES)
    joined(series, 8)
    assert any("moved the slices by up to 2.5 mm" in warning for warning in series.warnings)


def test_a_torn_scan_over_midnight(tmp_path):
    def tear_at_night(dataset, t, k):
        dataset.SeriesInstanceUID = f"1.2.3.{t}"
        dataset.AcquisitionTime = dataset.ContentTime = clock(86400 - 4 + 1.5 * t)
        del dataset.AcquisitionNumber

    write_classic(tmp_path, FRAMES, make_affine(), edit=tear_at_night)
    series = read_series(tmp_path)
    np.testing.assert_array_equal(series.frames, FRAMES)
    np.testing.assert_allclose(series.times, 1.5 * np.arange(8), atol=1e-4)


def test_a_torn_scan_beside_other_series_of_the_study(tmp_path):
    """An anonymiser gave every file of a whole study its own UID."""
    kinds = {
        "t1": {"echo_time_ms": 2.4, "ScanningSequence": "GR", "SequenceName": "tfl3d1"},
        "t2": {"echo_time_ms": 100.0, "ScanningSequence": "SE", "SequenceName": "tse2d1"},
        "perf": {},
    }
    for number, (name, attributes) in enumerate(kinds.items()):
        write_classic(
            tmp_path / name,
            FRAMES if name == "perf" else make_frames((1, 4, 12, 10)),
            make_affine(),
            vendor="ge",
            SeriesNumber=number,
            SeriesDescription=name,
            edit=tear("file") if name == "perf" else None,
            **attributes,
        )
    assert [summary.description for summary in list_series(tmp_path)] == list(kinds)
    np.testing.assert_array_equal(read_series(tmp_path).frames, FRAMES)
