"""DICOM SEG from the command line and from the worker that Slicer and the browser talk to."""

import json

import numpy as np
import pydicom
import pytest
from dicom_factory import make_affine, write_classic

from DSCBrainSegLib.cli.main import main
from DSCBrainSegLib.errors import ConfigurationError
from DSCBrainSegLib.progress import never_cancelled, no_progress
from DSCBrainSegLib.series import read_series
from DSCBrainSegLib.worker.commands.export_seg import export_seg
from DSCBrainSegLib.worker.commands.segment import segment_case

SHAPE = (8, 40, 36)


@pytest.fixture
def bright(tmp_path):
    """A DICOM series of six time points of a bright ball."""
    centre = [(n - 1) / 2 for n in SHAPE]
    grids = np.ogrid[tuple(slice(n) for n in SHAPE)]
    distance = sum(((g - c) / c) ** 2 for g, c in zip(grids, centre, strict=True))
    frame = np.where(distance < 0.6, 900, 40).astype(np.uint16)
    write_classic(tmp_path / "series", np.stack([frame + t for t in range(6)]), make_affine())
    return tmp_path / "series"


def test_segment_writes_several_formats_at_once(bright, tmp_path, threshold_method):
    out = tmp_path / "out"
    formats = ["--format", "nii.gz", "--format", "dcm-seg", "--format", "dcm-labelmap"]
    method = ["--method", threshold_method, "--frame", "2"]
    assert main(["segment", str(bright), "-o", str(out), *method, *formats]) == 0
    masks = {path.name for path in out.glob("mask*")}
    assert masks == {"mask.nii.gz", "mask.dcm", "mask-labelmap.dcm"}
    mask = read_series(out / "mask.nii.gz").frames[0] > 0
    found = pydicom.dcmread(out / "mask.dcm")
    assert found.pixel_array.sum() == mask.sum() > 0
    assert found.ContentDescription == "Brain in DSC perfusion MRI, time point 2"
    assert found.SegmentSequence[0].SegmentAlgorithmName == "DSCBrainSeg threshold"
    labelmap = pydicom.dcmread(out / "mask-labelmap.dcm")
    assert labelmap.SOPClassUID == "1.2.840.10008.5.1.4.1.1.66.7"  # Label Map Segmentation
    assert (labelmap.pixel_array == 1).sum() == mask.sum()


def test_a_nifti_series_cannot_become_dicom_and_leaves_nothing(
    series_file, tmp_path, threshold_method, capsys
):
    out = tmp_path / "out"
    command = ["segment", str(series_file), "-o", str(out), "--method", threshold_method]
    assert main([*command, "--format", "dcm-seg"]) == 2
    assert "not DICOM" in capsys.readouterr().err
    assert not out.exists()


def test_export_seg_makes_a_segmentation_of_an_edited_mask(
    bright, tmp_path, threshold_method, capsys
):
    out = tmp_path / "out"
    assert main(["segment", str(bright), "-o", str(out), "--method", threshold_method]) == 0
    capsys.readouterr()
    seg = tmp_path / "edited.dcm"
    command = ["export-seg", str(out / "mask.nii.gz"), str(bright), "-o", str(seg), "--json"]
    assert main([*command, "--creator", "Reader^One"]) == 0
    assert json.loads(capsys.readouterr().out)["frame"] == 4
    found = pydicom.dcmread(seg)
    assert found.SegmentSequence[0].SegmentAlgorithmType == "SEMIAUTOMATIC"
    assert found.ContentCreatorName == "Reader^One"
    assert main(command) == 1
    assert "already holds edited.dcm" in capsys.readouterr().err


def test_the_worker_segments_and_exports(bright, tmp_path, threshold_method):
    request = {"input": str(bright), "output": str(tmp_path / "out"), "method": threshold_method}
    made = segment_case({**request, "format": "dcm-seg"}, no_progress, never_cancelled)
    assert pydicom.dcmread(made["mask_file"]).Modality == "SEG"
    drawn = segment_case({**request, "format": "nrrd"}, no_progress, never_cancelled)
    fields = {
        "mask": drawn["mask_file"],
        "input": [str(path) for path in sorted(bright.iterdir())],
        "output": str(tmp_path / "drawn.dcm"),
        "made": "drawn",
        "frame": 4,
    }
    answer = export_seg(fields, no_progress, never_cancelled)
    found = pydicom.dcmread(answer["seg_file"])
    assert found.SOPInstanceUID == answer["sop_instance_uid"]
    assert found.SegmentSequence[0].SegmentAlgorithmType == "MANUAL"
    assert answer["frame"] == 4


@pytest.mark.parametrize("lacking", ["mask", "input", "output"])
def test_a_request_that_lacks_something_is_told_what(lacking):
    fields = {"mask": "m.nrrd", "input": "series", "output": "seg.dcm"}
    with pytest.raises(ConfigurationError, match="names no"):
        export_seg({**fields, lacking: ""}, no_progress, never_cancelled)
