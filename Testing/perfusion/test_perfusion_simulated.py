"""Maps of a simulated series against its exact perfusion, and what other masks do to them."""

import dataclasses

import numpy as np
import pytest
from perfusion_case import perfusion_phantom

from DSCBrainSegLib.errors import ConfigurationError, SeriesError
from DSCBrainSegLib.perfusion import MAPS, perfusion_maps
from DSCBrainSegLib.perfusion.effect import effects_of_masks
from DSCBrainSegLib.perfusion.effect_table import (
    effects_to_csv,
    effects_to_markdown,
    summarise_effects,
)
from DSCBrainSegLib.perfusion.mask_variants import mask_variants


@pytest.fixture(scope="module")
def phantom():
    return perfusion_phantom()


@pytest.fixture(scope="module")
def maps(phantom):
    return perfusion_maps(phantom.series, phantom.mask)


@pytest.fixture(scope="module")
def effects(phantom):
    masks = mask_variants(phantom.mask, phantom.lesion)
    rows = effects_of_masks("a", phantom.series, masks, phantom.mask, phantom.lesion, "truth")
    return {row.mask: row for row in rows}


def tissue_of(phantom):
    """Voxels of grey or white matter: hardly any fluid, no large vessel, no lesion."""
    true = phantom.tissue_maps
    chosen = (true["tissue"] > 0.9) & (true["vessels"] < 0.1) & ~phantom.lesion
    return chosen & (true["ktrans"] < 0.001) & (true["cbv"] > 1.3)


def test_blood_volume_follows_the_exact_one(phantom, maps):
    where = tissue_of(phantom)
    found = np.corrcoef(maps.values["rcbv"][where], phantom.tissue_maps["cbv"][where])
    assert found[0, 1] > 0.9


def test_the_region_of_reference_is_white_matter(phantom, maps):
    true = phantom.tissue_maps["cbv"][maps.reference_mask]
    assert maps.reference_mask.sum() > 100
    assert 1.4 < np.median(true) < 2.4
    assert not (maps.reference_mask & phantom.lesion).any()


def test_correction_brings_the_tumour_nearer_to_its_true_blood_volume(phantom, maps):
    exact = phantom.tissue_maps["cbv"][phantom.lesion].mean()
    exact /= phantom.tissue_maps["cbv"][maps.reference_mask].mean()
    with_it = maps.values["rcbv"][phantom.lesion].mean() / exact - 1
    without = maps.values["rcbv-uncorrected"][phantom.lesion].mean() / exact - 1
    assert abs(with_it) < abs(without)
    assert abs(with_it) < 0.25


def test_every_map_is_zero_outside_the_mask_and_a_number_inside(phantom, maps):
    assert list(maps.values) == list(MAPS)
    for values in maps.values.values():
        assert values.dtype == np.float32
        assert np.isfinite(values).all()
        assert not values[~phantom.mask].any()


def test_maps_do_not_depend_on_the_echo_time_that_is_not_said(phantom, maps):
    silent = dataclasses.replace(phantom.series, echo_time=None)
    again = perfusion_maps(silent, phantom.mask, flow=False)
    assert any("echo time" in sentence for sentence in again.warnings)
    np.testing.assert_allclose(again.values["rcbv"], maps.values["rcbv"], atol=1e-4)
    doubled = dataclasses.replace(phantom.series, echo_time=0.06)
    again = perfusion_maps(doubled, phantom.mask, flow=False)
    np.testing.assert_allclose(again.values["cbv"], maps.values["cbv"], rtol=1e-3, atol=1e-2)


def test_a_larger_mask_takes_in_voxels_without_bolus(effects):
    assert effects["grown 2"].no_bolus > effects["grown 1"].no_bolus > effects["truth"].no_bolus
    assert effects["shrunk 1"].no_bolus < effects["truth"].no_bolus


def test_the_reference_itself_has_no_effect(effects):
    truth = effects["truth"]
    assert (truth.dice, truth.artery_shift, truth.cbv_shift, truth.lesion_kept) == (1, 0, 0, 1)


def test_a_mask_without_the_lesion_shows_it_though_its_dice_does_not(effects):
    assert effects["without lesion"].dice > 0.9
    assert effects["without lesion"].lesion_kept == 0
    assert np.isnan(effects["without lesion"].lesion_rcbv)


def test_the_plain_rule_takes_its_artery_outside_of_a_mask_that_is_too_large(effects):
    assert effects["grown 2"].plain_outside > 0.2
    assert effects["shrunk 1"].plain_outside == 0


def test_without_a_mask_blood_volume_is_wrong_by_a_third_or_more(effects):
    nothing = effects["no mask"]
    assert nothing.failure or abs(nothing.cbv_shift) > 0.3


def test_table_counts_cases_and_failures(effects):
    rows = list(effects.values())
    failed = dataclasses.replace(rows[1], cbv_shift=float("nan"), failure="no bolus")
    rows += [dataclasses.replace(row, case="b") for row in rows[:1]] + [
        dataclasses.replace(failed, case="b")
    ]
    summary = {found.mask: found for found in summarise_effects(rows)}
    assert (summary["grown 1"].cases, summary["grown 1"].failures) == (2, 1)
    text = effects_to_markdown(rows)
    assert "grown 1 (1 of 2 failed)" in text
    assert "2 cases" in text
    assert effects_to_csv(rows).count("\n") == 1 + len(rows)


def test_interval_appears_with_enough_cases(effects):
    row = effects["grown 1"]
    rows = [dataclasses.replace(row, case=str(n), cbv_shift=0.01 * n) for n in range(1, 8)]
    # Seven differences 1..7 %: the estimate is 4 %; the 95 % interval of seven is the second
    # smallest and largest of all pairs' means... at least it holds the estimate and is finite.
    estimate, low, high = summarise_effects(rows)[0].values["cbv_shift"]
    assert estimate == pytest.approx(0.04)
    assert 0.01 <= low < 0.04 < high <= 0.07


def test_mask_of_another_grid_and_empty_mask_are_refused(phantom):
    with pytest.raises(ConfigurationError, match="own grid"):
        perfusion_maps(phantom.series, phantom.mask[:, :-1])
    with pytest.raises(SeriesError, match="empty"):
        perfusion_maps(phantom.series, np.zeros_like(phantom.mask))


def test_uneven_times_are_refused(phantom):
    times = phantom.series.times.copy()
    times[20:] += 1.5
    uneven = dataclasses.replace(phantom.series, times=times)
    with pytest.raises(SeriesError, match="evenly spaced"):
        perfusion_maps(uneven, phantom.mask)
