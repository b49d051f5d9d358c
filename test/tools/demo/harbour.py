"""A small harbour that lives: ships come in, unload and leave while somebody looks at it from afar.

The demo's Python server holds one of these. Nothing in it is needed by the extension.
"""

from __future__ import annotations

import collections
import dataclasses
import math
import random
import threading
import time
from typing import Iterator

SHIP_NAMES = ("Aurora", "Bella", "Castor", "Dione", "Elbe", "Fulmar", "Gannet", "Halcyon")
CARGO = ("coffee", "timber", "machine parts", "bananas", "bicycles")


@dataclasses.dataclass
class Ship:
    """A ship with its cargo."""

    name: str
    cargo: str
    tonnes: float
    berth: int | None = None
    log: list[str] = dataclasses.field(default_factory=list)

    def unload(self, tonnes: float) -> float:
        """Take up to `tonnes` off the ship and return what was taken."""
        taken = min(tonnes, self.tonnes)
        self.tonnes -= taken
        return taken


class Gauge:
    """A tide gauge. Reading it costs time, so it is a property that waits to be asked."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.unit = "m"
        self.readings_taken = 0

    @property
    def level(self) -> float:
        """Water level above chart datum, in metres."""
        self.readings_taken += 1
        return round(2.1 + 1.4 * math.sin(self._clock.ticks / 20), 2)

    def watch(self, count: int, every: float = 0.6) -> Iterator[float]:
        """Give the level `count` times, `every` so many seconds."""
        for n in range(count):
            if n > 0:
                time.sleep(every)
            yield self.level


class Clock:
    """Counts the steps of the simulation."""

    def __init__(self) -> None:
        self.ticks = 0
        self.started = time.time()


class Harbour:
    """Berths, ships at anchor, a tide gauge and a long history."""

    def __init__(self, seed: int = 7, berths: int = 4) -> None:
        self.clock = Clock()
        self.tide = Gauge(self.clock)
        self.berths: dict[int, Ship | None] = dict.fromkeys(range(1, berths + 1))
        self.at_anchor: collections.deque[Ship] = collections.deque()
        self.stock: collections.Counter[str] = collections.Counter()
        self.events: list[str] = []
        #: A list of 100,000 whole numbers, to page through.
        self.soundings = [(n * 7919) % 1000 for n in range(100_000)]
        self.chart = {
            "name": "Port of Examples",
            "position": {"latitude": 53.5461, "longitude": 9.9661},
            "lights": [
                {"name": "North mole", "colour": "red", "period_s": 4.0},
                {"name": "South mole", "colour": "green", "period_s": 4.0},
            ],
            "depths": {"fairway": 14.5, "basin": (9.0, 9.5, 11.0), "closed": None},
        }
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._live, name="harbour", daemon=True)

    def start(self) -> None:
        """Begin to live: one step each half second."""
        self._thread.start()

    def stop(self) -> None:
        """Stop the clock and wait for the last step."""
        self._stop.set()
        self._thread.join()

    def ship(self, name: str) -> Ship:
        """The ship of this name, at anchor or at a berth."""
        with self._lock:
            for ship in (*self.at_anchor, *self.berths.values()):
                if ship is not None and ship.name == name:
                    return ship
        raise LookupError(f"no ship called {name} is in the harbour")

    def step(self) -> None:
        """One step of the simulation."""
        with self._lock:
            self.clock.ticks += 1
            if self._random.random() < 0.4 and len(self.at_anchor) < len(SHIP_NAMES):
                self._arrive()
            for berth, ship in self.berths.items():
                self._work(berth, ship)

    def _live(self) -> None:
        while not self._stop.wait(0.5):
            self.step()

    def _arrive(self) -> None:
        here = {ship.name for ship in (*self.at_anchor, *filter(None, self.berths.values()))}
        free = [name for name in SHIP_NAMES if name not in here]
        if free:
            ship = Ship(
                self._random.choice(free), self._random.choice(CARGO), self._random.randrange(40, 400)
            )
            self.at_anchor.append(ship)
            self._tell(ship, "dropped anchor")

    def _work(self, berth: int, ship: Ship | None) -> None:
        if ship is None:
            if self.at_anchor:
                ship = self.at_anchor.popleft()
                ship.berth = berth
                self.berths[berth] = ship
                self._tell(ship, f"moored at berth {berth}")
        elif ship.tonnes > 0:
            self.stock[ship.cargo] += int(ship.unload(25))
        else:
            self.berths[berth] = None
            self._tell(ship, "left")

    def _tell(self, ship: Ship, what: str) -> None:
        ship.log.append(what)
        self.events.append(f"{self.clock.ticks}: {ship.name} {what}")
        del self.events[:-1000]
