"""Multi-echo series: every echo is listed, any can be asked for, and no volume mixes two."""

from __future__ import annotations

import numpy as np
import pydicom
import pytest
from dicom_factory import make_affine, make_frames, write_classic, write_enhanced, write_mosaic
from pydicom.dataset import Dataset

from DSCBrainSegLib.errors import SeriesError
from DSCBrainSegLib.series import list_series, open_series, read_series, with_echo, write_nifti

SHAPE = (8, 4, 10, 8)
ECHOES = [make_frames(SHAPE, seed=seed) for seed in range(3)]
TIMES_MS = [11.0, 31.5, 52.0]


def write_echoes(folder, count=2, *, edit=None, told=False, vendor="ge", uid="1.2.3", **attributes):
    """Write echoes that nothing tells apart but what `edit(dataset, t, k, echo)` writes."""
    for echo in range(count):

        def change(dataset, t, k, echo=echo):
            if edit is not None:
                return edit(dataset, t, k, echo)
            return None

        write_classic(
            folder,
            ECHOES[echo],
            make_affine(),
            vendor=vendor,
            echo_time_ms=TIMES_MS[echo] if told else 30.0,
            prefix=f"e{echo}",
            SeriesInstanceUID=uid or pydicom.uid.generate_uid(),
            edit=change,
            **attributes,
        )


def check(folder, count=2):
    summaries = list_series(folder)
    assert [(each.echo, each.echoes) for each in summaries] == [
        (number + 1, count) for number in range(count)
    ]
    assert len({each.selector for each in summaries}) == count
    for echo, summary in enumerate(summaries):
        asked = read_series(folder, with_echo(None, echo + 1))
        np.testing.assert_array_equal(asked.frames, ECHOES[echo])
        np.testing.assert_array_equal(read_series(folder, summary.selector).frames, ECHOES[echo])
        assert asked.header["echo"] == echo + 1
        assert f"echo {echo + 1} of {count}" in str(summary)
    told = [text for text in open_series(folder).warnings if "--echo chooses" in text]
    assert len(told) == 1
    return told[0]


@pytest.mark.parametrize("vendor", ["siemens", "ge", "philips", "canon", "instance"])
def test_echo_times_of_every_vendor(tmp_path, vendor):
    write_echoes(tmp_path, 3, told=True, vendor=vendor)
    assert "(11 ms, 31.5 ms, 52 ms); echo 2 (31.5 ms) is used" in check(tmp_path, 3)


def test_a_series_for_each_echo(tmp_path):
    """Siemens multiband: a series number and UID for each echo, at the same moments."""
    for echo in range(3):
        write_classic(
            tmp_path / str(echo),
            ECHOES[echo],
            make_affine(),
            vendor="siemens",
            echo_time_ms=TIMES_MS[echo],
            SeriesNumber=6 + echo,
            SeriesDescription=f"perf_Echo_{echo}",
            StudyInstanceUID="1.6",
        )
    check(tmp_path, 3)


@pytest.mark.parametrize("echo_time", ["same", "none"])
def test_echo_numbers_where_the_echo_time_is_the_same_or_removed(tmp_path, echo_time):
    def number(dataset, t, k, echo):
        dataset.EchoNumbers = echo + 1
        if echo_time == "none":
            del dataset.EchoTime

    write_echoes(tmp_path, 3, edit=number)
    check(tmp_path, 3)


@pytest.mark.parametrize(
    ("group", "creator", "element", "kind"),
    [
        (0x0019, "GEMS_ACQU_01", 0xA2, "IS"),
        (0x0021, "SIEMENS MR SDI 02", 0x06, "LO"),
        (0x2005, "Philips MR Imaging DD 001", 0x11, "CS"),
        (0x0077, "SOME VENDOR", 0x33, "DS"),
        (0x0077, "SOME VENDOR", 0x33, "UN"),
    ],
)
@pytest.mark.parametrize("vendor", ["ge", "siemens", "philips"])
def test_a_private_element_alone_tells_echoes_apart(
    tmp_path, group, creator, element, kind, vendor
):
    """GE writes the shortest echo time and echo number 1 into all echoes (dcm2niix #359)."""

    def private(dataset, t, k, echo):
        value = {"LO": f"X_{echo + 1}_1_1", "CS": f"ECHO{echo}", "UN": b"%d " % (echo + 1)}
        block = dataset.private_block(group, creator, create=True)
        block.add_new(element, kind, value.get(kind, echo + 1))
        dataset.EchoNumbers = 1

    write_echoes(tmp_path, edit=private, vendor=vendor)
    assert "only the element" in check(tmp_path)


def test_run_numbers_of_ge_that_count_on_from_echo_to_echo(tmp_path):
    def private(dataset, t, k, echo):
        block = dataset.private_block(0x0019, "GEMS_ACQU_01", create=True)
        block.add_new(0xA2, "IS", 500 + 2 * t + echo)

    write_echoes(tmp_path, edit=private)
    check(tmp_path)


