"""Threads of a test that do something again and again until they are told to stop."""

import threading


class Repeating:
    """`threads` of them begin at once, each with its number from 0; a subclass says in _run() what
    they do while not self._stop.is_set()."""

    def __init__(self, threads: int):
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(n,)) for n in range(threads)]
        for thread in self._threads:
            thread.start()

    def stop(self):
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(self, number: int):
        raise NotImplementedError
