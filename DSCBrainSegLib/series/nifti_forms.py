"""The two orientations that a NIfTI header may hold, qform and sform: chosen, and written again.

Programs choose differently between them (nibabel and FSL take the sform, ITK and 3D Slicer look at
its code first), so a mask lies on its image everywhere only if its header repeats both, with both
codes.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from DSCBrainSegLib.errors import SeriesError

UNITS = {1: "m", 2: "mm", 3: "um"}
"""NIFTI_UNITS codes of space."""

_SPACE_BITS = 0x07  # of xyzt_units

FLAT = 1e-3
"""Axes whose unit vectors span less than this volume span none."""

SAME_FORM_VOXELS = 0.05
"""Forms that lay no voxel further apart than this share of a voxel agree."""


@dataclass(frozen=True)
class NiftiForms:
    """Orientation fields of a NIfTI header, as they were read.

    Parameters
    ----------
    qform_code, sform_code : int
        0 where the form is not to be used.
    pixdim : tuple of 4 float
        qfac, then voxel edges along i, j, k in `unit`.
    quaternion, offset : tuple of 3 float
        b, c, d and x, y, z of the qform.
    rows : tuple of 3 tuples of 4 float
        The sform.
    unit : int
        Code of the unit of space (`UNITS`), 0 where none is given.
    """

    qform_code: int
    sform_code: int
    pixdim: tuple
    quaternion: tuple
    offset: tuple
    rows: tuple
    unit: int

    @classmethod
    def from_header(cls, header) -> NiftiForms:
        """Take the fields of a nibabel header, NIfTI-1 or NIfTI-2."""
        return cls(
            int(header["qform_code"]),
            int(header["sform_code"]),
            tuple(float(edge) for edge in header["pixdim"][:4]),
            tuple(float(header[f"quatern_{letter}"]) for letter in "bcd"),
            tuple(float(header[f"qoffset_{letter}"]) for letter in "xyz"),
            tuple(tuple(float(x) for x in header[f"srow_{letter}"]) for letter in "xyz"),
            int(header["xyzt_units"]) & _SPACE_BITS,
        )

    def write_into(self, header) -> None:
        """Set the fields of a nibabel header."""
        header["qform_code"], header["sform_code"] = self.qform_code, self.sform_code
        header["pixdim"][:4] = self.pixdim
        for letter, part, place, row in zip(
            "bcd", self.quaternion, self.offset, self.rows, strict=True
        ):
            axis = "xyz"["bcd".index(letter)]
            header[f"quatern_{letter}"] = part
            header[f"qoffset_{axis}"] = place
            header[f"srow_{axis}"] = row
        header["xyzt_units"] = int(header["xyzt_units"]) & ~_SPACE_BITS | self.unit

    @property
    def edges(self) -> np.ndarray:
        """Voxel edges along i, j, k; 1 where the header gives none."""
        edges = np.abs(np.array(self.pixdim[1:], dtype=float))
        edges[~np.isfinite(edges) | (edges == 0)] = 1.0
        return edges

    def qform(self) -> np.ndarray:
        """Affine (4, 4) to RAS+ in the header's unit (NIfTI-1 standard, method 2)."""
        from nibabel.quaternions import quat2mat

        vector = np.array(self.quaternion)
        length = float(vector @ vector)
        # Rounding may leave a little more than a unit quaternion.
        quaternion = (
            np.array([np.sqrt(1 - length), *vector])
            if length < 1
            else np.array([0.0, *(vector / np.sqrt(length))])
        )
        affine = np.eye(4)
        signs = np.array([1.0, 1.0, -1.0 if self.pixdim[0] == -1 else 1.0])
        affine[:3, :3] = quat2mat(quaternion) * (self.edges * signs)
        affine[:3, 3] = self.offset
        return affine

    def sform(self) -> np.ndarray:
        """Affine (4, 4) to RAS+ in the header's unit (NIfTI-1 standard, method 3)."""
        return np.vstack([np.array(self.rows, dtype=float), [0, 0, 0, 1]])


