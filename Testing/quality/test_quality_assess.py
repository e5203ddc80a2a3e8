"""The judgement of a mask: right slices, right reasons, the series' own numbering."""

import json

import numpy as np
import pytest
from scipy import ndimage

from DSCBrainSegLib.preprocessing.axial import to_axial
from DSCBrainSegLib.quality.assess import assess, own_slices
from DSCBrainSegLib.quality.confidence import Calibration, Logistic
from DSCBrainSegLib.quality.plausibility import name_slices

SPACING = (5.0, 2.0, 2.0)
UPRIGHT = np.diag([2.0, 2.0, 5.0, 1.0])
FEET_LAST = np.diag([2.0, 2.0, -5.0, 1.0])
SAGITTAL = np.array([[0, 0, 5.0, 0], [2.0, 0, 0, 0], [0, -2.0, 0, 0], [0, 0, 0, 1.0]])

CALIBRATION = Calibration(
    Logistic(-5.0, {"expected error": -2.5, "neighbours differ": 0.0, "empty": 3.0}, 0.6),
    Logistic(-7.0, {"expected error": -3.0, "doubtful planes": -4.0}, 0.5),
)


def brain(count=16, size=90):
    """Ellipsoid (K, J, I), 160 x 136 x 80 mm, with dark planes below and above."""
    k, j, i = np.indices((count + 6, size, size))
    z, y, x = (k - (count + 5) / 2) * 5, (j - (size - 1) / 2) * 2, (i - (size - 1) / 2) * 2
    return (y / 80) ** 2 + (x / 68) ** 2 + (z / 40) ** 2 < 1


def soft(mask, width=0.8):
    return ndimage.gaussian_filter(mask.astype(np.float32), (0, width, width))


def judge(found, affine=UPRIGHT, cleaned=True, calibration=None):
    return assess(to_axial(np.zeros(found.shape), affine), found, cleaned, calibration)


def test_a_plain_brain_draws_no_remark():
    quality = judge(soft(brain()), calibration=CALIBRATION)
    assert quality.slices_to_check == ()
    assert quality.warnings == ()
    assert quality.confidence > 0.9
    values = quality.per_slice_confidence
    held = brain().any(axis=(1, 2))
    assert len(values) == len(held)
    assert all(value > 0.6 for value, has in zip(values, held, strict=True) if has)
    assert values[0] is None and values[-1] is None


def test_a_blurred_slice_is_the_one_to_look_at():
    found = soft(brain())
    found[10] = soft(brain(), 14.0)[10]
    quality = judge(found, calibration=CALIBRATION)
    assert [checked.slice for checked in quality.slices_to_check] == [10]
    (checked,) = quality.slices_to_check
    assert checked.confidence == quality.per_slice_confidence[10] < 0.6
    assert "unsure" in checked.reasons[0]


def test_slices_are_numbered_as_in_the_series_whatever_its_direction():
    found = brain()
    found[13] = False
    found[13, 30:60, 30:60] = True
    upright = judge(found)
    assert [checked.slice for checked in upright.slices_to_check] == [13]
    axial = to_axial(np.zeros(found.shape), FEET_LAST)
    assert own_slices(axial).tolist() == list(range(len(found)))[::-1]
    turned = assess(axial, found, True)
    assert [checked.slice for checked in turned.slices_to_check] == [len(found) - 1 - 13]
    assert "area" in turned.slices_to_check[0].reasons[0]


def test_probabilities_without_a_calibration_and_masks_give_no_confidence():
    for found in (soft(brain()), brain()):
        quality = judge(found)
        assert quality.confidence is None
        assert set(quality.per_slice_confidence) == {None}
    assert judge(brain(), calibration=CALIBRATION).confidence is None


def test_a_volume_the_network_is_unsure_of_is_said_to_be():
    quality = judge(soft(brain(), 9.0), calibration=CALIBRATION)
    assert quality.confidence < 0.5
    assert "unsure of this mask" in quality.warnings[0]


