"""The main job on a DICOM series with the shipped weights, as ``make demo`` does it."""

import json

import numpy as np
import pytest
from places import shared_folder

from DSCBrainSegLib.cli.main import main
from DSCBrainSegLib.metrics.overlap import overlap


@pytest.fixture(scope="module")
def phantom_folder(tmp_path_factory):
    pytest.importorskip("nilearn", reason="the phantom's head comes with nilearn")
    folder = tmp_path_factory.mktemp("phantom") / "Köpf 1"
    arguments = ["simulate", str(folder), "--seed", "3", "--slices", "12", "--frames", "24"]
    assert main(arguments) == 0
    return folder


@pytest.mark.parametrize(
    "options, tumour_in_mask",
    # Without the bolus the bright core at the frontal pole passes for an eye on one slice.
    [([], 0.95), (["--no-bolus"], 0.8)],
    ids=["with the bolus", "one time point"],
)
def test_the_shipped_weights_find_the_brain_of_the_phantom(
    phantom_folder, tmp_path, capfd, options, tumour_in_mask
):
    from DSCBrainSegLib.series import read_series

    out = tmp_path / "out"
    arguments = ["segment", str(phantom_folder / "dicom"), "-o", str(out), "--json", *options]
    assert main(arguments) == 0
    facts = json.loads(capfd.readouterr().out)
    mask = read_series(out / "mask.nii.gz")
    truth = read_series(phantom_folder / "truth" / "mask.nii.gz")
    np.testing.assert_allclose(mask.affine, truth.affine, atol=1e-3)
    figures = overlap(mask.frames[0] > 0, truth.frames[0] > 0)
    assert figures.dice > 0.96
    tumour = read_series(phantom_folder / "truth" / "tumour.nii.gz").frames[0] > 0
    assert (mask.frames[0] > 0)[tumour].mean() > tumour_in_mask, "the tumour belongs to the mask"
    assert facts["weights"]["sha256"]
    cut_off = ["covers only part of the brain" in text for text in facts["warnings"]]
    assert cut_off == [True, True], "its 12 slices end within the brain below and above"


def test_the_demo_s_figures_compare_the_two_files(phantom_folder, capsys):
    truth = str(phantom_folder / "truth" / "mask.nii.gz")
    tumour = str(phantom_folder / "truth" / "tumour.nii.gz")
    assert main(["agreement", truth, truth]) == 0
    assert "Dice 1.0000" in capsys.readouterr().out
    assert main(["agreement", truth, tumour]) == 0
    # The whole brain taken for the tumour: all of the tumour found, and much else.
    assert "sensitivity 1.0000, specificity 0." in capsys.readouterr().out
    assert main(["agreement", truth, tumour, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["sensitivity"] == 1.0
    assert main(["agreement", tumour, truth, "--lesion", tumour]) == 0
    assert "outward share 0.0000, lesion kept 1.0000" in capsys.readouterr().out
    assert main(["agreement", truth, str(phantom_folder / "none.nii.gz")]) == 1
    assert main(["agreement"]) == 2


@pytest.mark.parametrize(
    "name",
    ["siemens-prisma-asl", "ge-uhp-se-epi", "philips-elition", "siemens-trio-b12"],
)
def test_real_series_agree_with_their_consensus_masks(name):
    from DSCBrainSegLib.cohort.cases import find_cases
    from DSCBrainSegLib.evaluation.run import evaluate
    from DSCBrainSegLib.methods import get_method

    shared = shared_folder()
    if shared is None:
        pytest.skip("an extra test: the development data (../shared) is not on this machine")
    case = next(case for case in find_cases(shared / "data" / "dev") if case.name == name)
    figures = evaluate([case], [get_method("network")]).volumes[0]
    assert figures.dice > 0.93
