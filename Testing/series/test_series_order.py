"""The order of time is taken from evidence, and where it rests on names alone that is said."""

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
from pydicom.dataset import Dataset

from DSCBrainSegLib.series import read_series

FRAMES = make_frames((11, 4, 8, 8))
GUESSED = "No tag of the header tells which time point came first"
TIMES = ("AcquisitionTime", "ContentTime", "AcquisitionNumber", "TemporalPositionIdentifier")


def strip(dataset, *names):
    for name in names:
        if name in dataset:
            delattr(dataset, name)


def check(folder, frames=FRAMES, guessed=False, step=1.5):
    series = read_series(folder)
    np.testing.assert_array_equal(series.frames, frames)
    if step:
        np.testing.assert_allclose(series.times, step * np.arange(len(frames)), atol=1e-3)
    assert any(GUESSED in warning for warning in series.warnings) == guessed
    return series


def rename(paths, name):
    """Name files by a function of (t, k)."""
    for t, row in enumerate(paths):
        for k, path in enumerate(row):
            target = path.parent / name(t, k)
            target.parent.mkdir(exist_ok=True)
            path.rename(target)


@pytest.mark.parametrize(
    "name",
    [
        lambda t, k: f"MR.{4 * t + k + 1}.dcm",
        lambda t, k: f"MR.{11 * k + t + 1}.dcm",
        lambda t, k: f"slice{k + 1}_time{t + 1}.dcm",
        lambda t, k: f"time{t + 1}/slice{k + 1}.dcm",
        lambda t, k: f"slice{k + 1}/image{t + 1}",
    ],
)
def test_names_are_sorted_as_people_count_and_it_is_said(tmp_path, name):
    paths = write_classic(
        tmp_path,
        FRAMES,
        make_affine(),
        vendor="instance",
        edit=lambda dataset, t, k: strip(dataset, "InstanceNumber"),
    )
    rename(paths, name)
    check(tmp_path, guessed=True)


def test_a_file_lost_among_names_costs_its_time_point(tmp_path):
    paths = write_classic(
        tmp_path,
        FRAMES,
        make_affine(),
        vendor="instance",
        edit=lambda dataset, t, k: strip(dataset, "InstanceNumber"),
    )
    rename(paths, lambda t, k: f"MR.{4 * t + k + 1}.dcm")
    (tmp_path / "MR.18.dcm").unlink()
    series = read_series(tmp_path)
    np.testing.assert_array_equal(series.frames, np.delete(FRAMES, 4, axis=0))


def test_instance_numbers_are_evidence_and_need_no_note(tmp_path):
    write_classic(tmp_path, FRAMES, make_affine(), vendor="instance")
    check(tmp_path)


def test_irregular_instance_numbers_are_not_believed(tmp_path):
    """Philips numbers images as they were reconstructed (dcm2niix #529)."""
    order = np.random.default_rng(3).permutation(44)
    paths = write_classic(
        tmp_path,
        FRAMES,
        make_affine(),
        vendor="instance",
        edit=lambda dataset, t, k: setattr(dataset, "InstanceNumber", int(order[4 * t + k])),
    )
    rename(paths, lambda t, k: f"IM{4 * t + k}")
    check(tmp_path, guessed=True)


@pytest.mark.parametrize("vendor", ["siemens", "philips", "canon", "instance"])
@pytest.mark.parametrize("date", [None, "stands still", "runs on"])
def test_over_midnight(tmp_path, vendor, date):
    def at_night(dataset, t, k):
        seconds = 86400 - 4 + 1.5 * t
        day = "20240101" if date == "stands still" or seconds < 86400 else "20240102"
        dataset.AcquisitionTime = dataset.ContentTime = clock(seconds)
        if date:
            dataset.AcquisitionDate = dataset.ContentDate = day
        strip(dataset, "TemporalPositionIdentifier", "AcquisitionNumber")

    write_classic(tmp_path, FRAMES, make_affine(), vendor=vendor, edit=at_night)
    check(tmp_path)


