"""What can be chosen about the network, with the paper's reading as the default."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace

from DSCBrainSegLib.errors import ConfigurationError

SCSE_PLACEMENTS = ("standard", "pre", "post", "identity", "none")
SCSE_MERGES = ("add", "max")
UPSAMPLINGS = ("tconv", "bilinear")


@dataclass(frozen=True)
class NetworkConfig:
    """Architecture of the U-Net with residual units and scSE blocks.

    The source paper (Alkhimova & Diumin 2022) states the building blocks but not widths, depth,
    reduction ratio or up-sampling; the defaults are this project's reading of it
    (docs/methods.md) and give 8,490,050 parameters.

    Parameters
    ----------
    widths : tuple of int
        Channels of each encoder level from the input resolution down; the last one is the bottom
        of the U. Resolution halves between levels.
    units_per_stage : int
        Residual units at every encoder and decoder level.
    scse : {"standard", "pre", "post", "identity", "none"}
        Where the scSE block sits relative to the residual unit. ``standard``: on the residual
        branch just before the addition; ``pre``: before the unit; ``post``: after the addition
        and ReLU; ``identity``: on the shortcut; ``none``: no scSE.
    scse_ratio : int
        Channel reduction of the squeeze in the channel excitation.
    scse_merge : {"add", "max"}
        How the channel- and the spatially-excited maps are joined.
    upsampling : {"tconv", "bilinear"}
        2x2 stride-2 transposed convolution, or bilinear up-sampling and a 3x3 convolution.
    input_size : int
        Rows and columns of the square input slice.
    neighbours : int
        Slices on either side that are given to the network beside the one it segments; the paper's
        network sees one slice.
    context_mm : tuple of float
        Distances in mm, below and above, at which one more slice on either side is shown: what lies
        there tells the vertex from a cavity whatever the slices' spacing.
    bolus_channel : bool
        One more channel: how much the signal falls at the peak of the contrast agent's passage.
    """

    widths: tuple[int, ...] = (64, 128, 256, 512)
    units_per_stage: int = 1
    scse: str = "standard"
    scse_ratio: int = 2
    scse_merge: str = "add"
    upsampling: str = "tconv"
    input_size: int = 128
    neighbours: int = 0
    context_mm: tuple[float, ...] = ()
    bolus_channel: bool = False

    def __post_init__(self):
        widths = self.widths
        self._require(
            isinstance(widths, list | tuple)
            and len(widths) >= 2
            and all(isinstance(width, int) and width >= 1 for width in widths),
            f"widths must be two or more positive channel counts, got {widths!r}",
        )
        object.__setattr__(self, "widths", tuple(widths))
        self._require_choice("scse", SCSE_PLACEMENTS)
        self._require_choice("scse_merge", SCSE_MERGES)
        self._require_choice("upsampling", UPSAMPLINGS)
        for name in ("units_per_stage", "scse_ratio", "input_size"):
            value = getattr(self, name)
            self._require(
                isinstance(value, int) and value >= 1,
                f"{name} must be a positive whole number, got {value!r}",
            )
        self._require(
            isinstance(self.neighbours, int) and self.neighbours >= 0,
            f"neighbours must be a whole number, 0 or more, got {self.neighbours!r}",
        )
        object.__setattr__(self, "context_mm", tuple(self.context_mm))
        self._require(
            all(isinstance(mm, int | float) and mm > 0 for mm in self.context_mm),
            f"context_mm must be distances above 0, got {self.context_mm!r}",
        )
        smallest_factor = 2 ** (len(self.widths) - 1)
        self._require(
            self.input_size % smallest_factor == 0,
            f"input_size must be a multiple of {smallest_factor} for {len(self.widths)} levels, "
            f"got {self.input_size}",
        )

    @property
    def input_channels(self) -> int:
        """Channels of the input."""
        return 1 + 2 * (self.neighbours + len(self.context_mm)) + self.bolus_channel

    def slice_offsets(self, spacing_mm: float) -> list[int]:
        """Which slices the network sees, as distances in slices from the one it segments.

        Parameters
        ----------
        spacing_mm : float
            Between the centres of neighbouring slices.

        Returns
        -------
        list of int
            Neighbours from inferior to superior, then below and above for each of `context_mm`.
        """
        context = [max(1, round(mm / spacing_mm)) for mm in self.context_mm]
        near = list(range(-self.neighbours, self.neighbours + 1))
        return near + [side * far for far in context for side in (-1, 1)]

    def to_dict(self) -> dict:
        """Return the configuration as plain JSON types."""
        return {**asdict(self), "widths": list(self.widths), "context_mm": list(self.context_mm)}

    @classmethod
    def from_dict(cls, values: dict) -> NetworkConfig:
        """Build a configuration from `to_dict`'s output; an unknown key is an error."""
        unknown = sorted(set(values) - {field.name for field in fields(cls)})
        if unknown:
            raise ConfigurationError(f"Unknown network option(s): {', '.join(unknown)}.")
        return cls(**values)

    def _require_choice(self, name: str, choices: tuple[str, ...]) -> None:
        value = getattr(self, name)
        self._require(
            value in choices, f"{name} must be one of {', '.join(choices)}, got {value!r}"
        )

    @staticmethod
    def _require(condition: bool, message: str) -> None:
        if not condition:
            raise ConfigurationError(f"Network configuration: {message}.")


PAPER = NetworkConfig()
LEAN = NetworkConfig(widths=(16, 32, 64, 128, 256))
DEFAULT = replace(LEAN, neighbours=1, bolus_channel=True)
"""The architecture of the shipped weights."""
