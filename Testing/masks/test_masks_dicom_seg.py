"""DICOM segmentations, as highdicom writes them, come onto the series by position."""

import numpy as np
import pytest
from dicom_factory import make_affine, make_frames, write_classic

from DSCBrainSegLib.dicom_seg.origin import MaskOrigin
from DSCBrainSegLib.dicom_seg.write import write_dicom_seg
from DSCBrainSegLib.errors import SeriesError
from DSCBrainSegLib.masks import read_mask
from DSCBrainSegLib.series import read_series

pytest.importorskip("highdicom")

ORIGIN = MaskOrigin(time_point=1)


@pytest.mark.parametrize("labelmap", [False, True])
def test_segmentation_of_a_time_point_is_read_back(tmp_path, labelmap):
    write_classic(tmp_path / "series", make_frames(), make_affine("oblique"))
    series = read_series(tmp_path / "series")
    mask = np.zeros(series.volume_shape, bool)
    mask[1:3, 3:9, 2:7] = mask[3, 5, 5] = True
    write_dicom_seg(tmp_path / "m.dcm", mask, series.planes[0], ORIGIN, labelmap=labelmap)
    np.testing.assert_array_equal(read_mask(tmp_path / "m.dcm", series), mask)


def test_damaged_segmentation_is_named(tmp_path):
    write_classic(tmp_path / "series", make_frames(), make_affine())
    series = read_series(tmp_path / "series")
    write_dicom_seg(
        tmp_path / "m.dcm", np.ones(series.volume_shape, bool), series.planes[0], ORIGIN
    )
    data = (tmp_path / "m.dcm").read_bytes()
    (tmp_path / "cut.dcm").write_bytes(data[: len(data) * 2 // 3])
    with pytest.raises(SeriesError, match="damaged"):
        read_mask(tmp_path / "cut.dcm", series)
