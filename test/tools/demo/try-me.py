# This file runs on the remote Python, not here.
# Put the cursor on a line, or select several, and choose "RPyC: Run Selection or Line on Connection".

import os, sys, time

f"Python {sys.version.split()[0]} on {sys.platform}, process {os.getpid()}"

# The demo's Python server keeps a small harbour. It lives: look twice.
harbour.clock.ticks

[ship.name for ship in harbour.at_anchor]

harbour.events[-5:]

# Prints arrive while the code still runs. Select the loop and run it.
for n in range(1, 6):
    print(f"{n}: the tide is at {harbour.tide.level} m")
    time.sleep(0.6)

# What you define stays: it shows up under "Namespace" when you refresh.
answer = 6 * 7
