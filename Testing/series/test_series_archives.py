"""A study as it is downloaded: zip and tar archives, compressed files, one file, a disc's index."""

from __future__ import annotations

import gzip
import io
import shutil
import tarfile
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from dicom_factory import make_affine, make_frames, write_classic, write_enhanced, write_mosaic

from DSCBrainSegLib.errors import Cancelled, SeriesError
from DSCBrainSegLib.series import list_series, open_series, read_series, write_nifti

FRAMES = make_frames((6, 4, 12, 10))


@pytest.fixture
def study(tmp_path):
    folder = tmp_path / "study"
    write_classic(folder / "dsc", FRAMES, make_affine(), vendor="ge")
    return folder


@pytest.fixture(autouse=True)
def own_temporary_folder(tmp_path, monkeypatch):
    """Where archives are unpacked, so that a test sees what is left there."""
    folder = tmp_path / "unpacked"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def check(path):
    series = read_series(path)
    np.testing.assert_array_equal(series.frames, FRAMES)
    assert list_series(path)[0].frames == 6
    return series


def zipped(folder: Path, target: Path) -> Path:
    return Path(shutil.make_archive(str(target), "zip", folder))


def test_a_zip_archive_and_nothing_is_left_of_it(study, tmp_path, own_temporary_folder):
    series = check(zipped(study, tmp_path / "download"))
    assert series.warnings == []
    del series
    assert list(own_temporary_folder.iterdir()) == []


def test_a_zip_archive_in_a_folder_and_in_another_archive(study, tmp_path):
    inner = zipped(study, tmp_path / "download")
    folder = tmp_path / "folder"
    folder.mkdir()
    inner.rename(folder / "a.zip")
    check(folder)
    check(zipped(folder, tmp_path / "outer"))


def test_an_archive_without_a_suffix(study, tmp_path):
    check(zipped(study, tmp_path / "download").rename(tmp_path / "12345"))


def test_an_archive_beside_its_files_is_not_read_twice(study, tmp_path):
    zipped(study, tmp_path / "download").rename(study / "download.zip")
    series = check(study)
    assert not any("second copies" in text for text in series.warnings)


@pytest.mark.parametrize("suffix", [".tar", ".tar.gz", ".tgz"])
def test_tar_archives(study, tmp_path, suffix):
    path = tmp_path / f"study{suffix}"
    with tarfile.open(path, "w" if suffix == ".tar" else "w:gz") as archive:
        archive.add(study, "study")
    check(path)


@pytest.mark.parametrize("which", ["all", "some"])
@pytest.mark.parametrize("suffix", [".dcm.gz", ".gz"])
def test_compressed_files(study, which, suffix):
    for number, path in enumerate(sorted((study / "dsc").iterdir())):
        if which == "all" or number % 3 == 0:
            path.with_name(path.name + suffix).write_bytes(gzip.compress(path.read_bytes()))
            path.unlink()
    check(study)


def test_one_compressed_enhanced_file(tmp_path):
    (path,) = write_enhanced(tmp_path / "a", FRAMES, make_affine())
    packed = tmp_path / "series.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    check(packed)


def test_a_nifti_file_in_an_archive(tmp_path):
    (tmp_path / "a").mkdir()
    write_nifti(tmp_path / "a" / "dsc.nii.gz", FRAMES, make_affine())
    check(zipped(tmp_path / "a", tmp_path / "nifti"))


def test_names_that_lead_out_of_the_archive_stay_inside(study, tmp_path, own_temporary_folder):
    path = tmp_path / "evil.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted((study / "dsc").iterdir()):
            archive.write(file, f"../../{file.name}")
    series = check(path)
    outside = {file.name for file in tmp_path.iterdir()}
    assert outside == {"study", "evil.zip", "unpacked"}
    del series


def test_a_damaged_archive(study, tmp_path):
    path = zipped(study, tmp_path / "download")
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(SeriesError, match="damaged or not a whole archive"):
        open_series(path)
    (tmp_path / "a.gz").write_bytes(gzip.compress(path.read_bytes())[:-200])
    with pytest.raises(SeriesError, match="damaged or not a whole archive"):
        open_series(tmp_path / "a.gz")


