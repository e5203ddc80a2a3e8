"""Of several series in a folder the dynamic T2*-weighted one is found, or the user is asked."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest
from dicom_factory import make_affine, make_frames, write_classic, write_enhanced, write_mosaic

from DSCBrainSegLib.errors import SeriesError
from DSCBrainSegLib.series import list_series, open_series, read_series

DSC = make_frames((12, 4, 8, 8), seed=1)


def write_dsc(folder, **attributes):
    uid = pydicom.uid.generate_uid()
    attributes.setdefault("vendor", "ge")
    write_classic(folder, DSC, make_affine(), SeriesInstanceUID=uid, **attributes)
    return uid


def write_other(folder, **attributes):
    """Write a series that differs from the DSC series in `attributes` only."""
    frames = attributes.pop("frames", make_frames((12, 4, 8, 8), seed=2))
    attributes.setdefault("SeriesDescription", "other")
    attributes.setdefault("SeriesNumber", 3)
    attributes.setdefault("vendor", "ge")
    write_classic(folder, frames, make_affine(), **attributes)


@pytest.mark.parametrize(
    ("name", "attributes"),
    [
        ("T1", {"echo_time_ms": 2.4, "ScanningSequence": "GR", "SequenceName": "tfl3d1"}),
        ("field map", {"ImageType": ["ORIGINAL", "PRIMARY", "P", "ND"]}),
        ("perfusion map", {"ImageType": ["DERIVED", "PRIMARY", "PERFUSION", "RCBV"]}),
        ("diffusion", {"SequenceName": "ep_b1000#2", "ScanningSequence": ["EP", "SE"]}),
        ("spin echo", {"SequenceName": "epse2d", "ScanningSequence": ["EP", "SE"]}),
        ("localiser", {"SeriesDescription": "localizer"}),
        ("ASL", {"ImageType": ["ORIGINAL", "PRIMARY", "ASL", "NONE"]}),
        ("one volume", {"frames": make_frames((1, 4, 8, 8))}),
        ("long echo", {"echo_time_ms": 110.0}),
        ("motion-corrected copy", {"SeriesDescription": "MoCoSeries"}),
        ("functional MRI", {"SeriesDescription": "bold_rest", "ProtocolName": "bold"}),
        ("CT", {"Modality": "CT"}),
    ],
)
def test_dsc_series_is_found_beside(tmp_path, name, attributes):
    uid = write_dsc(tmp_path / "b")
    write_other(tmp_path / "a", **attributes)
    source = open_series(tmp_path)
    assert source.header["series_instance_uid"] == uid, name
    assert any("was chosen from 2 series" in warning for warning in source.warnings)
    np.testing.assert_array_equal(source.read([5]).frames[0], DSC[5])


def test_siemens_gradient_echo_epi_whose_header_says_spin_echo_is_t2star(tmp_path):
    """Siemens B12 writes Scanning Sequence SE\\EP for "epfid"."""
    write_dsc(tmp_path, ScanningSequence=["SE", "EP"], SequenceName="*epfid2d1_64")
    (summary,) = list_series(tmp_path)
    assert summary.is_dynamic_t2star
    assert summary.reason == ""


def test_spin_echo_epi_alone_is_read_with_a_warning(tmp_path):
    write_dsc(tmp_path, ScanningSequence=["EP", "SE"], SequenceName="epse2d")
    assert any("not T2*-weighted" in warning for warning in open_series(tmp_path).warnings)


def test_two_equally_good_series_are_listed_with_what_chooses_them(tmp_path):
    uids = [write_dsc(tmp_path / name, SeriesNumber=number) for number, name in enumerate("ab")]
    with pytest.raises(SeriesError) as error:
        open_series(tmp_path)
    assert "--series UID" in str(error.value)
    for uid in uids:
        assert uid in str(error.value)
        assert open_series(tmp_path, uid).header["series_instance_uid"] == uid


def test_an_unknown_uid_lists_what_is_there(tmp_path):
    uid = write_dsc(tmp_path)
    with pytest.raises(SeriesError, match=f"holds no series 1.2.3(.|\n)*{uid}"):
        open_series(tmp_path, "1.2.3")


def test_a_series_named_by_the_user_is_read_whatever_it_is(tmp_path):
    write_dsc(tmp_path / "a")
    uid = pydicom.uid.generate_uid()
    frames = make_frames((1, 4, 8, 8), seed=5)
    write_other(
        tmp_path / "b",
        frames=frames,
        echo_time_ms=2.4,
        ScanningSequence="GR",
        SequenceName="tfl3d1",
        SeriesInstanceUID=uid,
    )
    series = read_series(tmp_path, uid)
    np.testing.assert_array_equal(series.frames, frames)
    assert any("echo time 2.4 ms" in warning for warning in series.warnings)


def test_nothing_that_suits_lists_the_series_and_why_not(tmp_path):
    for name, echo_time in (("a", 2.0), ("b", 3.0)):
        write_other(
            tmp_path / name,
            frames=make_frames((1, 4, 8, 8)),
            echo_time_ms=echo_time,
            ScanningSequence="GR",
            SequenceName="tfl3d1",
        )
    with pytest.raises(SeriesError, match=r"no dynamic T2\*-weighted series(.|\n)*echo time 3 ms"):
        open_series(tmp_path)


def test_echo_nearest_30_ms_is_used_and_another_can_be_asked_for(tmp_path):
    uid = pydicom.uid.generate_uid()
    echoes = {12.0: make_frames(seed=1), 28.0: make_frames(seed=2), 44.0: make_frames(seed=3)}
    for number, (echo_time, frames) in enumerate(echoes.items()):
        write_classic(
            tmp_path,
            frames,
            make_affine(),
            echo_time_ms=echo_time,
            SeriesInstanceUID=uid,
            prefix=f"e{number}_",
        )
    series = read_series(tmp_path)
    np.testing.assert_array_equal(series.frames, echoes[28.0])
    told = "several echoes (12 ms, 28 ms, 44 ms); echo 2 (28 ms) is used"
    assert any(told in text for text in series.warnings)
    series = read_series(tmp_path, f"{uid}@44ms")
    np.testing.assert_array_equal(series.frames, echoes[44.0])
    assert not any("echoes" in text for text in series.warnings)
    assert [summary.selector for summary in list_series(tmp_path)] == [
        f"{uid}@12ms",
        f"{uid}@28ms",
        f"{uid}@44ms",
    ]


def test_the_same_series_as_classic_and_as_enhanced_files_is_not_mixed(tmp_path):
    write_classic(tmp_path / "a", DSC, make_affine(), vendor="ge")
    write_enhanced(tmp_path / "b", DSC, make_affine())
    uid = pydicom.dcmread(next((tmp_path / "a").iterdir())).SeriesInstanceUID
    path = next((tmp_path / "b").iterdir())
    dataset = pydicom.dcmread(path)
    dataset.SeriesInstanceUID = uid
    dataset.save_as(path)
    np.testing.assert_array_equal(read_series(tmp_path).frames, DSC)


def test_every_encoding_can_lie_in_one_folder_tree(tmp_path):
    write_mosaic(tmp_path / "a" / "mosaic", make_frames((12, 4, 8, 8)), make_affine())
    write_enhanced(tmp_path / "a" / "b" / "enhanced", make_frames((12, 4, 8, 8)), make_affine())
    write_dsc(tmp_path / "classic")
    summaries = list_series(tmp_path)
    assert len(summaries) == 3
    assert all(summary.is_dynamic_t2star for summary in summaries)
    assert {(s.frames, s.slices, s.rows, s.columns) for s in summaries} == {(12, 4, 8, 8)}
