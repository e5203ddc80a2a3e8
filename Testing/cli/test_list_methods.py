"""What programs ask the command line before they use it."""

import hashlib
import json

from DSCBrainSegLib.cli.main import main
from DSCBrainSegLib.methods import get_method


def test_methods_are_listed_for_programs(capsys):
    assert main(["list-methods", "--json"]) == 0
    methods = {each["name"]: each for each in json.loads(capsys.readouterr().out)["methods"]}
    assert {"network", "otsu", "otsu-post", "aabl", "cusum"} <= set(methods)
    assert methods["otsu"]["weights"] is None
    assert methods["network"]["weights"]["sha256"] == get_method("network").facts["sha256"]
    assert len(methods["network"]["weights"]["sha256"]) == hashlib.sha256().digest_size * 2


def test_methods_are_listed_for_people(capsys):
    assert main(["list-methods"]) == 0
    assert "otsu-post" in capsys.readouterr().out