def test_an_archive_with_a_password(study, tmp_path):
    path = zipped(study, tmp_path / "download")
    data = bytearray(path.read_bytes())
    for signature, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(signature)
        while at >= 0:
            data[at + flags] |= 1
            at = data.find(signature, at + 1)
    path.write_bytes(data)
    with pytest.raises(SeriesError, match="protected by a password"):
        open_series(path)


def test_an_archive_larger_than_the_disk(study, tmp_path, monkeypatch):
    path = zipped(study, tmp_path / "download")
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage._replace(free=1000))
    with pytest.raises(SeriesError, match="larger unpacked than the free space"):
        open_series(path)


def test_cancelling_while_unpacking_leaves_nothing(study, tmp_path, own_temporary_folder):
    path = zipped(study, tmp_path / "download")
    with pytest.raises(Cancelled):
        open_series(path, cancelled=lambda: True)
    assert list(own_temporary_folder.iterdir()) == []


def test_an_archive_of_something_else(tmp_path):
    path = tmp_path / "notes.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "hello")
    with pytest.raises(SeriesError, match="holds no DICOM, NIfTI or NRRD images"):
        open_series(path)


def test_a_subject_named_after_the_patient_in_an_archive_is_refused(study, tmp_path):
    from DSCBrainSegLib.cohort.identity import refuse_identity
    from DSCBrainSegLib.errors import DSCBrainSegError

    with pytest.raises(DSCBrainSegError):
        refuse_identity(("secret-name",), zipped(study, tmp_path / "download"))


def test_one_file_stands_for_its_series(study):
    """Others of the folder, and files of another series, do not come along."""
    write_classic(study / "dsc", make_frames((3, 4, 12, 10), seed=5), make_affine(), prefix="other")
    path = sorted((study / "dsc").glob("im*"))[7]
    series = read_series(path)
    np.testing.assert_array_equal(series.frames, FRAMES)
    assert "The file is one of 24 of its series; all of them in its folder are read." in (
        series.warnings
    )
    (summary,) = list_series(path)
    assert summary.frames == 6


@pytest.mark.parametrize("kind", ["mosaic", "enhanced"])
def test_one_file_with_one_time_point_stands_for_its_series(tmp_path, kind):
    frames = make_frames((5, 7, 8, 8))
    if kind == "mosaic":
        path = write_mosaic(tmp_path, frames, make_affine())[2]
    else:
        path = write_enhanced(tmp_path, frames, make_affine(), one_file=False)[2]
    np.testing.assert_array_equal(read_series(path).frames, frames)


def test_one_file_with_all_time_points_is_read_alone(tmp_path, monkeypatch):
    (path,) = write_enhanced(tmp_path, FRAMES, make_affine())
    write_classic(tmp_path, make_frames(), make_affine())
    series = read_series(path)
    np.testing.assert_array_equal(series.frames, FRAMES)
    assert series.warnings == []


def test_files_that_were_listed_are_taken_as_they_are(study):
    """3D Slicer's database names the files of a series."""
    files = sorted((study / "dsc").iterdir())
    assert open_series(files[:1]).frame_count == 1


def test_the_index_of_a_disc_stands_for_the_disc(study):
    (study / "DICOMDIR").write_bytes(bytes(128) + b"DICM" + bytes(50))
    check(study / "DICOMDIR")


def test_progress_names_the_unpacking(study, tmp_path):
    told = []
    open_series(zipped(study, tmp_path / "download"), progress=lambda *call: told.append(call[2]))
    assert "Unpacking" in told
    assert told[-1] == "Headers read"


def test_a_gzip_stream_is_not_read_into_memory(tmp_path, monkeypatch):
    """A bomb of zeros stops where the disk's room ends."""
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", compresslevel=9) as packed:
        for _ in range(20):
            packed.write(bytes(2**20))
    (tmp_path / "bomb.gz").write_bytes(buffer.getvalue())
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage._replace(free=2**28 + 2**22))
    with pytest.raises(SeriesError, match="larger unpacked"):
        open_series(tmp_path / "bomb.gz")
