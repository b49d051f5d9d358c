"""Has every Python that finds this folder load the journey before it serves anybody, and what its second client uses."""

import json  # noqa: F401

import journey  # noqa: F401
