"""A DICOM SEG opens in other people's tools, voxel for voxel, on the right images."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import dicom_factory
import numpy as np
import pydicom
import pytest
from pydicom.uid import generate_uid

from DSCBrainSegLib.dicom_seg.export import export_dicom_seg
from DSCBrainSegLib.dicom_seg.origin import MaskOrigin
from DSCBrainSegLib.dicom_seg.write import make_dicom_seg, write_dicom_seg
from DSCBrainSegLib.errors import ConfigurationError, OutputError, SeriesError
from DSCBrainSegLib.series import open_series, read_series, write_mask

ORIGIN = MaskOrigin(weights={"name": "dsc-brain", "sha256": "ab" * 32}, time_point=4)
ENCODINGS = {
    "classic": dicom_factory.write_classic,
    "enhanced": dicom_factory.write_enhanced,
    "enhanced, slice by slice": lambda *a: dicom_factory.write_enhanced(*a, time_first=True),
    "enhanced, one file a time point": lambda *a: dicom_factory.write_enhanced(*a, one_file=False),
    "mosaic": dicom_factory.write_mosaic,
    "mosaic, last slice first": lambda *a: dicom_factory.write_mosaic(*a, reverse_normal=True),
    "united imaging grid": dicom_factory.write_uih_grid,
}


def make_series(folder: Path, encoding: str = "classic", orientation: str = "oblique", **tags):
    """Write 12 time points of 6 slices in one study and return the opened series."""
    write = ENCODINGS[encoding]
    write(
        folder, dicom_factory.make_frames((12, 6, 13, 10)), dicom_factory.make_affine(orientation)
    )
    study = generate_uid()
    for path in folder.iterdir():
        dataset = pydicom.dcmread(path)
        dataset.StudyInstanceUID = study
        dataset.update(tags)
        for name, value in tags.items():
            setattr(dataset, name, value)
        dataset.save_as(path)
    return open_series(folder)


def make_mask(shape, seed=0) -> np.ndarray:
    """Return speckle, with nothing in the first slice: every misplaced voxel shows."""
    mask = np.random.default_rng(seed).random(shape) > 0.6
    mask[0] = False
    return mask


def read_with_dcmqi(path: Path, folder: Path):
    """Convert a SEG with dcmqi; return labels (K, J, I), their affine in LPS, and its JSON."""
    import nrrd

    tool = Path(sys.executable).with_name("segimage2itkimage")
    command = [tool, "--inputDICOM", path, "--outputDirectory", folder, "-t", "nrrd", "-p", "q"]
    run = subprocess.run(command, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    voxels, header = nrrd.read(str(next(folder.glob("q*.nrrd"))))
    assert header["space"] == "left-posterior-superior"
    affine = np.eye(4)
    affine[:3, :3] = header["space directions"].T
    affine[:3, 3] = header["space origin"]
    return voxels.transpose(2, 1, 0), affine, json.loads((folder / "q-meta.json").read_text())


def onto(series, voxels, affine) -> np.ndarray:
    """Put voxels, whose grid is a turned or cropped grid of the series, onto the series."""
    whole = np.zeros(series.volume_shape, dtype=bool)
    k, j, i = np.nonzero(voxels)
    points = affine @ np.stack([i, j, k, np.ones_like(i)])
    found = np.linalg.inv(series.affine) @ points
    at = np.rint(found[:3]).astype(int)
    assert np.abs(found[:3] - at).max() < 0.01
    whole[at[2], at[1], at[0]] = True
    return whole


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_dcmqi_reads_every_voxel_where_it_was(tmp_path, encoding):
    series = make_series(tmp_path / "series", encoding)
    mask = make_mask(series.volume_shape)
    write_dicom_seg(tmp_path / "mask.dcm", mask, series.planes[3], ORIGIN)
    (tmp_path / "out").mkdir()
    voxels, affine, facts = read_with_dcmqi(tmp_path / "mask.dcm", tmp_path / "out")
    assert np.array_equal(onto(series, voxels, affine), mask)
    segment = facts["segmentAttributes"][0][0]
    assert segment["SegmentedPropertyTypeCodeSequence"]["CodeValue"] == "12738006"  # SCT brain
    assert segment["SegmentAlgorithmType"] == "AUTOMATIC"
    assert facts["SeriesDescription"] == "DSC brain mask (network)"


@pytest.mark.parametrize("orientation", ["axial", "sagittal", "coronal"])
def test_dcmqi_reads_every_orientation(tmp_path, orientation):
    series = make_series(tmp_path / "series", orientation=orientation)
    mask = make_mask(series.volume_shape)
    write_dicom_seg(tmp_path / "mask.dcm", mask, series.planes[3], ORIGIN)
    (tmp_path / "out").mkdir()
    voxels, affine, _ = read_with_dcmqi(tmp_path / "mask.dcm", tmp_path / "out")
    assert np.array_equal(onto(series, voxels, affine), mask)


@pytest.mark.parametrize("labelmap", [False, True])
@pytest.mark.parametrize("encoding", ["classic", "enhanced", "mosaic"])
def test_highdicom_reads_the_same_voxels_back(tmp_path, encoding, labelmap):
    import highdicom

    series = make_series(tmp_path / "series", encoding)
    mask = make_mask(series.volume_shape)
    path = tmp_path / "mask.dcm"
    write_dicom_seg(path, mask, series.planes[3], ORIGIN, labelmap=labelmap)
    found = highdicom.seg.segread(path)
    assert found.segmentation_type.value == ("LABELMAP" if labelmap else "BINARY")
    volume = found.get_volume(combine_segments=True, allow_missing_positions=True)
    lps = volume.affine  # from (slice, row, column)
    affine = np.column_stack([lps[:, 2], lps[:, 1], lps[:, 0], lps[:, 3]])
    assert np.array_equal(onto(series, volume.array, affine), mask)


@pytest.mark.skipif(
    shutil.which("dciodvfy") is None, reason="dciodvfy is not installed (Debian: dicom3tools)"
)
@pytest.mark.parametrize("kind", ["automatic", "edited", "drawn"])
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_dciodvfy_finds_no_error(tmp_path, encoding, kind):
    series = make_series(tmp_path / "series", encoding)
    origin = MaskOrigin(kind, "network", time_point=4, creator="" if kind == "automatic" else "A^B")
    path = tmp_path / "mask.dcm"
    write_dicom_seg(path, make_mask(series.volume_shape), series.planes[3], origin)
    run = subprocess.run(["dciodvfy", "-new", path], capture_output=True, text=True)
    assert "Error" not in run.stderr, run.stderr
    assert run.returncode == 0


def test_it_refers_to_the_images_of_one_time_point_alone(tmp_path):
    series = make_series(tmp_path / "series")
    mask = make_mask(series.volume_shape)
    made = make_dicom_seg(mask, series.planes[3], ORIGIN)
    referred = made.ReferencedSeriesSequence[0].ReferencedInstanceSequence
    assert {item.ReferencedSOPInstanceUID for item in referred} == set(series.sop_instance_uids[3])
    for group in made.PerFrameFunctionalGroupsSequence:
        source = group.DerivationImageSequence[0].SourceImageSequence[0]
        slice_index = series.sop_instance_uids[3].index(source.ReferencedSOPInstanceUID)
        expected = (series.affine @ [0, 0, slice_index, 1])[:3]
        position = group.PlanePositionSequence[0].ImagePositionPatient
        assert np.allclose(np.array(position, dtype=float), expected, atol=1e-4)


def test_it_names_the_frames_of_a_multi_frame_file(tmp_path):
    series = make_series(tmp_path / "series", "enhanced, slice by slice")
    made = make_dicom_seg(make_mask(series.volume_shape), series.planes[3], ORIGIN)
    frames = sorted(
        int(group.DerivationImageSequence[0].SourceImageSequence[0].ReferencedFrameNumber)
        for group in made.PerFrameFunctionalGroupsSequence
    )
    # Written slice by slice, each through 12 time points; slice 1 holds no brain.
    assert frames == [12 * k + 4 for k in range(1, 6)]
    referred = made.ReferencedSeriesSequence[0].ReferencedInstanceSequence
    assert [item.ReferencedSOPClassUID.name for item in referred] == ["Enhanced MR Image Storage"]


def test_a_mosaic_is_referred_to_once_and_keeps_its_frame_of_reference(tmp_path):
    space = generate_uid()
    series = make_series(tmp_path / "series", "mosaic", FrameOfReferenceUID=space)
    made = make_dicom_seg(make_mask(series.volume_shape), series.planes[3], ORIGIN)
    assert space == made.FrameOfReferenceUID
    assert len(made.ReferencedSeriesSequence[0].ReferencedInstanceSequence) == 1
    assert (made.Rows, made.Columns) == series.volume_shape[1:]


def test_patient_and_study_are_the_sources_and_nothing_else_of_it(tmp_path):
    series = make_series(
        tmp_path / "series",
        AccessionNumber="A-77",
        StudyDate="20240102",
        PatientSex="F",
        InstitutionName="SECRET HOSPITAL",
        OperatorsName="SECRET^OPERATOR",
        ProtocolName="SECRET PROTOCOL",
        StationName="SECRETSTATION",
        DeviceSerialNumber="SECRET77",
        PerformingPhysicianName="SECRET^DOCTOR",
        ImageComments="SECRET REMARK",
    )
    source = pydicom.dcmread(next((tmp_path / "series").iterdir()))
    made = make_dicom_seg(make_mask(series.volume_shape), series.planes[3], ORIGIN)
    for name in ("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "AccessionNumber"):
        assert made[name].value == source[name].value
    assert made.StudyInstanceUID == source.StudyInstanceUID
    assert made.SeriesInstanceUID != source.SeriesInstanceUID
    del made.PatientName, made.PatientID
    assert "SECRET" not in str(made)


def test_a_person_is_named_only_where_given(tmp_path):
    series = make_series(tmp_path / "series")
    mask = make_mask(series.volume_shape)
    assert not make_dicom_seg(mask, series.planes[3], ORIGIN).get("ContentCreatorName")
    origin = MaskOrigin("drawn", creator="Алхімова^С")
    path = tmp_path / "mask.dcm"
    write_dicom_seg(path, mask, series.planes[3], origin)
    found = pydicom.dcmread(path)
    assert str(found.ContentCreatorName) == "Алхімова^С"
    assert found.PatientName == "SECRET^NAME"
    segment = found.SegmentSequence[0]
    assert segment.SegmentAlgorithmType == "MANUAL"
    assert "SegmentAlgorithmName" not in segment


@pytest.mark.parametrize(
    "tags",
    [
        {"PatientSex": "UNKNOWN"},
        {"SpecificCharacterSet": "ISO_IR 100", "PatientName": "Müller^Jörg"},
        {"SpecificCharacterSet": ["", "ISO 2022 IR 87"], "PatientName": "Yamada^Tarou=山田^太郎"},
        {"StudyDate": "", "PatientBirthDate": ""},
        {"SeriesNumber": None},
    ],
)
def test_odd_headers_still_give_a_segmentation(tmp_path, tags):
    series = make_series(tmp_path / "series", **tags)
    mask = make_mask(series.volume_shape)
    path = tmp_path / "mask.dcm"
    write_dicom_seg(path, mask, series.planes[3], ORIGIN)
    found = pydicom.dcmread(path)
    if "PatientName" in tags:
        assert str(found.PatientName) == tags["PatientName"]


def test_orientations_that_scanners_round_differently_are_one_volume(tmp_path):
    def edit(dataset, t, k):
        cosines = [float(value) for value in dataset.ImageOrientationPatient]
        cosines[1] += 1e-6 * k
        dataset.ImageOrientationPatient = [f"{value:.9g}" for value in cosines]

    frames, affine = dicom_factory.make_frames((12, 6, 13, 10)), dicom_factory.make_affine()
    dicom_factory.write_classic(tmp_path / "series", frames, affine, edit=edit)
    series = open_series(tmp_path / "series")
    made = make_dicom_seg(make_mask(series.volume_shape), series.planes[3], ORIGIN)
    assert made.NumberOfFrames == 5


def test_a_seed_gives_the_same_object_again(tmp_path):
    series = make_series(tmp_path / "series")
    mask = make_mask(series.volume_shape)
    first, second, other = (
        make_dicom_seg(mask, series.planes[3], ORIGIN, uid_seed=seed) for seed in ("a", "a", "b")
    )
    assert first.SOPInstanceUID == second.SOPInstanceUID != other.SOPInstanceUID
    tracking = [each.SegmentSequence[0].TrackingUID for each in (first, other)]
    assert tracking[0] == tracking[1]  # the same brain


def test_an_edited_mask_becomes_a_semiautomatic_segmentation(tmp_path):
    series = make_series(tmp_path / "series")
    mask = make_mask(series.volume_shape)
    (tmp_path / "result").mkdir()
    write_mask(tmp_path / "result" / "mask.nii.gz", mask, series.affine)
    facts = {"method": "otsu-post", "frame": {"number": 6}, "weights": None}
    (tmp_path / "result" / "segment.json").write_text(json.dumps(facts))
    out = tmp_path / "edited.dcm"
    written = export_dicom_seg(tmp_path / "result" / "mask.nii.gz", tmp_path / "series", out)
    assert written.frame == 5
    found = pydicom.dcmread(out)
    segment = found.SegmentSequence[0]
    assert segment.SegmentAlgorithmType == "SEMIAUTOMATIC"
    assert segment.SegmentAlgorithmName == "DSCBrainSeg otsu-post"
    referred = found.ReferencedSeriesSequence[0].ReferencedInstanceSequence
    assert {item.ReferencedSOPInstanceUID for item in referred} == set(series.sop_instance_uids[5])
    with pytest.raises(OutputError, match="edited.dcm"):
        export_dicom_seg(tmp_path / "result" / "mask.nii.gz", tmp_path / "series", out)


def test_a_mask_of_another_grid_is_refused(tmp_path):
    series = make_series(tmp_path / "series")
    with pytest.raises(ConfigurationError, match="grid of the series"):
        make_dicom_seg(np.ones((3, 4, 5), bool), series.planes[3], ORIGIN)


def test_a_series_that_is_not_dicom_is_refused(tmp_path, series_file):
    series = read_series(series_file, frames=[3])
    mask = np.ones(series.volume_shape, bool)
    write_mask(tmp_path / "mask.nii.gz", mask, series.affine)
    with pytest.raises(ConfigurationError, match="not DICOM"):
        export_dicom_seg(tmp_path / "mask.nii.gz", series_file, tmp_path / "mask.dcm")
    assert not (tmp_path / "mask.dcm").exists()


def test_files_that_are_gone_are_told_in_a_sentence(tmp_path):
    series = make_series(tmp_path / "series")
    shutil.rmtree(tmp_path / "series")
    with pytest.raises(SeriesError, match="cannot be read again"):
        make_dicom_seg(make_mask(series.volume_shape), series.planes[3], ORIGIN)
