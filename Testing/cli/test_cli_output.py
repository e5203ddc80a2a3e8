"""Every command that writes has -o, and the spelling of earlier versions is still taken."""

import click
import pytest

from DSCBrainSegLib.cli.main import COMMANDS, cli, main

WRITE_IN_PLACE = {"info", "list-methods", "agreement", "review", "node", "cohort"}
"""Commands that write nothing, serve, or take the folder they change as their argument."""


def commands():
    context = click.Context(cli)
    for name in COMMANDS:
        yield name, cli.get_command(context, name)


def test_every_command_that_writes_has_an_option_for_it():
    lacking = [
        name
        for name, command in commands()
        if name not in WRITE_IN_PLACE
        and not any("-o" in parameter.opts for parameter in command.params)
    ]
    assert lacking == []


@pytest.mark.parametrize("spelling", [["-o", "out"], ["out"]])
def test_the_output_may_be_named_either_way(tmp_path, monkeypatch, spelling):
    monkeypatch.chdir(tmp_path)
    options = ["--matrix", "32", "--slices", "2", "--frames", "5", "--format", "nifti"]
    pytest.importorskip("nilearn", reason="the phantom's head comes with nilearn")
    assert main(["simulate", *spelling, *options]) == 0
    assert (tmp_path / "out" / "series.nii.gz").is_file()


def test_named_twice_or_not_at_all_is_told(tmp_path, capsys):
    assert main(["simulate", "-o", str(tmp_path / "a"), str(tmp_path / "b")]) == 2
    assert "named twice" in capsys.readouterr().err
    assert main(["simulate"]) == 2
    assert "Missing option '-o'" in capsys.readouterr().err
    assert main(["export-weights", "run", "--card", __file__]) == 2
    assert "Missing option '-o'" in capsys.readouterr().err
