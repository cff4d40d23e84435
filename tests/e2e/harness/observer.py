"""What the tenant counts, over time."""

import bisect
import threading
import time


class Observer:
    """Looks at the tenant's statistics every so many seconds, as long as the block lasts.

    They begin anew with the block.
    """

    def __init__(self, simulator, seconds):
        self.simulator = simulator
        self.seconds = seconds
        self.times = []
        self.looks = []
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._look)

    def __enter__(self):
        self.simulator.reset_statistics()
        self._look_once()
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()
        self._look_once()

    def _look(self):
        while not self.ended.wait(self.seconds):
            self._look_once()

    def _look_once(self):
        self.looks.append(self.simulator.statistics())
        self.times.append(time.monotonic())

    def at(self, moment):
        """The last look until then."""
        return self.looks[max(0, bisect.bisect_right(self.times, moment) - 1)]

    def before(self, value):
        """When `value` of a look was zero for the last time."""
        return next(
            before
            for before, look in zip(self.times, self.looks[1:])
            if value(look)
        )

    def most_within(self, seconds, value):
        """By how much `value` of the looks grew at most in so many seconds."""
        values = [value(look) for look in self.looks]
        return max(
            values[bisect.bisect_left(self.times, moment + seconds) - 1] - values[i]
            for i, moment in enumerate(self.times)
        )
