"""What the node has to do, on disk: kill -9 at any moment loses nothing.

Every change is one transaction of SQLite that is on the disk before the sender is answered or the
next step begins. A series moves through these states:

receiving -> ready -> segmenting -> to_send -> sending -> sent
                  \\-> left (not DSC)      \\-> aside (cannot be done; the reason says why)

`segmenting` and `sending` say what was under way when the node ended: it is done again, and before
a mask is sent again the archive is asked whether it has it.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from dataclasses import dataclass
from pathlib import Path

RECEIVING, READY, SEGMENTING = "receiving", "ready", "segmenting"
TO_SEND, SENDING, SENT, LEFT, ASIDE = "to_send", "sending", "sent", "left", "aside"
STATES = (RECEIVING, READY, SEGMENTING, TO_SEND, SENDING, SENT, LEFT, ASIDE)
DONE = (SENT, LEFT, ASIDE)

_SCHEMA = """
CREATE TABLE IF NOT EXISTS series (
    uid TEXT PRIMARY KEY, study TEXT NOT NULL, state TEXT NOT NULL,
    images INTEGER NOT NULL DEFAULT 0, bytes INTEGER NOT NULL DEFAULT 0,
    first REAL NOT NULL, changed REAL NOT NULL, released INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0, next_try REAL NOT NULL DEFAULT 0,
    reason TEXT NOT NULL DEFAULT '', revision INTEGER NOT NULL DEFAULT 1,
    again INTEGER NOT NULL DEFAULT 0, finished REAL NOT NULL DEFAULT 0,
    removed INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS series_state ON series (state, next_try);
CREATE TABLE IF NOT EXISTS images (uid TEXT PRIMARY KEY, series TEXT NOT NULL, class TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS commitments (
    transaction_uid TEXT PRIMARY KEY, peer TEXT NOT NULL, images TEXT NOT NULL,
    next_try REAL NOT NULL DEFAULT 0, attempts INTEGER NOT NULL DEFAULT 0
);
"""


@dataclass(frozen=True)
class Entry:
    """One series of the queue; times in seconds since 1970."""

    uid: str
    study: str
    state: str
    images: int
    bytes: int
    first: float
    changed: float
    released: int
    attempts: int
    next_try: float
    reason: str
    revision: int
    again: int
    finished: float
    removed: int


class SeriesQueue:
    """The queue; may be used from several threads.

    Parameters
    ----------
    path : Path
        The database; made if it does not exist.
    """

    def __init__(self, path: Path):
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._base = sqlite3.connect(path, check_same_thread=False, timeout=30)
        self._base.row_factory = sqlite3.Row
        with self._lock, self._base:
            self._base.execute("PRAGMA journal_mode=WAL")
            self._base.execute("PRAGMA synchronous=FULL")
            self._base.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._base.close()

    def recover(self) -> int:
        """Take up what was under way when the node ended; return how many series that were.

        An image that was being received was not acknowledged, so its sender sends it again: a
        series whose association was cut starts to wait anew.
        """
        with self._lock, self._base:
            now = time.time()
            back = self._base.execute(
                "UPDATE series SET state=?, next_try=0 WHERE state=?", (READY, SEGMENTING)
            ).rowcount
            back += self._base.execute(
                "UPDATE series SET state=?, again=1, next_try=0 WHERE state=?", (TO_SEND, SENDING)
            ).rowcount
            self._base.execute(
                "UPDATE series SET changed=? WHERE state=? AND released=0", (now, RECEIVING)
            )
            return back

    def add_image(self, uid: str, series: str, study: str, sop_class: str, size: int) -> bool:
        """Remember an image that is on the disk; return False if it was known already.

        An image more opens a series again that was done: what was sent before stays, and the whole
        series gives a new object.
        """
        now = time.time()
        with self._lock, self._base:
            if self.has_image(uid):
                return False
            self._base.execute(
                "INSERT INTO series (uid, study, state, first, changed) VALUES (?, ?, ?, ?, ?) "
                "ON CONFLICT (uid) DO NOTHING",
                (series, study, RECEIVING, now, now),
            )
            removed = self._base.execute(
                "UPDATE series SET images=0, bytes=0, removed=0 WHERE uid=? AND removed", (series,)
            ).rowcount
            if removed:  # It begins anew: the sender has to send all of it again.
                self._base.execute("DELETE FROM images WHERE series=?", (series,))
            self._base.execute("INSERT INTO images VALUES (?, ?, ?)", (uid, series, sop_class))
            self._base.execute(
                "UPDATE series SET images=images+1, bytes=bytes+?, changed=?, released=0, "
                "revision=revision + (state IN (?, ?)), attempts=0, next_try=0, again=0, "
                "reason='', state=? WHERE uid=?",
                (size, now, SENDING, SENT, RECEIVING, series),
            )
            return True

    def has_image(self, uid: str) -> bool:
        """Say whether an image was received."""
        with self._lock:
            found = self._base.execute("SELECT 1 FROM images WHERE uid=?", (uid,)).fetchone()
        return found is not None

    def image_classes(self, uids: list[str]) -> dict[str, str]:
        """Return the SOP classes of those of the images that were received."""
        with self._lock:
            rows = [
                self._base.execute("SELECT uid, class FROM images WHERE uid=?", (uid,)).fetchone()
                for uid in uids
            ]
        return {row["uid"]: row["class"] for row in rows if row is not None}

    def release(self, series: set[str]) -> None:
        """Remember that the association that brought these series was closed in order."""
        now = time.time()
        with self._lock, self._base:
            self._base.executemany(
                "UPDATE series SET released=1, changed=? WHERE uid=? AND state=?",
                [(now, uid, RECEIVING) for uid in series],
            )

    def close_quiet(self, quiet_s: float, patience_s: float) -> list[str]:
        """Make series ready to which nothing was added for long enough; return their UIDs."""
        now = time.time()
        with self._lock, self._base:
            rows = self._base.execute(
                "SELECT uid FROM series WHERE state=? AND changed <= CASE WHEN released THEN ? "
                "ELSE ? END",
                (RECEIVING, now - quiet_s, now - patience_s),
            ).fetchall()
            uids = [row["uid"] for row in rows]
            self._base.executemany(
                "UPDATE series SET state=? WHERE uid=?", [(READY, uid) for uid in uids]
            )
        return uids

    def take(self, state: str, taken: str) -> Entry | None:
        """Move the oldest series that is due from one state to another and return it."""
        with self._lock, self._base:
            row = self._base.execute(
                "SELECT * FROM series WHERE state=? AND next_try<=? ORDER BY changed LIMIT 1",
                (state, time.time()),
            ).fetchone()
            if row is None:
                return None
            self._base.execute("UPDATE series SET state=? WHERE uid=?", (taken, row["uid"]))
            return Entry(**{**dict(row), "state": taken})

    def move(
        self,
        entry: Entry,
        state: str,
        reason: str = "",
        wait_s: float = 0.0,
        attempt: bool = False,
    ) -> bool:
        """Move a series on from where `entry` left it; False if images came in between.

        Parameters
        ----------
        entry : Entry
            As `take` returned it.
        state : str
        reason : str
            One sentence, without a name.
        wait_s : float
            When to go on with it.
        attempt : bool
            Count a failed attempt; without, the count begins anew.
        """
        now = time.time()
        with self._lock, self._base:
            changed = self._base.execute(
                "UPDATE series SET state=?, reason=?, next_try=?, attempts=?, finished=?, again=0 "
                "WHERE uid=? AND state=? AND images=? AND revision=?",
                (
                    state,
                    reason,
                    now + wait_s if wait_s else 0.0,
                    entry.attempts + 1 if attempt else 0,
                    now if state in DONE else 0.0,
                    *(entry.uid, entry.state, entry.images, entry.revision),
                ),
            )
            return changed.rowcount == 1

    def entry(self, uid: str) -> Entry | None:
        """Return one series."""
        with self._lock:
            row = self._base.execute("SELECT * FROM series WHERE uid=?", (uid,)).fetchone()
        return None if row is None else Entry(**dict(row))

    def entries(self, state: str | None = None) -> list[Entry]:
        """Return the series, those received first first."""
        where, values = (" WHERE state=?", (state,)) if state else ("", ())
        with self._lock:
            rows = self._base.execute(
                f"SELECT * FROM series{where} ORDER BY first", values
            ).fetchall()
        return [Entry(**dict(row)) for row in rows]

    def counts(self) -> dict[str, int]:
        """Return how many series are in each state."""
        with self._lock:
            rows = self._base.execute("SELECT state, count(*) AS n FROM series GROUP BY state")
            found = {row["state"]: row["n"] for row in rows}
        return {state: found.get(state, 0) for state in STATES}

    def oldest_waiting(self) -> float:
        """Return since when the oldest series that is not done waits, in seconds; 0 for none."""
        with self._lock:
            row = self._base.execute(
                "SELECT min(changed) AS t FROM series WHERE state NOT IN (?, ?, ?)", DONE
            ).fetchone()
        return max(0.0, time.time() - row["t"]) if row["t"] else 0.0

    def removable(self, done_s: float, aside_s: float) -> list[Entry]:
        """Return series whose images need not be kept any longer."""
        now = time.time()
        with self._lock:
            rows = self._base.execute(
                "SELECT * FROM series WHERE removed=0 AND ((state IN (?, ?) AND finished<?) "
                "OR (state=? AND finished<?))",
                (SENT, LEFT, now - done_s, ASIDE, now - aside_s),
            ).fetchall()
        return [Entry(**dict(row)) for row in rows]

    def mark_removed(self, entry: Entry) -> bool:
        """Remember that the images of a series are about to be removed; False if more came."""
        with self._lock, self._base:
            changed = self._base.execute(
                "UPDATE series SET removed=1 WHERE uid=? AND state=? AND images=?",
                (entry.uid, entry.state, entry.images),
            )
            return changed.rowcount == 1

    def retry_aside(self, uid: str | None = None) -> int:
        """Make series ready again that were set aside and whose images are there."""
        only, values = (" AND uid=?", (uid,)) if uid else ("", ())
        with self._lock, self._base:
            return self._base.execute(
                f"UPDATE series SET state=?, reason='', attempts=0, next_try=0, finished=0 "
                f"WHERE state=? AND removed=0{only}",
                (READY, ASIDE, *values),
            ).rowcount

    def add_commitment(self, transaction: str, peer: str, images: str) -> None:
        """Remember that a peer asked whether images are safe (JSON of UIDs)."""
        with self._lock, self._base:
            self._base.execute(
                "INSERT OR REPLACE INTO commitments VALUES (?, ?, ?, 0, 0)",
                (transaction, peer, images),
            )

    def due_commitments(self) -> list[dict]:
        """Return the answers on storage commitment that are due."""
        with self._lock:
            rows = self._base.execute(
                "SELECT * FROM commitments WHERE next_try<=?", (time.time(),)
            ).fetchall()
        return [dict(row) for row in rows]

    def end_commitment(self, transaction: str, retry_in_s: float | None = None) -> None:
        """Forget a request that was answered, or put the answer off."""
        with self._lock, self._base:
            if retry_in_s is None:
                self._base.execute(
                    "DELETE FROM commitments WHERE transaction_uid=?", (transaction,)
                )
                return
            self._base.execute(
                "UPDATE commitments SET next_try=?, attempts=attempts+1 WHERE transaction_uid=?",
                (time.time() + retry_in_s, transaction),
            )
