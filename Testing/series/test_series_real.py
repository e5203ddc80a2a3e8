"""Real scanner series are read as dcm2niix reads them: the same voxels in the same places.

Extra tests: they need the development data (``../shared/data`` or DSCBRAINSEG_SHARED) and skip
without it.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import nibabel
import numpy as np
import pytest
from places import REPOSITORY

from DSCBrainSegLib.series import list_series, open_series, read_series

SHARED = Path(os.environ.get("DSCBRAINSEG_SHARED", REPOSITORY.parent / "shared"))
DATA = SHARED / "data"
pytestmark = pytest.mark.skipif(
    not (DATA / "dev").is_dir(), reason=f"development data is not at {DATA}"
)
LPS_TO_RAS = np.diag([-1.0, -1.0, 1.0, 1.0])

# (folder, number of time points x slices x rows x columns, seconds between time points)
SERIES = {
    "dev/ge-hdx/dicom": ((2, 37, 64, 64), 2.629),
    "dev/ge-uhp-se-epi/dicom": ((4, 60, 128, 128), 7.4),
    "dev/philips-elition/dicom": ((8, 63, 96, 96), 1.259),
    "dev/siemens-prisma-asl/dicom": ((85, 20, 72, 72), 3.1),
    "dev/siemens-prisma-mosaic/dicom/In/ep2d_Asc_2": ((6, 36, 64, 64), 3.2),
    "dev/siemens-prisma-mosaic/dicom/In/ep2d_Int_4": ((6, 36, 64, 64), 3.2),
    "dev/siemens-prisma-mosaic/dicom/In/ep2d_Int_HF_5": ((6, 36, 64, 64), 3.2),
    "dev/siemens-prisma-mosaic/dicom/In/cmrr_Asc_6": ((6, 40, 64, 64), 3.2),
    "dev/siemens-prisma-mosaic/dicom/In/cmrr_Asc_HF_7": ((6, 40, 64, 64), 3.2),
    "dev/siemens-prisma-mosaic/dicom/In/cmrr_Int_8": ((6, 40, 64, 64), 3.2),
    "dev/siemens-prisma-mosaic/dicom/In/cmrr_Int_HF_9": ((6, 40, 64, 64), 3.2),
    "dev/siemens-prisma-mosaic/dicom/In/ep2d_Asc_HF_10": ((6, 36, 64, 64), 3.2),
    "dev/siemens-prisma-multiecho/dicom": ((3, 30, 64, 64), 2.0),
    "dev/siemens-prisma-sagittal/dicom/In/2_fmri_SagAP": ((6, 36, 64, 64), 3.2),
    "dev/siemens-prisma-sagittal/dicom/In/3_fmri_SagHF": ((6, 36, 64, 64), 3.2),
    "dev/siemens-trio-axial/dicom/In/Orientation/ax/axasc35": ((2, 35, 64, 64), 3.01),
    "dev/siemens-trio-axial/dicom/In/Orientation/ax/axdesc36": ((2, 36, 64, 64), 3.01),
    "dev/siemens-trio-axial/dicom/In/Orientation/ax/axint36": ((2, 36, 64, 64), 3.01),
    "dev/siemens-trio-axial/dicom/In/Orientation/axmb/AxAsc36mb2a": ((2, 36, 86, 86), 14.558),
    "dev/siemens-trio-axial/dicom/In/Orientation/axmb/AxInt36mb": ((2, 36, 86, 86), 12.05),
    "dev/siemens-trio-axial/dicom/In/Orientation/cor/corasc36": ((2, 36, 64, 64), 3.01),
    "dev/siemens-trio-axial/dicom/In/Orientation/sag/sagasc36": ((2, 36, 64, 64), 3.01),
    "dev/siemens-trio-b12/dicom": ((2, 35, 64, 64), 2.21),
    "dev/siemens-trio-b13/dicom": ((3, 36, 64, 64), 2.21),
    "dev/siemens-xa30-enhanced/dicom": ((20, 33, 64, 64), 1.0),
    "dicom/phantom-agfa_rewritten_enh": ((4, 25, 64, 64), 1.22),
    "dicom/phantom-enh_siemens_xa10": ((4, 6, 64, 64), 0.5),
    "dicom/phantom-xa30_interop_bold": ((1, 33, 64, 64), None),
    "dicom/uih-grid/dicom": ((17, 20, 64, 64), 11.703),
}
BY_NAME_ONLY = {"dicom/uih-grid/dicom"}  # diffusion


@pytest.mark.parametrize("folder", SERIES)
def test_voxels_and_geometry_agree_with_dcm2niix(folder, tmp_path):
    dcm2niix = pytest.importorskip("dcm2niix", reason="dcm2niix is not installed")
    shape, step = SERIES[folder]
    path = DATA / folder
    uid = list_series(path)[0].selector if folder in BY_NAME_ONLY else None
    series = read_series(path, uid)
    assert series.frames.shape == shape
    if step:
        np.testing.assert_allclose(np.median(np.diff(series.times)), step, atol=0.01)
    theirs = _convert(dcm2niix.bin, path, series, tmp_path)
    _compare(series, theirs)


def _convert(binary, path, series, folder):
    """Return dcm2niix's image of the same series and echo, with the display scaling (-p n)."""
    command = [binary, "-ba", "n", "-z", "n", "-p", "n", "-f", "%s_%e", "-o", folder, path]
    subprocess.run([str(word) for word in command], check=True, capture_output=True)
    sidecars = {path: json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))}
    uid = series.header["series_instance_uid"]
    for sidecar, facts in sidecars.items():
        same_echo = abs(facts["EchoTime"] - series.echo_time) < 1e-5
        # dcm2niix takes a wrong element for the UID of the XA30 interoperability export.
        if same_echo and (facts["SeriesInstanceUID"] == uid or len(sidecars) == 1):
            return nibabel.load(sidecar.with_suffix(".nii"))
    raise AssertionError(f"dcm2niix made nothing of {path}")


