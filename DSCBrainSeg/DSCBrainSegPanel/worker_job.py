"""One request to the worker: what it is prepared from, its files, its answer, its end."""

import logging
import tempfile
from pathlib import Path

import slicer
from slicer.i18n import tr as _

from DSCBrainSegLib.errors import Cancelled, DSCBrainSegError, SeriesError
from DSCBrainSegLib.worker.protocol import to_exception


class WorkerJob:
    """Base of the jobs; a subclass has `_begin`, which ends in `_submit`, and `_take`.

    Parameters
    ----------
    queue : WorkerQueue
    onProgress : callable
        ``onProgress(done, total, message)``.
    onEnd : callable
        ``onEnd(job)``, once, whatever happens.

    Attributes
    ----------
    facts : dict or None
        What the worker told.
    error : DSCBrainSegError or None
        Of class `Cancelled` if the user stopped it.
    """

    def __init__(self, queue, onProgress, onEnd):
        self.facts = self.error = None
        self._queue, self._onProgress, self._onEnd = queue, onProgress, onEnd
        self._number = self._folder = None
        self._cancelled = False

    @property
    def ended(self):
        """Whether `onEnd` was called."""
        return self._onEnd is None

    def start(self):
        """Begin; everything else happens in the event loop."""

        def begin():
            # Also removed with the job, which is forgotten when the module is closed meanwhile.
            self._temporary = tempfile.TemporaryDirectory(
                prefix="DSCBrainSeg-", dir=slicer.app.temporaryPath, ignore_cleanup_errors=True
            )
            self._folder = Path(self._temporary.name)
            self._begin()

        self._guarded(begin)

    def cancel(self):
        """Stop; `onEnd` follows within a second."""
        self._cancelled = True
        if self._number is not None:
            self._queue.cancel(self._number)

    def _begin(self):
        """Prepare files in `self._folder` and call `_submit`, now or in a later turn."""
        raise NotImplementedError

    def _take(self, facts):
        """Use the worker's result and call `_end`, now or in a later turn."""
        self.facts = facts
        self._end(None)

    def _submit(self, request):
        self._number = self._queue.submit(request, self._onEvent)

    def _onEvent(self, event):
        if event["event"] == "progress":
            self._onProgress(event["done"], event["total"], event["message"])
        elif event["event"] == "error":
            self._end(to_exception(event))
        else:
            self._guarded(lambda: self._takeUnlessCancelled(event))

    def _takeUnlessCancelled(self, event):
        self._stopIfCancelled()
        self._take(event)

    def _stopIfCancelled(self):
        if self._cancelled:
            raise Cancelled(_("Cancelled; nothing was written."))

    def _guarded(self, step):
        try:
            step()
        except DSCBrainSegError as error:
            self._end(error)
        except OSError as error:
            told = _("The temporary folder cannot be written: {reason}.")
            self._end(SeriesError(told.format(reason=error.strerror)))
        except Exception:
            if self.ended:
                raise
            # Else the panel would wait for ever.
            logging.exception("DSCBrainSeg")
            told = _("Something unexpected went wrong; Slicer's error log tells more. Try again.")
            self._end(DSCBrainSegError(told))

    def _end(self, error):
        self.error = error
        if self._folder is not None:
            self._temporary.cleanup()
        onEnd, self._onEnd = self._onEnd, None
        onEnd(self)
