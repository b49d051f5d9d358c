# This file runs on the remote Python, not here.
# First connect: click the RPyC icon at the left, then "Harbour".
# Then put the cursor on a line, or select several lines, and choose
# "RPyC: Run Selection or Line on Connection" in the Command Palette (F1).

import os, sys, time

f"Python {sys.version.split()[0]} on {sys.platform}, process {os.getpid()}"

# The demo's Python server keeps a small harbour. It lives: look twice.
harbour.clock.ticks

[ship.name for ship in harbour.at_anchor]

harbour.events[-5:]

# Prints arrive while the code still runs: select the loop and run it.
for n in range(1, 6):
    print(f"{n}: the tide is at {harbour.tide.level} m")
    time.sleep(0.6)

# What you define stays: refresh "Namespace" to see it there.
answer = 6 * 7
