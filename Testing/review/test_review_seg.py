"""The review's Save writes the chosen mask as a DICOM SEG of a DICOM series."""

import pydicom
import pytest
from review_server import Page, Server, chromium
from small_studies import make_head, write_dsc


def test_save_writes_a_dicom_seg_of_the_time_point_on_which_it_was_made(tmp_path):
    pytest.importorskip("highdicom", reason="needs highdicom (extra dicom-seg)")
    study = write_dsc(tmp_path / "dsc", make_head(), "one")
    (tmp_path / "work").mkdir()
    with chromium() as browser:
        server = Server(tmp_path / "dsc", tmp_path / "work")
        try:
            page = Page(browser.new_page(viewport={"width": 1500, "height": 950}), server.link())
            page.wait("s('opened') && !s('busy')")
            page.segment("otsu-post")
            page.page.click("#save")
            page.page.click("#save-seg")
            page.wait("s('alert').startsWith('Saved as')")
            voxels = page.voxels("Brain (otsu-post)")
            (saved,) = server.output.glob("*.dcm")
        finally:
            server.kill()
    found = pydicom.dcmread(saved)
    assert (found.Modality, found.StudyInstanceUID) == ("SEG", study)
    assert found.pixel_array.sum() == voxels > 0
    segment = found.SegmentSequence[0]
    assert segment.SegmentAlgorithmType == "AUTOMATIC"
    assert segment.SegmentAlgorithmName == "DSCBrainSeg otsu-post"
    assert "time point 4" in found.ContentDescription
