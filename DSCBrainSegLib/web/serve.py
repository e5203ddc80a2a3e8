"""Start the server, say where it is, end it with Ctrl-C and tell what is unsaved."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable
from pathlib import Path

from DSCBrainSegLib.errors import MissingPackageError, OutputError
from DSCBrainSegLib.web.entries import Entry
from DSCBrainSegLib.worker.runner import Runner

LOOPBACK = "127.0.0.1"
OWN_NAMES = (LOOPBACK, "localhost")
EVERY_ADDRESS = ("0.0.0.0", "::", "")


def require_packages() -> None:
    """Raise `MissingPackageError` if the packages of the page are not installed."""
    try:
        import slicer  # noqa: F401
        import trame_slicer.app  # noqa: F401
    except ImportError as error:
        raise MissingPackageError(
            f"The review needs a package that is not installed ({error.name or error}); run: "
            'pip install "DSCBrainSegLib[review]".'
        ) from error


def serve(
    entries: list[Entry],
    output: Path,
    host: str = LOOPBACK,
    port: int = 0,
    open_browser: bool = True,
    tell: Callable[[str], None] = print,
    runner: Runner | None = None,
) -> list[str]:
    """Serve the review until Ctrl-C.

    Parameters
    ----------
    entries : list of Entry
    output : Path
        Folder for files saved on demand.
    host : str
        Address to listen on.
    port : int
        0 for a free one.
    open_browser : bool
    tell : callable
        Gets lines for the terminal.
    runner : Runner, optional
        A worker; a `WorkerClient` by default.

    Returns
    -------
    list of str
        Names of the entries with changes that were not saved on demand; their drafts are kept.

    Raises
    ------
    OutputError
        The address or port cannot be used.
    """
    _quiet_vtk()
    from DSCBrainSegLib.web.access import TOKEN, Guard
    from DSCBrainSegLib.web.app import ReviewApp
    from DSCBrainSegLib.web.launcher import tell_socket

    app = ReviewApp(entries, output, runner)
    server = app.server
    guard = Guard(OWN_NAMES if host in OWN_NAMES else (), lambda: say_link())

    def link():
        name = socket.gethostname() if host in EVERY_ADDRESS else host
        return f"http://{name}:{server.port}/?{TOKEN}={guard.token}"

    def say_link():
        tell(f"Review: {link()}")

    def ready(**_):
        if host not in OWN_NAMES:
            tell(
                "Other computers can reach this review, unencrypted: who reads the link below on "
                "its way sees and changes the images' masks."
            )
        first = link()
        say_link()
        tell("Ctrl-C ends it.")
        if len(entries) == 1:
            app.open(0)
        if open_browser:
            import webbrowser

            webbrowser.open(first)

    def bind(bound, **_):
        guard.protect(bound.app)
        tell_socket(bound.app)

    server.controller.on_server_bind.add(bind)
    server.controller.on_server_ready.add(ready)
    arguments, sys.argv = sys.argv, sys.argv[:1]  # trame reads options of its own from there
    try:
        server.start(
            host=host,
            port=port,
            open_browser=False,
            show_connection_info=False,
            disable_logging=True,
            timeout=0,
        )
    except OSError as error:
        raise OutputError(
            f"The review cannot listen on {host}, port {port}: {error.strerror}; choose another."
        ) from error
    finally:
        sys.argv = arguments
        app.finish()
    return app.listing.unsaved


def _quiet_vtk() -> None:
    """Keep VTK's remarks off the terminal."""
    from vtkmodules.vtkCommonCore import vtkLogger, vtkObject

    vtkLogger.SetStderrVerbosity(vtkLogger.VERBOSITY_OFF)
    vtkObject.GlobalWarningDisplayOff()
