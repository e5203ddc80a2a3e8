"""Slicer's launcher stands between the panel and its programs: what it adds is not shown."""

import os
import signal
from pathlib import Path

import pytest
from slicer_module_panel import MODULE, choose_series, open_panel

INSTALL_REFUSED = """
import sys
sys.argv = ["runtime", "install"]
from DSCBrainSegLib.installation import runtime
from DSCBrainSegLib.errors import OutputError
def refuse(*arguments):
    raise OutputError("Cannot install into X: No such file or directory; free space there.")
runtime.install = refuse
sys.exit(runtime.main())
"""


@pytest.fixture
def process(clean_scene):
    """`libraryProcess` of the module's panel."""
    clean_scene.load_module(MODULE)
    from DSCBrainSegPanel.slicer_process import libraryProcess

    return libraryProcess


def run(host, process):
    """Run a process to its end as the panel does; return its exit code and the reason told."""
    from DSCBrainSegPanel.child_task import ChildTask

    ended = []
    task = ChildTask(process, lambda line: None, lambda *told: ended.append(told))
    task.start()
    host.wait_until(lambda: ended, 30)
    return ended[0]


def test_no_argument_of_a_program_is_empty(process, monkeypatch, tmp_path):
    monkeypatch.setenv("DSCBRAINSEG_RUNTIME", str(tmp_path))  # no extra is installed there
    command = process("DSCBrainSegLib.worker")._command
    assert "" not in command and len(command) == 6


def test_a_failed_installation_says_why_and_not_the_launchers_help(
    process, clean_scene, monkeypatch, tmp_path
):
    """This Python has all that the runtime needs, so a package that nobody has is asked for."""
    monkeypatch.setenv("DSCBRAINSEG_RUNTIME", str(tmp_path / "a file" / "x"))
    (tmp_path / "a file").write_text("")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "lib"))
    program = tmp_path / "lib" / "install_something.py"
    program.parent.mkdir()
    program.write_text(
        "import sys\nfrom DSCBrainSegLib.installation import runtime\n"
        "runtime.is_built_in = lambda: False\nsys.exit(runtime.main(['install']))\n"
    )
    started = process("install_something")
    started._environment["PYTHONPATH"] = str(program.parent)
    code, reason = run(clean_scene, started)
    assert code == 1 and reason.startswith("Cannot install into")


def test_what_the_launcher_prints_behind_the_reason_is_not_taken_for_it(clean_scene):
    clean_scene.load_module(MODULE)
    import shutil

    from DSCBrainSegLib.child_process import ChildProcess

    command = [shutil.which("PythonSlicer"), "-c", INSTALL_REFUSED, ""]
    code, reason = run(clean_scene, ChildProcess(command, dict(os.environ)))
    assert code == 1 and reason == (
        "Cannot install into X: No such file or directory; free space there."
    )


def real_worker_of(pid):
    """Return the process behind the launcher."""
    (child,) = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(child)


def test_a_worker_killed_behind_the_launcher_names_memory(clean_scene):
    panel = open_panel(clean_scene)
    choose_series(panel)
    clean_scene.wait_until(lambda: panel.ui.deviceLabel.text)
    ended = []
    panel.logic.worker.submit({"command": "segment"}, ended.append)
    clean_scene.wait_until(lambda: ended)
    runner = panel.logic.worker._runner
    ended.clear()
    panel.logic.worker.submit({"command": "simulate", "output": "x", "matrix": 96}, ended.append)
    os.kill(real_worker_of(runner._process._process.pid), signal.SIGKILL)
    clean_scene.wait_until(lambda: ended and ended[-1]["event"] == "error")
    assert ended[-1]["kind"] == "ended" and "code 1" in ended[-1]["message"]
    assert "memory" in ended[-1]["message"]


def test_an_old_processor_is_told_from_the_trace_in_the_log():
    from DSCBrainSegLib.worker.protocol import unexpected_end

    trace = ["Fatal Python error: Illegal instruction", "error: [python] exit abnormally"]
    assert "lacks instructions" in unexpected_end(1, trace)
    assert "memory" in unexpected_end(1, trace[1:])
    assert unexpected_end(1, ["Traceback"]).startswith(
        "The segmentation process ended unexpectedly (code 1);"
    )
