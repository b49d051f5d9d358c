"""Loads the files of server/python the way the backend sends them: one expression, in one fresh namespace."""

import io
import os
import re
import sys

LEN = len
ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..')
FOLDER = os.path.join(ROOT, 'server', 'python')
with io.open(os.path.join(ROOT, 'server', 'src', 'features', 'agent.ts'), encoding='utf-8') as _agent:
    # In the order in which they are sent.
    FILES = re.findall(r"^  '(\w+\.py)',$", _agent.read(), re.MULTILINE)


def sources():
    """The text of each file, in order."""
    texts = []
    for name in FILES:
        with io.open(os.path.join(FOLDER, name), encoding='ascii') as file:
            texts.append(str(file.read()))
    return texts


def load():
    """The namespace in which all files have been run."""
    names = {'__name__': 'rpyc_explorer'}
    if sys.version_info[0] > 2:
        names['__builtins__'] = dict(vars(sys.modules['builtins']))
    for text in sources():
        eval(compile(text, '<rpyc-explorer>', 'exec', 0, True), names)
    return names


def agent(**names):
    """An agent for a connection whose namespace holds these names."""
    loaded = load()
    made, _, holder = loaded['create_agent'](names)
    # What is kept goes with it.
    made.holder = holder
    return made


def rows(agent, base, steps=(), offset=0, limit=500, needle=None, group=None):
    """The rows of a page by name; fails when there is no page."""
    answer = agent.page((), base, steps, offset, limit, needle, group)
    assert answer[0] == u'ok', answer
    return dict((row[1], row) for row in answer[5])
