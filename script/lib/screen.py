"""What a person sees: lines that stay, and below them one live line, rewritten in place.

Where the output is no terminal there is no live line; a status becomes a plain line now and then.
Never fails: once nobody reads the output any more, `gone` is true and all else is dropped.
"""

import os
import shutil
import sys
from typing import TextIO


class Screen:
    def __init__(self, stream: TextIO = sys.stdout):
        self._stream = stream
        self._live = stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        self.status_interval_s = 1.0 if self._live else 5.0
        self._line_shown = False
        self.gone = False

    def say(self, text: str = "") -> None:
        self._write(f"{self._cleared()}{text}\n")

    def status(self, text: str) -> None:
        if not self._live:
            self.say(text)
            return
        columns = shutil.get_terminal_size().columns
        self._write(f"{self._cleared()}{text[: columns - 1]}")
        self._line_shown = True

    def progress(self, text: str) -> None:
        """Shown on a terminal alone, until the next output."""
        if self._live:
            self.status(text)

    def _cleared(self) -> str:
        clear = "\r\033[K" if self._line_shown else ""
        self._line_shown = False
        return clear

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError:  # The terminal or the reader of the pipe is gone.
            self.gone = True
            os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())
