"""Damaged files of every kind, made by seed: what the readers must take or refuse in a sentence.

By hand: ``python Testing/support/fuzz_inputs.py 20000``; docs/reading.md has the figures.
"""

from __future__ import annotations

import copy
import gzip
import random
import shutil
import sys
import tempfile
import time
import warnings
from contextlib import suppress
from pathlib import Path

import numpy as np
import pydicom
from dicom_factory import make_affine, make_frames, write_classic, write_enhanced
from nifti_factory import header, voxels
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

KINDS = ("classic", "enhanced", "nifti", "nifti.gz", "pair", "nrrd")
SLOW_S = 10.0

_NUMBERS = (0, 1, -1, 2, 255, 32767, -32768, 65535, 2**31 - 1, -(2**31))
_WORDS = ("nan", "inf", "-1", "0", "1e30", "none", "(1,0,0)", "LIST", "1,5", "", "x" * 300, "%d")
_NRRD = (
    "NRRD0005\ntype: short\nendian: little\nencoding: raw\ndimension: 4\nsizes: 7 6 4 5\n"
    "space: left-posterior-superior\nspace directions: (3,0,0) (0,2.5,0) (0,0,5) none\n"
    "kinds: domain domain domain list\nspace origin: (-10,-20,-30)\nspacings: nan nan nan 1.5\n\n"
)


class Inputs:
    """Sound series of each kind, and damaged copies of them.

    Parameters
    ----------
    folder : Path
        Empty; the sound ones are kept in it.
    """

    def __init__(self, folder: Path):
        self._folder = folder
        frames, affine = make_frames((3, 3, 8, 8)), make_affine()
        write_classic(folder / "classic", frames, affine)
        write_enhanced(folder / "enhanced", frames, affine)
        self._sound = {
            kind: [
                pydicom.dcmread(path)
                for path in sorted((folder / kind).rglob("*"))
                if path.is_file()
            ]
            for kind in ("classic", "enhanced")
        }

    def damaged(self, seed: int) -> Path:
        """Make input number `seed`, the same every time, and return its file or folder."""
        draw = random.Random(seed)
        kind = KINDS[seed % len(KINDS)]
        place = self._folder / "damaged"
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        if kind in self._sound:
            self._write_dicom(place, kind, draw)
            return place
        if kind == "nrrd":
            path = place / "a.nrrd"
            data = _nrrd(draw) + voxels()
        else:
            path = place / {"nifti": "a.nii", "nifti.gz": "a.nii.gz", "pair": "a.hdr"}[kind]
            head = _flipped(header(magic=b"ni1\0" if kind == "pair" else b"n+1\0"), draw, 352)
            data = head if kind == "pair" else head + b"\0\0\0\0" + voxels()
            if kind == "pair":
                (place / "a.img").write_bytes(_cut(voxels(), draw))
            if kind == "nifti.gz":
                data = gzip.compress(data, 1)
        if draw.random() < 0.2:
            data = _cut(data, draw)
        if kind == "nifti.gz" and draw.random() < 0.2:
            data = _flipped(data, draw, len(data))
        path.write_bytes(data)
        return path

    def _write_dicom(self, place: Path, kind: str, draw: random.Random) -> None:
        sound = self._sound[kind]
        all_files = draw.random() < 0.5
        change = draw.choice(_DICOM_CHANGES)
        for number, dataset in enumerate(sound):
            path = place / f"{number}.dcm"
            if all_files or number == draw.randrange(len(sound)):
                dataset = copy.deepcopy(dataset)
                for _ in range(draw.randint(1, 4)):
                    with suppress(Exception):  # pydicom refuses some of it
                        change(dataset, draw)
            try:
                dataset.save_as(path)
            except Exception:  # what pydicom does not write is damaged byte by byte
                sound[number].save_as(path)
                path.write_bytes(_flipped(path.read_bytes(), draw, 1500))
            if draw.random() < 0.05:
                path.write_bytes(_cut(path.read_bytes(), draw))
            elif draw.random() < 0.05:
                path.write_bytes(_flipped(path.read_bytes(), draw, 1500))


def _flipped(data: bytes, draw: random.Random, end: int) -> bytes:
    found = bytearray(data)
    for _ in range(draw.randint(1, 6)):
        at = draw.randrange(min(end, len(found)))
        if draw.random() < 0.5:
            found[at] = draw.randrange(256)
        else:
            size = draw.choice((2, 4))
            number = draw.choice(_NUMBERS) % 256**size
            found[at : at + size] = number.to_bytes(size, "little")
    return bytes(found)


def _cut(data: bytes, draw: random.Random) -> bytes:
    return data[: draw.randrange(len(data) + 1)]


def _nrrd(draw: random.Random) -> bytes:
    lines = _NRRD.split("\n")
    for _ in range(draw.randint(1, 3)):
        at = draw.randrange(len(lines) - 2)
        what = draw.random()
        if what < 0.2:
            del lines[at]
        elif what < 0.3:
            lines.insert(at, lines[at])
        else:
            field, _, value = lines[at].partition(": ")
            words = value.split(" ")
            words[draw.randrange(len(words))] = draw.choice(_WORDS)
            lines[at] = f"{field}: {' '.join(words)}"
    data = "\n".join(lines).encode()
    return _flipped(data, draw, len(data)) if draw.random() < 0.3 else data


