"""What a series is follows from its images; its name and single tags come last."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest
from dicom_factory import make_affine, make_frames, write_classic, write_enhanced

from DSCBrainSegLib.errors import SeriesError
from DSCBrainSegLib.series import list_series, open_series, read_series

DSC = make_frames((12, 4, 8, 8), seed=1)


def write(folder, frames=DSC, **attributes):
    attributes.setdefault("vendor", "ge")
    uid = attributes.setdefault("SeriesInstanceUID", pydicom.uid.generate_uid())
    write_classic(folder, frames, make_affine(), **attributes)
    return uid


@pytest.mark.parametrize(
    "name",
    [
        "AX DSC PERF 20 LOC",
        "DSC Perfusion different dose",
        "perfusion after scout",
        "PWI diffusion-perfusion mismatch",
        "survey perf",
        "ep2d_perf 3-plane planned",
    ],
)
def test_a_name_does_not_make_a_dynamic_series_something_else(tmp_path, name):
    write(tmp_path, SeriesDescription=name, ProtocolName=name)
    (summary,) = list_series(tmp_path)
    assert summary.is_dynamic_t2star
    np.testing.assert_array_equal(read_series(tmp_path).frames, DSC)


@pytest.mark.parametrize("name", ["DSC perfusion", "ep2d_perf bolus"])
def test_a_name_does_not_make_a_localiser_a_perfusion_series(tmp_path, name):
    for orientation in ("axial", "coronal", "sagittal"):
        write_classic(
            tmp_path,
            make_frames((1, 3, 8, 8)),
            make_affine(orientation),
            prefix=orientation,
            SeriesInstanceUID="1.2.3",
            SeriesDescription=name,
            ScanningSequence="GR",
            SequenceName="fl2d1",
            echo_time_ms=5.0,
        )
    uid = write(tmp_path / "dsc", SeriesDescription="series 4", ProtocolName="x")
    assert open_series(tmp_path).header["series_instance_uid"] == uid


def test_b_values_tell_diffusion_whatever_the_name(tmp_path):
    def diffusion(dataset, t, k):
        dataset.DiffusionBValue = float(1000 * (t > 0))

    write(tmp_path / "a", SeriesDescription="perfusion", edit=diffusion)
    uid = write(tmp_path / "b", SeriesDescription="unnamed")
    summaries = {summary.uid: summary for summary in list_series(tmp_path)}
    assert open_series(tmp_path).header["series_instance_uid"] == uid
    (other,) = [summary for key, summary in summaries.items() if key != uid]
    assert other.reason == "diffusion-weighted"


def test_one_left_over_b_value_of_zero_is_no_diffusion(tmp_path):
    write(tmp_path, DiffusionBValue=0.0)
    assert list_series(tmp_path)[0].is_dynamic_t2star


@pytest.mark.parametrize("kind", [["DERIVED", "SECONDARY", "OTHER"], ["DERIVED", "PRIMARY", "M"]])
def test_a_series_called_derived_is_used_with_a_note(tmp_path, kind):
    write(tmp_path, ImageType=kind)
    series = read_series(tmp_path)
    np.testing.assert_array_equal(series.frames, DSC)
    assert any("derived from others" in warning for warning in series.warnings)


def test_an_original_series_goes_before_a_derived_one(tmp_path):
    write(tmp_path / "a", ImageType=["DERIVED", "SECONDARY", "OTHER"])
    uid = write(tmp_path / "b", frames=make_frames((12, 4, 8, 8), seed=2))
    assert open_series(tmp_path).header["series_instance_uid"] == uid


def test_maps_in_the_same_series_do_not_become_time_points(tmp_path):
    """CBV, CBF and MTT at the places of the slices, under the UID of the series."""
    uid = write(tmp_path)
    for number, name in enumerate(("CBV", "CBF", "MTT", "OTHER")):
        write(
            tmp_path,
            frames=make_frames((1, 4, 8, 8), seed=10 + number),
            prefix=f"map{number}",
            SeriesInstanceUID=uid,
            ImageType=["DERIVED", "SECONDARY", name],
        )
    np.testing.assert_array_equal(read_series(tmp_path).frames, DSC)
    selectors = [summary.selector for summary in list_series(tmp_path)]
    assert len(set(selectors)) == len(selectors)


@pytest.mark.parametrize("sop_class", ["1.2.840.10008.5.1.4.1.1.4", ""])
def test_no_modality(tmp_path, sop_class):
    """The class of the object says MR; without a class, the echo time does."""

    def edit(dataset, t, k):
        del dataset.Modality
        if not sop_class:
            del dataset.SOPClassUID
            dataset.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.7"

    write(tmp_path, edit=edit)
    np.testing.assert_array_equal(read_series(tmp_path).frames, DSC)


@pytest.mark.parametrize(
    "attributes",
    [
        {"Modality": "CT"},
        {"Modality": "OT"},
        {"ImageType": ["ORIGINAL", "PRIMARY", "P", "ND"]},
        {"ImageType": ["DERIVED", "PRIMARY", "PERFUSION", "RCBV"]},
        {"SequenceName": "ep_b1000#2", "ScanningSequence": ["EP", "SE"]},
        {"SeriesDescription": "localizer", "ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]},
        {"echo_time_ms": 300.0},
    ],
)
def test_a_series_that_was_asked_for_is_read_whatever_it_is(tmp_path, attributes):
    uid = write(tmp_path / "a", frames=make_frames((3, 4, 8, 8)), **attributes)
    write(tmp_path / "b")
    series = read_series(tmp_path, uid)
    np.testing.assert_array_equal(series.frames, make_frames((3, 4, 8, 8)))
    assert any("not a usual dynamic" in warning for warning in series.warnings)


def test_magnitude_and_phase_in_turn_have_selectors_of_their_own(tmp_path):
    uid = write(tmp_path)
    phase = make_frames((12, 4, 8, 8), seed=3)
    write(
        tmp_path,
        frames=phase,
        prefix="phase",
        SeriesInstanceUID=uid,
        ImageType=["ORIGINAL", "PRIMARY", "P", "ND"],
    )
    assert {summary.selector for summary in list_series(tmp_path)} == {
        f"{uid}@magnitude",
        f"{uid}@phase",
    }
    np.testing.assert_array_equal(read_series(tmp_path).frames, DSC)
    np.testing.assert_array_equal(read_series(tmp_path, uid).frames, DSC)
    np.testing.assert_array_equal(read_series(tmp_path, f"{uid}@phase").frames, phase)


def test_a_series_kept_as_classic_and_as_enhanced_files_is_read_once(tmp_path):
    write(tmp_path / "a", StudyInstanceUID="1.6")
    write_enhanced(
        tmp_path / "b",
        DSC,
        make_affine(),
        edit=lambda dataset: setattr(dataset, "StudyInstanceUID", "1.6"),
    )
    np.testing.assert_array_equal(read_series(tmp_path).frames, DSC)


def test_a_single_volume_called_localiser_is_still_one(tmp_path):
    write(tmp_path, frames=make_frames((1, 4, 8, 8)), SeriesDescription="loc")
    with pytest.raises(SeriesError, match="a localiser"):
        open_series(tmp_path)
