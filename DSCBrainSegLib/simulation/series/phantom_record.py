"""What a person wants to know of a phantom's draws, as plain JSON types."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np

from DSCBrainSegLib.simulation.acquisition.pose import Pose
from DSCBrainSegLib.simulation.pathology.lesions import Lesion
from DSCBrainSegLib.simulation.perfusion.bolus import Bolus
from DSCBrainSegLib.simulation.series.phantom_frames import FrameModel


def describe_model(model: FrameModel) -> dict:
    """Describe acquisition, head, lesions, bolus, leakage and drift; fields are left to the seed.

    Parameters
    ----------
    model : FrameModel

    Returns
    -------
    dict
        Lengths in mm, times in seconds, concentrations in mM, angles in degrees.
    """
    kinetics = model.kinetics
    return {
        "acquisition": asdict(model.acquisition),
        "pose": _pose(model.pose),
        "lesions": [_lesion(lesion) for lesion in model.lesions],
        "bolus": _bolus(kinetics.bolus),
        "leakage": {
            "t1_relaxivity_per_s_mm": kinetics.leakage.t1_relaxivity,
            "t2star_relaxivity_per_s_mm": kinetics.leakage.t2star_relaxivity,
        },
        "supplies": [asdict(supply) for supply in kinetics.supplies],
        "drift": asdict(kinetics.drift),
        "texture": model.texture,
        "shading_along_z": model.shading_along_z,
    }


def _pose(pose: Pose) -> dict:
    return {
        "matrix": np.asarray(pose.matrix).tolist(),
        "centre_kji": np.asarray(pose.centre).tolist(),
        "elastic_sd_mm": float(np.std(pose.elastic)),
        "atrophy_mm": pose.atrophy_mm,
        "ventricle_share": pose.ventricles.share if pose.ventricles else 0.0,
    }


def _bolus(bolus: Bolus) -> dict:
    return {key: value for key, value in vars(bolus).items() if key != "perfusion_factors"}


def _lesion(lesion: Lesion) -> dict:
    return {
        "kind": lesion.kind,
        "centre_kji": [float(value) for value in lesion.centre],
        "radius_mm": lesion.radius_mm,
        "rim": lesion.rim,
        "oedema_mm": lesion.oedema_mm,
        "thickness_mm": lesion.thickness_mm,
        "mass_effect": lesion.push.share if lesion.push else 0.0,
        "bloom_per_s": lesion.bloom_per_s,
        "surgery": lesion.surgery is not None,
    }
