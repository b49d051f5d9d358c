# -*- coding: utf-8 -*-
"""Objects whose names, texts and documentation try to act on whoever looks at them: `hostile_service.py strict|classic`.

In classic mode they are attributes of the module `aaa_hostile`.
"""
import sys
import types

import rpyc
from ready import serve

LINK = "[click](command:workbench.action.quit)"
PIECES = [
    LINK,
    "![x](https://example.invalid/x.png)",
    "<script>alert(1)</script>",
    "\x1b[2J\x1b]0;owned\x07",
    "\u202egnp.exe",
    "one\ntwo\r\nthree\u2028four",
    "```\n" + LINK,
    "$(trash)",
    "\u200b\u2060\ufeff",
    "\x00\x07\x7f\x9b",
    "__proto__",
    "constructor",
    "prototype",
    "toString",
    "then",
    "catch",
    "x" * 900,
]
LONG = "y" * 1000000


class Quoted(object):
    """Gives what it was made of as its text."""

    def __init__(self, text):
        self._text = text

    def __repr__(self):
        return self._text

    __str__ = __repr__


def method(documentation):
    def shout(self, value=LINK):
        raise ValueError(documentation[:1000])

    shout.__doc__ = documentation
    return shout


def named(text):
    """An object whose class has a name of this sort."""
    made = type("Any", (Quoted,), {"__doc__": text, "__module__": text[:300]})
    made.__name__ = text[:300].replace("\x00", "")
    return made(text)


def members(prefix):
    found = {}
    for number, piece in enumerate(PIECES):
        found[prefix + piece] = piece
        found["%sm%d %s" % (prefix, number, piece)] = method(piece)
        found["%so%d %s" % (prefix, number, piece)] = named(piece)
    found[prefix + "doc"] = method(LINK + "\n" + LONG)
    found[prefix + "repr"] = Quoted(LONG)
    found[prefix + "text"] = LINK + "\u202e" + LONG
    found[prefix + "keys"] = dict((piece, piece) for piece in PIECES)
    found[prefix + LONG] = "long"
    return found


mode = sys.argv[1]
if mode == "strict":
    body = members("exposed_")
    body.update(members("blocked "))
    Hostile = type("HostileService", (rpyc.Service,), body)
    Hostile.__name__ = "\u202e" + LINK
    Hostile.__module__ = "one\ntwo"
    serve(Hostile)
else:
    module = types.ModuleType("aaa_hostile", LINK)
    module.__dict__.update(members(""))
    sys.modules["aaa_hostile"] = module
    sys.modules["aaa " + LINK] = module
    serve(rpyc.SlaveService)