def choose_form(
    path: Path, forms: NiftiForms | None, edges, shape: tuple[int, int, int], warnings: list[str]
) -> np.ndarray:
    """Choose the affine as nibabel and FSL do: sform, qform, else axes centred in the scanner.

    Parameters
    ----------
    path : Path
        For the message.
    forms : NiftiForms or None
        None for a file older than NIfTI, which has none.
    edges : sequence of 3 float
        Voxel edges along i, j, k.
    shape : tuple of int
        Voxels (I, J, K).
    warnings : list of str
        Gets a sentence where a form cannot be used, two forms disagree, or there is none.

    Returns
    -------
    ndarray, shape (4, 4)
        From (i, j, k, 1) to RAS+ in the header's unit.

    Raises
    ------
    SeriesError
        The header means to give an orientation, and none of it can be used.
    """
    given = []
    if forms is not None:
        if forms.sform_code > 0:
            given.append(("sform", forms.sform()))
        if forms.qform_code > 0:
            given.append(("qform", forms.qform()))
    given = [(name, _with_one_slice(form, shape)) for name, form in given]
    sound = [(name, form) for name, form in given if _spans(form)]
    if not sound:
        if given:
            raise SeriesError(f"{path} has an orientation that spans no volume; convert it again.")
        affine = _centred(edges, shape)
        warnings.append(
            "The NIfTI header gives no orientation; its voxel axes are taken to run to the "
            f"patient's {axis_names(affine)}."
        )
        return affine
    name, affine = sound[0]
    if len(sound) < len(given):
        wrong = next(other for other, form in given if not _spans(form))
        warnings.append(f"The {wrong} of the header spans no volume; its {name} is used.")
    elif len(sound) == 2 and (apart := _apart(affine, sound[1][1], shape)) > SAME_FORM_VOXELS:
        warnings.append(
            f"The header's two orientations, sform and qform, disagree by up to {apart:.3g} "
            f"voxels; the {name} is taken, whose axes run to the patient's {axis_names(affine)}. "
            "Programs choose differently: the mask's header repeats both."
        )
    return affine


def axis_names(ras_affine: np.ndarray) -> str:
    """Name where the axes i, j, k of an affine to RAS+ run: 'left, back and top'."""
    names = (("left", "right"), ("back", "front"), ("bottom", "top"))
    directions = ras_affine[:3, :3] / np.linalg.norm(ras_affine[:3, :3], axis=0)
    found = []
    for column in directions.T:
        axis = int(np.argmax(np.abs(column)))
        found.append(names[axis][int(column[axis] > 0)])
    return f"{found[0]}, {found[1]} and {found[2]}"


def _with_one_slice(affine: np.ndarray, shape) -> np.ndarray:
    """Give the axis of a single slice a direction where it has none."""
    axes = affine[:3, :3]
    if shape[2] != 1 or not np.isfinite(affine).all() or axes[:, 2].any():
        return affine
    normal = np.cross(axes[:, 0], axes[:, 1])
    length = np.linalg.norm(normal)
    affine = affine.copy()
    affine[:3, 2] = normal / length if length else 0
    return affine


def _spans(affine: np.ndarray) -> bool:
    lengths = np.linalg.norm(affine[:3, :3], axis=0)
    if not np.isfinite(affine).all() or not (lengths > 0).all():
        return False
    return bool(abs(np.linalg.det(affine[:3, :3] / lengths)) > FLAT)


def _apart(first: np.ndarray, second: np.ndarray, shape) -> float:
    """Largest distance between two affines' places of a voxel, in voxels of the first."""
    corners = np.array(np.meshgrid(*[(0, count - 1) for count in shape])).reshape(3, -1)
    corners = np.vstack([corners, np.ones(corners.shape[1])])
    return float(np.abs(np.linalg.inv(first) @ second @ corners - corners)[:3].max())


def _centred(edges, shape) -> np.ndarray:
    """Axes to left, front and top around the middle, as nibabel reads such files."""
    affine = np.diag([-edges[0], edges[1], edges[2], 1.0])
    affine[:3, 3] = -affine[:3, :3] @ ((np.array(shape) - 1) / 2)
    return affine