def test_midnight_within_a_time_point(tmp_path):
    """Each slice has its own time; those of time point 3 lie on both sides of midnight."""

    def at_night(dataset, t, k):
        dataset.AcquisitionTime = clock(86400 - 3.2 + 1.5 * t + 0.3 * k)
        strip(dataset, "InstanceNumber", "ContentTime", "AcquisitionNumber")

    write_classic(tmp_path, FRAMES, make_affine(), edit=at_night)
    check(tmp_path)


def test_acquisition_times_overrule_numbers_that_run_backwards(tmp_path):
    """dcm2niix #184, #698: instance numbers in the reverse order of the times."""

    def backwards(dataset, t, k):
        dataset.InstanceNumber = 44 - (4 * t + k)
        dataset.AcquisitionNumber = 11 - t
        dataset.AcquisitionTime = clock(3600 + 1.5 * t + 0.3 * k)

    write_classic(tmp_path, FRAMES, make_affine(), edit=backwards)
    series = check(tmp_path)
    assert any("in different orders; the times are taken" in text for text in series.warnings)


def test_temporal_positions_that_restart_with_each_acquisition(tmp_path):
    def restart(dataset, t, k):
        dataset.AcquisitionNumber, dataset.TemporalPositionIdentifier = t // 4 + 1, t % 4 + 1
        strip(dataset, "AcquisitionTime", "ContentTime", "TriggerTime", "InstanceNumber")

    write_classic(tmp_path, FRAMES, make_affine(), vendor="ge", edit=restart)
    check(tmp_path)


