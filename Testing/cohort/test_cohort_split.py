"""The split is by person, reproducible, and stored in the cohort."""

import json
import random

import pytest
from cohort_factory import make_cohort

from DSCBrainSegLib.cohort.cases import find_cases
from DSCBrainSegLib.cohort.layout import Cohort
from DSCBrainSegLib.cohort.split import PAPER_FRACTIONS, Split, draw_split
from DSCBrainSegLib.errors import ConfigurationError, SeriesError

NAMES = [f"s-{number:03d}" for number in range(1, 33)]
ALONE = {name: name for name in NAMES}


def sizes(split):
    return [len(names) for names in split.parts.values()]


def test_32_subjects_split_as_in_the_paper():
    assert sizes(draw_split(ALONE, seed=0)) == [22, 4, 6]


@pytest.mark.parametrize("count", [3, 4, 5, 10, 25, 50, 100, 133])
def test_parts_are_as_near_to_the_fractions_as_whole_persons_can_be(count):
    split = draw_split({str(number): str(number) for number in range(count)}, seed=1)
    assert sum(sizes(split)) == count and min(sizes(split)) >= 1
    for size, fraction in zip(sizes(split), PAPER_FRACTIONS, strict=True):
        assert abs(size - fraction * count) < (1 if count >= 10 else 2)


def test_same_seed_same_split_whatever_the_order():
    shuffled = NAMES.copy()
    random.Random(3).shuffle(shuffled)
    assert draw_split({name: name for name in shuffled}, 7) == draw_split(ALONE, 7)
    assert draw_split(ALONE, 7) != draw_split(ALONE, 8)


def test_no_subject_in_two_parts_and_persons_stay_together():
    persons = {name: f"p-{number // 3}" for number, name in enumerate(NAMES)}
    split = draw_split(persons, seed=5)
    names = [name for part in split.parts.values() for name in part]
    assert sorted(names) == NAMES
    for person in set(persons.values()):
        assert len({split.part_of(name) for name in NAMES if persons[name] == person}) == 1


@pytest.mark.parametrize("fractions", [(0.5, 0.5), (0.9, 0.2, 0.1), (1.0, 0.0, 0.0)])
def test_fractions_that_make_no_split_are_refused(fractions):
    with pytest.raises(ConfigurationError, match="add up to 1"):
        draw_split(ALONE, 0, fractions)


def test_too_few_persons_or_a_negative_seed_are_refused():
    with pytest.raises(ConfigurationError, match="three persons"):
        draw_split({"a": "p", "b": "p", "c": "q"}, 0)
    with pytest.raises(ConfigurationError, match="seed"):
        draw_split(ALONE, -1)


def test_split_is_stored_and_read_again(tmp_path):
    cohort = make_cohort(tmp_path / "c", ("a", "b", "c", "d"), {"a": "p", "d": "p"})
    split = draw_split({subject.name: subject.person for subject in cohort.subjects}, seed=4)
    cohort.with_split(split)
    assert Cohort.open(cohort.folder).split == split
    assert split.part_of("a") == split.part_of("d")
    cases = {part: {case.name for case in find_cases(cohort.folder, part)} for part in split.parts}
    assert cases == {part: set(names) for part, names in split.parts.items()}
    assert split.unsplit(["a", "new"]) == ["new"]


def test_part_without_split_and_unknown_part_are_told(tmp_path):
    cohort = make_cohort(tmp_path / "c", ("a",))
    with pytest.raises(SeriesError, match="not split yet"):
        cohort.part("test")
    parts = {"train": ("a",), "validation": (), "test": ()}
    cohort = cohort.with_split(Split(0, PAPER_FRACTIONS, parts))
    with pytest.raises(ConfigurationError, match="no part 'exam'"):
        cohort.part("exam")


def test_damaged_split_and_missing_subject_are_told(tmp_path):
    cohort = make_cohort(tmp_path / "c", ("a",))
    parts = {"train": ["a", "gone"], "validation": [], "test": []}
    facts = {**cohort.facts, "split": {"seed": 0, "fractions": [1, 1, 1], "parts": parts}}
    (cohort.folder / "cohort.json").write_text(json.dumps(facts))
    with pytest.raises(SeriesError, match="lacks gone"):
        Cohort.open(cohort.folder).part("train")
    del facts["split"]["parts"]["test"]
    (cohort.folder / "cohort.json").write_text(json.dumps(facts))
    with pytest.raises(SeriesError, match="damaged; split the cohort again"):
        _ = Cohort.open(cohort.folder).split
