"""NRRD files in and out, also the 4-D .seq.nrrd sequences of 3D Slicer."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from DSCBrainSegLib.errors import SeriesError
from DSCBrainSegLib.series.nifti import storable
from DSCBrainSegLib.series.planes import number
from DSCBrainSegLib.series.quiet import quiet_libraries
from DSCBrainSegLib.series.sequence_times import sequence_times
from DSCBrainSegLib.series.source import SeriesSource

# Signs that turn a space's axes into LPS+. A sequence's fourth axis may be called time.
_LPS_SIGNS = {
    "left-posterior-superior": (1, 1, 1),
    "lps": (1, 1, 1),
    "right-anterior-superior": (-1, -1, 1),
    "ras": (-1, -1, 1),
    "left-anterior-superior": (1, -1, 1),
    "las": (1, -1, 1),
}
_COLOUR_KINDS = ("rgb", "color", "vector", "complex", "matrix", "quaternion", "normal", "tensor")
_TIME_KINDS = ("list", "time")


def open_nrrd(path: Path) -> SeriesSource:
    """Open a 3-D or 4-D NRRD file (.nrrd, .nhdr, .seq.nrrd).

    The time axis is the one without a direction. Times come from the index values of Slicer's
    sequences or from the frame labels of its MultiVolume importer.

    Raises
    ------
    SeriesError
        The file is damaged, a colour image, or not 3-D or 4-D.
    """
    import nrrd

    try:
        with quiet_libraries():
            header = nrrd.read_header(str(path))
            if len(header["sizes"]) != header["dimension"] or min(header["sizes"]) < 1:
                raise ValueError("sizes do not fit the dimension")
    except Exception as error:  # pynrrd raises many kinds on a damaged file
        raise _damaged(path) from error
    warnings: list[str] = []
    time_axis = _time_axis(path, header)
    sizes = [int(size) for size in header["sizes"]]
    count = 1 if time_axis is None else sizes.pop(time_axis)
    affine = _affine(path, header, time_axis, warnings)
    echo_time = _milliseconds(header, "MultiVolume.DICOM.EchoTime")
    repetition_time = _milliseconds(header, "MultiVolume.DICOM.RepetitionTime")
    return SeriesSource(
        description="",
        frame_count=count,
        volume_shape=(sizes[2], sizes[1], sizes[0]),
        times=sequence_times(
            count,
            header.get(f"axis {time_axis} index values"),
            header.get("MultiVolume.FrameLabels"),
            header.get("MultiVolume.FrameIdentifyingDICOMTagUnits"),
            repetition_time,
            warnings,
        ),
        affine=affine,
        decode=_Decoder(path, time_axis),
        echo_time=echo_time,
        repetition_time=repetition_time,
        source=path,
        warnings=warnings,
    )


def write_nrrd(
    path: Path | str, volume: np.ndarray, affine: np.ndarray, times: np.ndarray | None = None
) -> None:
    """Write a volume (K, J, I) or frames (T, K, J, I) as gzip-compressed NRRD in LPS+.

    Frames are written as Slicer writes a sequence: the list of frames is the fastest axis, and
    `times` (T,), in seconds, are its index values.

    Raises
    ------
    OSError
        The file cannot be written.
    """
    import nrrd

    volume = storable(volume)
    affine = np.asarray(affine, dtype=float)
    directions = affine[:3, :3].T
    header = {
        "space": "left-posterior-superior",
        "kinds": ["domain", "domain", "domain"],
        "space directions": directions,
        "space origin": affine[:3, 3],
        "encoding": "gzip",
    }
    voxels = np.transpose(volume)
    if volume.ndim == 4:
        voxels = np.moveaxis(voxels, 3, 0)
        header["kinds"] = ["list", "domain", "domain", "domain"]
        header["space directions"] = np.vstack([np.full(3, np.nan), directions])
        if times is not None:
            header["axis 0 index type"] = "numeric"
            header["axis 0 index values"] = " ".join(f"{time:g}" for time in times)
            header["MultiVolume.FrameIdentifyingDICOMTagUnits"] = "ms"
            header["MultiVolume.FrameLabels"] = ",".join(f"{time * 1000:g}" for time in times)
    nrrd.write(str(path), voxels, header, compression_level=6, index_order="F")


class _Decoder:
    """Read the file once, at the first frame that is asked for."""

    def __init__(self, path: Path, time_axis: int | None):
        self._path, self._time_axis = path, time_axis
        self._frames: np.ndarray | None = None

    def __call__(self, index: int) -> np.ndarray:
        import nrrd

        if self._frames is None:
            try:
                with quiet_libraries():
                    voxels, _ = nrrd.read(str(self._path), index_order="F")
            except Exception as error:  # pynrrd raises many kinds on a damaged file
                raise _damaged(self._path) from error
            if self._time_axis is None:
                voxels = voxels[..., np.newaxis]
            else:
                voxels = np.moveaxis(voxels, self._time_axis, 3)
            self._frames = voxels
        return np.transpose(self._frames[..., index]).astype(np.float32)


def _time_axis(path: Path, header: dict) -> int | None:
    dimension = int(header["dimension"])
    kinds = [str(kind).lower() for kind in header.get("kinds", [])]
    if "MultiVolume.FrameLabels" in header:
        # Slicer's MultiVolume node may call its list of frames a vector.
        kinds = ["list" if kind == "vector" else kind for kind in kinds]
    if "block" in str(header.get("type", "")).lower() or any(
        colour in kind for kind in kinds for colour in _COLOUR_KINDS
    ):
        raise SeriesError(f"{path} is a colour or vector image; give a 3-D or 4-D scalar image.")
    if dimension == 3:
        return None
    if dimension != 4:
        raise SeriesError(f"{path} has {dimension} dimensions; give a 3-D or 4-D image.")
    directions = header.get("space directions")
    if directions is not None and len(directions) == 4:
        without = [
            axis
            for axis, row in enumerate(directions)
            if row is None or not np.all(np.isfinite(np.asarray(row, dtype=float)))
        ]
        if len(without) == 1:
            return without[0]
    named = [axis for axis, kind in enumerate(kinds) if kind in _TIME_KINDS]
    return named[0] if named else 3


def _affine(path: Path, header: dict, time_axis: int | None, warnings: list[str]) -> np.ndarray:
    """Return the affine from index (i, j, k) to LPS+; NRRD's axes are fastest first."""
    space = str(header.get("space", "")).lower().removesuffix("-time")
    signs = _LPS_SIGNS.get(space)
    if signs is None:
        warnings.append("The NRRD header gives no patient space; its axes are taken as LPS.")
        signs = (1, 1, 1)
    axes = [axis for axis in range(int(header["dimension"])) if axis != time_axis]
    directions = header.get("space directions")
    if directions is None:
        spacings = header.get("spacings")
        directions = np.diag([1.0] * 3 if spacings is None else np.asarray(spacings)[axes])
    else:
        directions = np.array([np.asarray(directions[axis], dtype=float)[:3] for axis in axes])
    affine = np.eye(4)
    affine[:3, :3] = directions.T
    affine[:3, 3] = np.asarray(header.get("space origin", np.zeros(3)), dtype=float)[:3]
    if not np.all(np.isfinite(affine)) or abs(np.linalg.det(affine)) < 1e-9:
        raise SeriesError(f"{path} has axis directions that span no volume; convert it again.")
    return np.diag([*signs, 1.0]) @ affine


def _milliseconds(header: dict, name: str) -> float | None:
    value = number(header.get(name))
    return value / 1000.0 if value else None


def _damaged(path: Path) -> SeriesError:
    return SeriesError(f"{path} is damaged or not an NRRD file; copy or convert it again.")