def test_one_acquisition_time_for_two_time_points(tmp_path):
    """Whole seconds and 0.5 s between time points: pairs have the same time."""

    def whole(dataset, t, k):
        dataset.AcquisitionTime = clock(float(3600 + t // 2))
        strip(dataset, "ContentTime", "AcquisitionNumber")

    write_classic(tmp_path, FRAMES, make_affine(), repetition_time=0.5, edit=whole)
    check(tmp_path, step=0.5)


def test_whole_seconds_are_multiples_of_the_repetition_time(tmp_path):
    def whole(dataset, t, k):
        dataset.AcquisitionTime = dataset.ContentTime = clock(float(int(3600 + 1.5 * t)))

    write_classic(tmp_path, FRAMES, make_affine(), vendor="philips", edit=whole)
    check(tmp_path)


@pytest.mark.parametrize("missing", [(3,), (0,), (10,), (2, 7)])
def test_times_that_some_time_points_lack_are_filled_in(tmp_path, missing):
    def without(dataset, t, k):
        if t in missing:
            strip(dataset, "AcquisitionTime", "ContentTime")

    write_classic(tmp_path, FRAMES, make_affine(), vendor="philips", edit=without)
    check(tmp_path)


@pytest.mark.parametrize(
    ("group", "creator", "element", "value"),
    [
        (0x0019, "GEMS_ACQU_01", 0xA2, lambda t, k: 100 + t),
        (0x2001, "Philips Imaging DD 001", 0x08, lambda t, k: t + 1),
        (0x0021, "SIEMENS MR SDI 02", 0x8A, lambda t, k: t + 1),
        (0x0077, "SOME VENDOR", 0x21, lambda t, k: 10 * t + 3),
    ],
)
def test_a_private_element_that_counts_time_goes_before_names(
    tmp_path, group, creator, element, value
):
    def private(dataset, t, k):
        strip(dataset, "InstanceNumber")
        block = dataset.private_block(group, creator, create=True)
        block.add_new(element, "IS", value(t, k))

    write_classic(tmp_path, FRAMES, make_affine(), vendor="instance", edit=private)
    check(tmp_path)


def test_mosaics_without_any_number(tmp_path):
    frames = make_frames((12, 7, 8, 8))
    paths = write_mosaic(
        tmp_path,
        frames,
        make_affine(),
        edit=lambda dataset, t: strip(dataset, "InstanceNumber", *TIMES),
    )
    for t, path in enumerate(paths):
        path.rename(tmp_path / f"vol{t + 1}.IMA")
    check(tmp_path, frames, guessed=True)


def frame_groups(dataset):
    return dataset.PerFrameFunctionalGroupsSequence


@pytest.mark.parametrize("pointers", ["right", "wrong", "none"])
def test_enhanced_frames_of_any_order_that_only_dimension_indices_number(tmp_path, pointers):
    """The sequence that says what the indices mean is wrong in some files (dcm2niix #809)."""
    order = np.random.default_rng(0).permutation(44)

    def shuffle(dataset):
        pixels = np.frombuffer(dataset.PixelData, "<u2").reshape(44, 8, 8)
        groups = list(frame_groups(dataset))
        for group in groups:
            content = group.FrameContentSequence[0]
            time, place = content.TemporalPositionIndex, content.InStackPositionNumber
            content.DimensionIndexValues = [1, place, time]
            strip(content, "TemporalPositionIndex", "FrameAcquisitionDateTime")
        dataset.PerFrameFunctionalGroupsSequence = [groups[index] for index in order]
        dataset.PixelData = pixels[order].tobytes()
        tags = {"right": (0x00209056, 0x00209057, 0x00209128)}
        tags["wrong"] = tags["right"][::-1]
        dataset.DimensionIndexSequence = []
        for tag in tags.get(pointers, ()):
            item = Dataset()
            item.DimensionIndexPointer, item.FunctionalGroupPointer = tag, 0x00209111
            dataset.DimensionIndexSequence.append(item)

    write_enhanced(tmp_path, FRAMES, make_affine(), edit=shuffle)
    check(tmp_path)


@pytest.mark.parametrize(
    "kept", ["InstanceNumber", "TemporalPositionIdentifier", "AcquisitionTime"]
)
def test_legacy_converted_frames_are_sorted_by_what_their_classic_files_said(tmp_path, kept):
    order = np.random.default_rng(0).permutation(44)

    def convert(dataset):
        dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.4.4"
        pixels = np.frombuffer(dataset.PixelData, "<u2").reshape(44, 8, 8)
        groups = list(frame_groups(dataset))
        for group in groups:
            content = group.FrameContentSequence[0]
            time, place = content.TemporalPositionIndex - 1, content.InStackPositionNumber - 1
            item = Dataset()
            values = {
                "InstanceNumber": 4 * time + place + 1,
                "TemporalPositionIdentifier": time + 1,
                "AcquisitionTime": clock(3600 + 1.5 * time),
            }
            setattr(item, kept, values[kept])
            group.UnassignedPerFrameConvertedAttributesSequence = [item]
            strip(content, "TemporalPositionIndex", "FrameAcquisitionDateTime")
            del group.MREchoSequence
        shared = Dataset()
        shared.EchoTime, shared.RepetitionTime, shared.FlipAngle = 30, 1500, 75
        shared.ScanningSequence = ["EP", "GR"]
        common = dataset.SharedFunctionalGroupsSequence[0]
        common.UnassignedSharedConvertedAttributesSequence = [shared]
        del common.MRTimingAndRelatedParametersSequence
        strip(dataset, "PulseSequenceName", "EchoPulseSequence", "EchoPlanarPulseSequence")
        dataset.PerFrameFunctionalGroupsSequence = [groups[index] for index in order]
        dataset.PixelData = pixels[order].tobytes()

    write_enhanced(tmp_path, FRAMES, make_affine(), edit=convert)
    series = check(tmp_path)
    assert series.echo_time == 0.03
    assert series.repetition_time == 1.5
    assert series.warnings == [] or kept != "AcquisitionTime"


def test_the_order_of_frames_alone_is_said(tmp_path):
    def bare(dataset):
        for group in frame_groups(dataset):
            content = group.FrameContentSequence[0]
            strip(content, "TemporalPositionIndex", "FrameAcquisitionDateTime")

    write_enhanced(tmp_path, FRAMES, make_affine(), edit=bare)
    series = check(tmp_path, guessed=True)
    assert any("the order of frames decided it" in warning for warning in series.warnings)


def test_enhanced_files_whose_temporal_index_restarts(tmp_path):
    """One file for each time point, each with the index 1."""
    paths = write_enhanced(tmp_path, FRAMES, make_affine(), one_file=False)
    for path in paths:
        dataset = pydicom.dcmread(path)
        for group in frame_groups(dataset):
            content = group.FrameContentSequence[0]
            content.TemporalPositionIndex = 1
            strip(content, "FrameAcquisitionDateTime")
        dataset.save_as(path)
    check(tmp_path)


def test_a_repetition_time_in_seconds_is_told_from_milliseconds(tmp_path):
    write_classic(tmp_path, FRAMES, make_affine(), vendor="instance", RepetitionTime=1.5)
    series = check(tmp_path)
    assert any("repetition time of 1.5 ms cannot be" in text for text in series.warnings)
    assert series.repetition_time == 1.5


def test_a_negative_repetition_time_is_not_used(tmp_path):
    write_classic(tmp_path, FRAMES, make_affine(), vendor="instance", RepetitionTime=-1500)
    series = check(tmp_path, step=1.0)
    assert any("cannot be; it is not used" in text for text in series.warnings)


def test_volumes_whose_instance_numbers_start_at_round_numbers(tmp_path):
    def round_numbers(dataset, t, k):
        dataset.InstanceNumber = 100 * (t + 1) + k
        return (t, k) != (4, 2)

    write_classic(tmp_path, FRAMES, make_affine(), vendor="instance", edit=round_numbers)
    np.testing.assert_array_equal(read_series(tmp_path).frames, np.delete(FRAMES, 4, axis=0))


def test_a_file_lost_from_a_folder_for_each_volume(tmp_path):
    paths = write_classic(
        tmp_path,
        FRAMES,
        make_affine(),
        vendor="instance",
        edit=lambda dataset, t, k: strip(dataset, "InstanceNumber"),
    )
    rename(paths, lambda t, k: f"vol{t + 1}/a{k}x{k}")
    (tmp_path / "vol5" / "a2x2").unlink()
    np.testing.assert_array_equal(read_series(tmp_path).frames, np.delete(FRAMES, 4, axis=0))


def test_random_times_are_not_taken_for_the_order(tmp_path):
    random = np.random.default_rng(5).uniform(0, 40000, (11, 4))

    def anonymise(dataset, t, k):
        dataset.AcquisitionTime = dataset.ContentTime = clock(float(random[t, k]))
        strip(dataset, "InstanceNumber", "AcquisitionNumber")

    paths = write_classic(tmp_path, FRAMES, make_affine(), edit=anonymise)
    rename(paths, lambda t, k: f"MR.{4 * t + k + 1}.dcm")
    check(tmp_path, guessed=True)


@pytest.mark.parametrize(
    ("old", "new"), [(b"1.7500", b"1,7500"), (b"010001.500000", b"010001,500000")]
)
def test_decimal_commas(tmp_path, old, new):
    paths = write_classic(
        tmp_path,
        FRAMES,
        make_affine(),
        vendor="philips",
        PixelSpacing=["1.5000", "1.7500"],
    )
    changed = 0
    for row in paths:
        for path in row:
            data = path.read_bytes()
            changed += old in data
            path.write_bytes(data.replace(old, new))
    assert changed
    series = check(tmp_path)
    assert series.spacing == pytest.approx((5.0, 1.5, 1.75))


def test_one_element_that_cannot_be_read_costs_that_element_only(tmp_path):
    paths = write_classic(tmp_path, FRAMES, make_affine(), vendor="philips", FlipAngle="75.125")
    for row in paths:
        for path in row:
            path.write_bytes(path.read_bytes().replace(b"75.125", b"steep!"))
    series = check(tmp_path)
    assert "flip_angle_deg" not in series.header
