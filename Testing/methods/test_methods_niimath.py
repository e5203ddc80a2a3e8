"""niimath as a peer: its mask is read, and its refusals are told in words.

The program is played: the real one is built from source by `make peers` only.
"""

import stat
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from DSCBrainSegLib.errors import ConfigurationError, SeriesError
from DSCBrainSegLib.methods.external.packages import niimath_skullstrip

PROGRAM = """#!{python}
import sys
import nibabel, numpy as np
if len(sys.argv) == 1:
    print({usage!r})
    raise SystemExit
source, option, result = sys.argv[1:]
assert option == "-skullstrip" and result.endswith(".nii")
image = nibabel.load(source)
if min(image.shape) < 16:
    print("skullstrip: needs at least 16 voxels in every dimension", file=sys.stderr)
    raise SystemExit(1)
if "NOT in this build" in {usage!r}:
    raise SystemExit(2)
assert image.affine[2, 2] == 4 and nibabel.aff2axcodes(image.affine) == ("L", "P", "S")
voxels = np.asarray(image.dataobj)
kept = np.where(voxels > 100, voxels, voxels.min())
nibabel.save(nibabel.Nifti1Image(kept.astype("float32"), image.affine), result)
"""


@pytest.fixture
def play(tmp_path, monkeypatch):
    """Return a function that puts a program in niimath's place."""

    def put(usage=" -skullstrip [-faithful]  : surface skull stripping"):
        program = tmp_path / "niimath"
        program.write_text(PROGRAM.format(python=sys.executable, usage=usage))
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setitem(sys.modules, "niimath", SimpleNamespace(bin=str(program)))

    return put


def volume(slices=16):
    rng = np.random.default_rng(0)
    return rng.uniform(-20, 200, (slices, 20, 18)).astype(np.float32)


def test_mask_is_what_niimath_leaves_above_the_lowest_intensity(play):
    play()
    image = volume()
    np.testing.assert_array_equal(niimath_skullstrip(image, (4.0, 2.0, 2.0)), image > 100)


def test_too_few_slices_are_told_in_niimaths_words(play):
    play()
    with pytest.raises(SeriesError, match=r"^niimath made no mask: .*at least 16 voxels.*\.$"):
        niimath_skullstrip(volume(15), (4.0, 2.0, 2.0))


def test_a_build_without_skull_stripping_says_how_to_get_one(play):
    play(" -skullstrip              : surface skull stripping — NOT in this build (rebuild")
    with pytest.raises(ConfigurationError, match=r"peers-requirements\.txt"):
        niimath_skullstrip(volume(), (4.0, 2.0, 2.0))