def test_brain_that_is_likely_beyond_the_mask_is_to_be_looked_at():
    found = soft(brain())
    top = np.flatnonzero(brain().any(axis=(1, 2)))[-1] + 1
    found[top, 25:65, 25:65] = 0.45
    quality = judge(found, calibration=Calibration(
        Logistic(-1.0, {"expected error": -2.5, "neighbours differ": 0.0, "empty": 0.0}, 0.6),
        CALIBRATION.volume,
    ))  # fmt: skip
    reasons = {checked.slice: checked.reasons for checked in quality.slices_to_check}
    assert reasons[top][0] == "The network is not sure that there is no brain."


def test_a_brain_that_lacks_a_quarter_is_unusual():
    found = brain()
    found[:, :45, 45:] = False
    quality = judge(found)
    assert any("Left and right of the mask differ" in text for text in quality.warnings)


@pytest.mark.parametrize("cleaned, done", [(True, "dropped"), (False, "are in the mask")])
def test_holes_and_pieces_are_told_with_what_became_of_them(cleaned, done):
    found = brain()
    found[11, 30:60, 30:60] = False
    found[10, :3, :80] = True
    quality = judge(found, cleaned=cleaned)
    reasons = {checked.slice: " ".join(checked.reasons) for checked in quality.slices_to_check}
    assert "Holes of 36.0 cm²" in reasons[11]
    assert "apart from the largest" in reasons[10] and done in reasons[10]


def test_a_brain_in_two_parts_is_told_and_not_said_to_be_dropped():
    found = brain()
    found[8] = False
    quality = judge(found)
    told = [text for text in quality.warnings if "apart from the largest" in text]
    assert len(told) == 1 and told[0].endswith("they are in the mask.")


def test_a_brain_at_the_edge_of_the_image_or_cut_off_by_the_scan_is_named():
    found = brain()[:11, :, 15:]
    texts = " ".join(judge(found).warnings)
    assert "touches the edge of the image on slices" in texts
    assert "highest slice (11)" in texts and "lowest" not in texts
    texts = " ".join(assess(to_axial(np.zeros(found.shape), FEET_LAST), found, True).warnings)
    assert "highest slice (1)" in texts


def test_a_sagittal_series_is_judged_on_its_axial_planes():
    axial = to_axial(np.zeros((30, 80, 90)), SAGITTAL)
    assert axial.resampled
    k, j, i = np.indices(axial.volume.shape)
    centre, steps = (np.array(k.shape) - 1) / 2, axial.spacing
    z, y, x = ((k - centre[0]) * steps[0], (j - centre[1]) * steps[1], (i - centre[2]) * steps[2])
    inside = (z / 50) ** 2 + (y / 70) ** 2 + (x / 55) ** 2 < 1
    found = soft(inside)
    found[20] = soft(inside, 14.0)[20]
    quality = assess(axial, found, True, CALIBRATION)
    assert quality.per_slice_confidence == (None,) * 30
    assert quality.slices_to_check == ()
    assert 0 < quality.confidence < 1
    assert any("axial planes" in text and "21" in text for text in quality.warnings)


def test_what_is_written_is_plain_json():
    found = soft(brain())
    found[10] = soft(brain(), 14.0)[10]
    stored = json.loads(json.dumps(judge(found, calibration=CALIBRATION).to_dict()))
    assert set(stored) == {"confidence", "warnings", "per_slice_confidence", "slices_to_check"}
    assert set(stored["slices_to_check"][0]) == {"slice", "confidence", "reasons"}
    assert len(stored["per_slice_confidence"]) == len(found)


def test_slices_are_named_as_a_person_would():
    assert name_slices([3]) == "slice 3"
    assert name_slices([4, 3, 5]) == "slices 3 to 5"
    assert name_slices([9, 3, 5], "plane") == "planes 3, 5 and 9"
