"""A series handed to another process keeps its times, its frame numbers and its geometry."""

import numpy as np
import pytest
from dicom_factory import make_affine, make_frames, write_classic

from DSCBrainSegLib.errors import ConfigurationError, OutputError, SeriesError
from DSCBrainSegLib.progress import never_cancelled, no_progress
from DSCBrainSegLib.series import open_series
from DSCBrainSegLib.series.exchange import read_exchange, write_exchange
from DSCBrainSegLib.worker.commands.segment import segment_case


@pytest.fixture
def source(tmp_path):
    write_classic(tmp_path / "dicom", make_frames(), make_affine("oblique"))
    return open_series(tmp_path / "dicom")


def handed_over(source, path, frames=None):
    assert list(write_exchange(path, source, frames))[-1] == len(frames or source.times)
    return read_exchange(path)


@pytest.mark.parametrize("frames", [None, [3], [1, 4]])
def test_nothing_is_lost_on_the_way(source, tmp_path, frames):
    found, expected = handed_over(source, tmp_path / "s.npz", frames), source.read(frames)
    np.testing.assert_array_equal(found.frames, expected.frames)
    np.testing.assert_array_equal(found.times, expected.times)
    np.testing.assert_array_equal(found.frame_indices, expected.frame_indices)
    np.testing.assert_array_equal(found.affine, expected.affine)
    assert (found.frame_count, found.echo_time) == (expected.frame_count, expected.echo_time)


def test_the_worker_tells_the_number_and_time_of_the_frame_in_the_whole_series(
    series_file, tmp_path
):
    source = open_series(series_file)
    handed_over(source, tmp_path / "s.npz", [3])
    request = {"input": str(tmp_path / "s.npz"), "output": str(tmp_path), "method": "otsu"}
    told = segment_case({**request, "frame": 3}, no_progress, never_cancelled)["frame"]
    assert (told["index"], told["number"], told["count"]) == (3, 4, source.frame_count)
    assert told["time_s"] == pytest.approx(source.times[3])
    with pytest.raises(ConfigurationError, match="Time point 2 is not among .* one of 4"):
        segment_case({**request, "frame": 1, "overwrite": True}, no_progress, never_cancelled)


def test_a_damaged_file_and_a_full_disk_are_told_in_a_sentence(source, tmp_path):
    path = tmp_path / "s.npz"
    handed_over(source, path)
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(SeriesError, match="damaged"):
        read_exchange(path)
    np.savez(path, frames=np.zeros((1, 2, 2, 2)))
    with pytest.raises(SeriesError, match="holds no series"):
        read_exchange(path)
    with pytest.raises(SeriesError, match="does not exist"):
        read_exchange(tmp_path / "none.npz")
    with pytest.raises(OutputError, match="free space"):
        list(write_exchange(tmp_path / "no folder" / "s.npz", source))