def _compare(series, image):
    """Check that both put the same values at the same points in space."""
    theirs = np.asanyarray(image.dataobj)
    theirs = theirs.reshape(*theirs.shape[:3], -1)
    assert theirs.shape[3] == len(series.frames)
    # From our voxel indices to theirs: a signed permutation with whole-number offsets.
    to_theirs = np.linalg.inv(LPS_TO_RAS @ image.affine) @ series.affine
    indices = np.round(to_theirs)
    slices, rows, columns = series.volume_shape
    grid = np.stack(
        [*np.meshgrid(np.arange(columns), np.arange(rows), np.arange(slices), indexing="ij")]
    ).reshape(3, -1)
    grid = np.vstack([grid, np.ones(grid.shape[1], dtype=int)])
    distance = np.abs((LPS_TO_RAS @ image.affine @ indices - series.affine) @ grid).max()
    assert distance < 1e-3, f"{distance} mm"
    i, j, k = (indices @ grid)[:3].astype(int)
    assert min(i.min(), j.min(), k.min()) >= 0
    ours = series.frames[:, grid[2], grid[1], grid[0]]
    np.testing.assert_allclose(ours, theirs[i, j, k].T, rtol=2e-6, atol=1e-4)


TRANSFER_SYNTAXES = DATA / "dicom" / "transfer-syntaxes" / "dicom" / "In"


def test_seven_transfer_syntaxes_hold_the_same_pixels():
    paths = sorted(path for path in TRANSFER_SYNTAXES.iterdir() if path.is_file())
    assert len(paths) == 9
    volumes = [read_series(path).frames for path in paths]
    for path, volume in zip(paths, volumes, strict=True):
        np.testing.assert_array_equal(volume, volumes[0], err_msg=path.name)


def test_one_frame_of_the_asl_series_decodes_one_of_85_files(monkeypatch):
    from DSCBrainSegLib.series import dicom_pixels

    opened = []
    decode = dicom_pixels.decode_images
    monkeypatch.setattr(
        dicom_pixels,
        "decode_images",
        lambda path, *rest: opened.append(path) or decode(path, *rest),
    )
    series = read_series(DATA / "dev" / "siemens-prisma-asl" / "dicom", frames=[3])
    assert series.frame_count == 85
    assert len(opened) == 1


@pytest.mark.parametrize(
    ("folder", "description"),
    [
        ("philips-elition", "fcMRI"),
        ("siemens-xa30-enhanced", "func-bold_task-fa_run-1"),
        ("siemens-prisma-multiecho", "me_fMRI"),
        ("siemens-prisma-asl", "pasl_2d"),
    ],
)
def test_right_series_is_picked_from_a_real_mixture(folder, description):
    assert open_series(DATA / "dev" / folder / "dicom").description == description


def test_siemens_b12_spin_echo_in_the_header_is_taken_as_gradient_echo():
    (summary,) = list_series(DATA / "dev" / "siemens-trio-b12" / "dicom")
    assert summary.is_dynamic_t2star


def test_spin_echo_epi_is_told_from_t2star():
    (summary,) = list_series(DATA / "dev" / "ge-uhp-se-epi" / "dicom")
    assert not summary.is_dynamic_t2star
    assert "T2- not T2*-weighted" in summary.reason


def test_series_lie_where_their_reference_frames_lie():
    """The frame.nii.gz beside each series was made by another program."""
    for folder in ("ge-hdx", "siemens-xa30-enhanced", "siemens-prisma-asl"):
        source = open_series(DATA / "dev" / folder / "dicom")
        image = nibabel.load(DATA / "dev" / folder / "frame.nii.gz")
        slices, rows, columns = source.volume_shape
        ours = source.affine @ [(columns - 1) / 2, (rows - 1) / 2, (slices - 1) / 2, 1]
        middle = [(size - 1) / 2 for size in image.shape[:3]]
        theirs = LPS_TO_RAS @ image.affine @ [*middle, 1]
        np.testing.assert_allclose(ours, theirs, atol=0.01, err_msg=folder)


def test_reading_headers_of_a_real_series_is_quick():
    import time

    start = time.process_time()
    source = open_series(DATA / "dev" / "siemens-prisma-asl" / "dicom")
    source.read([3])
    assert time.process_time() - start < 5