@pytest.mark.parametrize("instances", ["the same", "counted on"])
def test_images_that_nothing_tells_apart_are_refused(tmp_path, instances):
    def count(dataset, t, k, echo):
        if instances == "counted on":
            dataset.InstanceNumber = 8 * t + 4 * echo + k + 1

    write_echoes(tmp_path, edit=count)
    with pytest.raises(SeriesError, match="each slice is there 2 times at each of its 8 time poin"):
        open_series(tmp_path)


def test_echoes_of_mosaics(tmp_path):
    frames = [make_frames((6, 7, 8, 8), seed=seed) for seed in range(2)]
    for echo in range(2):

        def change(dataset, t, echo=echo):
            dataset.SeriesInstanceUID, dataset.EchoTime = "1.2.3", TIMES_MS[echo]

        write_mosaic(tmp_path / str(echo), frames[echo], make_affine(), edit=change)
    for echo in range(2):
        asked = read_series(tmp_path, with_echo("1.2.3", echo + 1))
        np.testing.assert_array_equal(asked.frames, frames[echo])


@pytest.mark.parametrize("how", ["echo time", "dimension index"])
def test_echoes_in_one_enhanced_file(tmp_path, how):
    both = np.concatenate(ECHOES[:2])

    def two(dataset):
        for group in dataset.PerFrameFunctionalGroupsSequence:
            content = group.FrameContentSequence[0]
            time = content.TemporalPositionIndex - 1
            content.TemporalPositionIndex = time % 8 + 1
            del content.FrameAcquisitionDateTime
            if how == "echo time":
                group.MREchoSequence[0].EffectiveEchoTime = TIMES_MS[time // 8]
            place = content.InStackPositionNumber
            content.DimensionIndexValues = [1, place, time % 8 + 1, time // 8 + 1]
        dataset.NumberOfTemporalPositions = 8

    write_enhanced(tmp_path, both, make_affine(), edit=two)
    check(tmp_path)


def test_an_echo_that_is_not_there(tmp_path):
    write_echoes(tmp_path / "two", told=True)
    with pytest.raises(SeriesError, match=r"2 echoes \(11 ms, 31.5 ms\); there is no echo 3"):
        open_series(tmp_path / "two", with_echo(None, 3))
    write_classic(tmp_path / "one", ECHOES[0], make_affine())
    with pytest.raises(SeriesError, match="single echo, so there is no echo 2"):
        open_series(tmp_path / "one", with_echo(None, 2))
    write_nifti(tmp_path / "a.nii", ECHOES[0], make_affine())
    with pytest.raises(SeriesError, match="single echo"):
        open_series(tmp_path / "a.nii", with_echo(None, 2))
    assert open_series(tmp_path / "a.nii", with_echo(None, 1)).frame_count == 8


def test_every_line_has_a_selector_of_its_own_with_echoes_and_phase(tmp_path):
    """Philips: magnitude and phase of two echoes under one UID (dcm_qa_table)."""
    for kind in "MP":
        for echo in range(2):
            write_classic(
                tmp_path,
                ECHOES[echo] + (kind == "P"),
                make_affine(),
                vendor="ge",
                echo_time_ms=TIMES_MS[echo],
                prefix=f"{kind}{echo}",
                SeriesInstanceUID="1.2.3",
                ImageType=["ORIGINAL", "PRIMARY", kind, "ND"],
            )
    selectors = [summary.selector for summary in list_series(tmp_path)]
    assert len(set(selectors)) == 4
    for selector in selectors:
        assert open_series(tmp_path, selector).frame_count == 8
    np.testing.assert_array_equal(read_series(tmp_path, "1.2.3@phase@echo2").frames, ECHOES[1] + 1)


def test_trigger_of_copies_is_no_echo(tmp_path):
    """A second export differs in when it was written, not in its pixels."""
    for number in range(2):
        write_classic(
            tmp_path / str(number),
            ECHOES[0],
            make_affine(),
            vendor="ge",
            SeriesInstanceUID="1.2.3",
            InstanceCreationTime=f"12000{number}",
        )
    (summary,) = list_series(tmp_path)
    assert summary.echoes == 1


def test_private_elements_of_a_dataset_are_found_in_any_block():
    from DSCBrainSegLib.series.planes import private

    dataset = Dataset()
    dataset.add_new((0x0019, 0x0010), "LO", "SOMEONE ELSE")
    dataset.add_new((0x0019, 0x0013), "LO", "GEMS_ACQU_01")
    dataset.add_new((0x0019, 0x13A2), "IS", 7)
    assert private(dataset, 0x19, "GEMS_ACQU_01", 0xA2) == 7
