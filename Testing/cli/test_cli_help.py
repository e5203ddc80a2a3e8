"""The list of commands is printed without importing them, and says what they say themselves."""

import importlib

from DSCBrainSegLib.cli.main import COMMANDS, main


def test_the_list_says_what_each_command_says_of_itself(capsys):
    assert main(["--help"]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    for name, text in COMMANDS.items():
        module = importlib.import_module(f"DSCBrainSegLib.cli.{name.replace('-', '_')}")
        assert module.command.get_short_help_str(100) == text
        assert f"{name} {text}" in printed
