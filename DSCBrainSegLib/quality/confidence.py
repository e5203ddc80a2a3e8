"""From features to confidence: logistic maps that belong to a weight file and lie in its card.

``Testing/benchmarks/calibrate_quality.py`` makes them. Without one in the card there is no
confidence.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from DSCBrainSegLib.errors import WeightsError

GOOD_SLICE_DICE = 0.9
GOOD_VOLUME_DICE = 0.95
CARD_KEY = "quality"


@dataclass(frozen=True)
class Logistic:
    """Probability that a mask is good, from features.

    Parameters
    ----------
    intercept : float
    slopes : dict of str to float
        For each feature that is used.
    flag_below : float
        A mask with less confidence is said to need a look.
    """

    intercept: float
    slopes: dict[str, float]
    flag_below: float

    def __call__(self, features: dict[str, np.ndarray]) -> np.ndarray:
        """Return the probability, 0 to 1, for features of any one shape."""
        logit = self.intercept + sum(
            slope * np.asarray(features[name]) for name, slope in self.slopes.items()
        )
        return 1 / (1 + np.exp(-np.clip(logit, -30, 30)))

    def to_dict(self) -> dict:
        """Return the map as plain JSON types."""
        return {
            "intercept": self.intercept,
            "slopes": dict(self.slopes),
            "flag_below": self.flag_below,
        }

    @classmethod
    def from_dict(cls, values: dict) -> Logistic:
        """Build the map from `to_dict`'s output."""
        slopes = {str(name): float(slope) for name, slope in values["slopes"].items()}
        return cls(float(values["intercept"]), slopes, float(values["flag_below"]))


@dataclass(frozen=True)
class Calibration:
    """The two maps of a weight file.

    Parameters
    ----------
    plane : Logistic
        On `features.plane_features`: the plane's Dice is at least `GOOD_SLICE_DICE`.
    volume : Logistic
        On `features.volume_features`: the volume's Dice is at least `GOOD_VOLUME_DICE`.
    """

    plane: Logistic
    volume: Logistic

    def to_dict(self) -> dict:
        """Return the calibration as plain JSON types."""
        return {"slice": self.plane.to_dict(), "volume": self.volume.to_dict()}

    @classmethod
    def from_card(cls, card: dict) -> Calibration | None:
        """Read the calibration of a model card.

        Parameters
        ----------
        card : dict
            See `network.weights.read_card`.

        Returns
        -------
        Calibration or None
            None if the card has none.

        Raises
        ------
        WeightsError
            It was made for other features than this version computes.
        """
        from DSCBrainSegLib.quality.features import PLANE_FEATURES, VOLUME_FEATURES

        values = card.get(CARD_KEY)
        if values is None:
            return None
        try:
            found = cls(Logistic.from_dict(values["slice"]), Logistic.from_dict(values["volume"]))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise WeightsError(
                f"The calibration in the model card of {card['name']} cannot be read; remove its "
                f'"{CARD_KEY}" or make it again with Testing/benchmarks/calibrate_quality.py.'
            ) from error
        unknown = {*found.plane.slopes} - {*PLANE_FEATURES} | (
            {*found.volume.slopes} - {*VOLUME_FEATURES}
        )
        if unknown:
            raise WeightsError(
                f"The calibration in the model card of {card['name']} uses {', '.join(unknown)}, "
                "which this version does not compute; make it again with "
                "Testing/benchmarks/calibrate_quality.py."
            )
        return found
