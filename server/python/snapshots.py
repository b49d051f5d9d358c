"""Frames as they stand: those through which an error came, and those of all threads now.

Loaded after console.py, into the same namespace.
"""

SNAPSHOT_THREADS = 500
# Of one thread, and of one answer.
SNAPSHOT_FRAMES = 1000
FRAMES_AT_ONCE = 200
# An error and those that led to it.
STORY_LIMIT = 10
FILE_COUNT = 200
_TRACE = (lambda value: None) if PY2 else BaseException.__dict__['__traceback__'].__get__


class Snapshot(object):
    """Threads with their frames, the innermost first. The frames of a thread that runs go on meanwhile."""

    def __init__(self, threads):
        """
        :param threads: `(name, frames or entries of a traceback, what another program told of its own)`.
        """
        self.threads = threads[:SNAPSHOT_THREADS]
        # What runs in a frame has its names as they were when it was first asked for.
        self.runners = {}

    def described(self):
        """`(name, number of frames, what another program told)` of each thread."""
        return tuple([(clean(name, NAME_LIMIT), len(entries), told) for name, entries, told in self.threads])

    def frames(self, thread, start, count):
        """`(file, line, function)` of some frames of a thread."""
        entries = self.threads[thread][1] if 0 <= thread < len(self.threads) else []
        return tuple([_placed(entry) for entry in entries[start:start + min(count, FRAMES_AT_ONCE)]])

    def names(self, thread, position):
        """`(local names, global names)` of a frame, as dicts."""
        entry = self._entry(thread, position)
        frame = entry.tb_frame if type(entry) is types.TracebackType else entry
        return dict(locals_of(entry)), named_pairs(frame.f_globals)

    def runner(self, thread, position, kept=None):
        """Runs code with the names of a frame. What it sets stays here, and changes nothing in the frame."""
        key = (thread, position)
        if key not in self.runners:
            local, known = self.names(thread, position)
            known.update(local)
            self.runners[key] = Runner(known, kept)
        return self.runners[key]

    def _entry(self, thread, position):
        try:
            return self.threads[thread][1][position]
        except IndexError:
            raise Stopped('gone', u'There is no such frame')


def failure_snapshot(failure):
    """The frames of an error, as `sys.exc_info` tells it, and behind them those of the errors that led to it."""
    cls, value, trace = failure
    threads, seen = [], []
    while value is not None and len(seen) < STORY_LIMIT and not [one for one in seen if one is value]:
        entries = []
        while trace is not None:
            if trace.tb_frame.f_code.co_filename != HELPER_FILE:
                entries.append(trace)
            trace = trace.tb_next
        title = u'%s: %s' % (_full_name(cls), _message(value))
        threads.append((title, entries[::-1][:SNAPSHOT_FRAMES], _told_elsewhere(value)))
        seen.append(value)
        value = _led_by(value)
        cls = type(value)
        trace = None if value is None else _TRACE(value)
    return Snapshot(threads)


def _led_by(exception):
    """The exception that Python's report tells before this one."""
    if PY2 or not derives(exception, BaseException):
        return None
    cause = BaseException.__dict__['__cause__'].__get__(exception)
    if cause is not None or BaseException.__dict__['__suppress_context__'].__get__(exception):
        return cause
    return BaseException.__dict__['__context__'].__get__(exception)


def _told_elsewhere(exception):
    """The traceback that came with an exception of another program, as RPyC keeps it."""
    text = named_pairs(instance_dict(exception) or {}).get('_remote_tb')
    return clean(text, TRACEBACK_LIMIT) if among(type(text), STRINGS) else u''


def stacks_snapshot():
    """The frames of all threads, our own calls left out."""
    names = _names_of_threads()
    threads = []
    for ident, frame in sorted(sys._current_frames().items()):
        entries = []
        while frame is not None and len(entries) < SNAPSHOT_FRAMES:
            if frame.f_code.co_filename != HELPER_FILE:
                entries.append(frame)
            frame = frame.f_back
        threads.append((names.get(ident, u'Thread %d' % ident), entries, u''))
    return Snapshot(threads)


def _names_of_threads():
    active = named_module('threading').get('_active')
    pairs = list(dict_pairs(active)) if type(active) is dict else []
    names = [(ident, _thread_names(thread).get('_name')) for ident, thread in pairs if derives(thread, _THREAD)]
    return dict([(ident, clean(name, 100)) for ident, name in names if among(type(name), STRINGS)])


def file_states(names, lines):
    """What each file holds: `run` for one that was run from the editor, a hash of its text, or empty.

    :param lines: what was run, by file.
    """
    return tuple([u'run' if _native(name) in lines else _hash_of_file(name) for name in names[:FILE_COUNT]])


def run_text(name, lines):
    """What was run of a file, in its place; None for other files."""
    found = lines.get(_native(name))
    return u'\n'.join([found.get(number, u'') for number in range(max(found) + 1)]) if found else None


def _native(name):
    return name.encode('utf-8') if PY2 else name


def _hash_of_file(name):
    import hashlib
    try:
        _, _, text, cut = _text_of(name)
    except Stopped:
        return u''
    text = text.replace(u'\r\n', u'\n')
    return u'' if cut else TEXT(hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest())


def _placed(entry):
    code, line = code_and_line(entry)
    return clean(code.co_filename, STEP_LIMIT), line, clean(code.co_name, NAME_LIMIT)