def _elements(dataset: Dataset) -> list:
    """All elements, those within sequences too, as (dataset, tag)."""
    found = []
    for element in list(dataset):
        found.append((dataset, element.tag))
        if element.VR == "SQ":
            for item in element.value:
                found += _elements(item)
    return found


def _remove(dataset: Dataset, draw: random.Random) -> None:
    owner, tag = draw.choice(_elements(dataset))
    del owner[tag]


def _overwrite(dataset: Dataset, draw: random.Random) -> None:
    owner, tag = draw.choice(_elements(dataset))
    element = owner[tag]
    if element.VR in ("US", "SS", "UL", "SL", "FD", "FL"):
        value = draw.choice(_NUMBERS)
        element._value = value if draw.random() < 0.7 else [value] * 3
    elif element.VR not in ("SQ", "OW", "OB"):
        word = draw.choice(_WORDS)
        element._value = word if draw.random() < 0.6 else [word] * draw.randint(0, 7)


def _other_kind(dataset: Dataset, draw: random.Random) -> None:
    owner, tag = draw.choice(_elements(dataset))
    kind, value = draw.choice(
        [("LO", "text"), ("US", 7), ("SQ", Sequence([Dataset()])), ("UN", b"\1\2\3"), ("DS", "1")]
    )
    owner[tag] = pydicom.DataElement(tag, kind, value)


def _nest(dataset: Dataset, draw: random.Random) -> None:
    inner = Dataset()
    for _ in range(draw.choice((1, 10, 60))):
        outer = Dataset()
        outer.SharedFunctionalGroupsSequence = Sequence([inner])
        inner = outer
    owner, tag = draw.choice(_elements(dataset))
    if owner[tag].VR == "SQ" or draw.random() < 0.3:
        owner[tag] = pydicom.DataElement(tag, "SQ", Sequence([inner]))


def _pixels(dataset: Dataset, draw: random.Random) -> None:
    if "PixelData" in dataset:
        dataset.PixelData = _cut(dataset.PixelData, draw)[:-1:1] + b""
        if len(dataset.PixelData) % 2:
            dataset.PixelData += b"\0"


def _shuffle(dataset: Dataset, draw: random.Random) -> None:
    groups = dataset.get("PerFrameFunctionalGroupsSequence")
    if groups:
        items = list(groups)
        draw.shuffle(items)
        items = items[: draw.randint(0, len(items))] if draw.random() < 0.5 else items
        dataset.PerFrameFunctionalGroupsSequence = Sequence(items)
    else:
        dataset.InstanceNumber = draw.randrange(9)
        dataset.ImagePositionPatient = [draw.randrange(3), 0, draw.randrange(9)]


_DICOM_CHANGES = (_remove, _overwrite, _other_kind, _nest, _pixels, _shuffle)


def try_input(path: Path) -> str:
    """List, open and read an input; return "read", "refused" or the unexpected exception."""
    from DSCBrainSegLib.errors import DSCBrainSegError
    from DSCBrainSegLib.series import list_series, open_series

    try:
        list_series(path)
        open_series(path).read()
    except DSCBrainSegError as error:
        return "refused" if str(error).strip() else "refused without a word"
    except Exception as error:
        import traceback

        where = traceback.extract_tb(error.__traceback__)
        own = [line for line in where if "DSCBrainSegLib" in line.filename]
        line = own[-1] if own else where[-1]
        return f"{type(error).__name__} in {Path(line.filename).name}:{line.lineno}: {error}"[:200]
    return "read"


def try_many(first: int, count: int, folder: Path) -> tuple[dict[str, list[int]], float]:
    """Try inputs; return the seeds by outcome, and the longest time in seconds of the process."""
    inputs, outcomes, longest = Inputs(folder), {}, 0.0
    for seed in range(first, first + count):
        path = inputs.damaged(seed)
        before = set(folder.rglob("*"))
        start = time.process_time()
        outcome = try_input(path)
        longest = max(longest, time.process_time() - start)
        if set(folder.rglob("*")) != before:
            outcome = "left a file behind"
        outcomes.setdefault(outcome, []).append(seed)
    return outcomes, longest


def main() -> int:
    import resource

    warnings.simplefilter("ignore")  # pydicom's, about what is written here

    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    with tempfile.TemporaryDirectory() as folder:
        outcomes, longest = try_many(0, count, Path(folder))
    for outcome, seeds in sorted(outcomes.items()):
        print(f"{len(seeds):6d} {outcome}  (seeds {', '.join(map(str, seeds[:3]))})")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(f"longest {longest:.2f} s of the processor, memory at most {memory:.2f} GB")
    return int(set(outcomes) - {"read", "refused"} != set())


if __name__ == "__main__":
    np.seterr(all="ignore")
    sys.exit(main())
