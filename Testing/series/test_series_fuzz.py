"""Whatever is in a file, readers take it or refuse it in a sentence, and leave nothing behind."""

import warnings

import pytest
from fuzz_inputs import KINDS, SLOW_S, Inputs, try_many

COUNT = 2000
PARTS = 4


@pytest.mark.parametrize("part", range(PARTS))
def test_damaged_input_is_read_or_refused_in_a_sentence(tmp_path, part):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom's, about what the test writes
        size = COUNT // PARTS
        outcomes, longest = try_many(part * size, size, tmp_path)
    assert set(outcomes) <= {"read", "refused"}, outcomes
    # Some of both, or the damage is not worth the name.
    assert min(len(seeds) for seeds in outcomes.values()) > size // 20
    assert len(outcomes) == 2
    assert longest < SLOW_S  # of the processor, which other programs' load does not change


@pytest.mark.parametrize("seed", range(len(KINDS)))
def test_inputs_of_a_seed_are_the_same_every_time(tmp_path, seed):
    made = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            path = Inputs(tmp_path / name).damaged(seed)
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        made.append([len(file.read_bytes()) for file in files if file.is_file()])
    assert made[0] == made[1]
