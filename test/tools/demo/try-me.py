# This file runs on the remote Python, not here.
# First connect: click the RPyC icon at the left, then "Harbour".
# Then put the cursor on a line, or select several lines, and press
# Ctrl+Alt+Enter (Cmd+Alt+Enter on a Mac), or choose
# "RPyC: Run Selection or Line on Connection" in the Command Palette (F1).
# The status bar says on which connection it runs.

import os, sys; f"Python {sys.version.split()[0]}, process {os.getpid()}"

# The demo's Python server keeps a small harbour. It lives: look twice.
harbour.clock.ticks

[ship.name for ship in harbour.at_anchor]

harbour.events[-5:]

# Prints arrive while the code still runs: put the cursor on "for".
for level in harbour.tide.watch(5):
    print(f"The tide is at {level:.2f} m")

# What you define stays: it is under "Namespace" then.
answer = 6 * 7

# An error comes with the remote traceback.
harbour.ship("Titanic")
