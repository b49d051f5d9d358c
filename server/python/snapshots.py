"""Frames as they stand: those through which an error came, and those of all threads now.

Loaded after console.py, into the same namespace.
"""

SNAPSHOT_THREADS = 500


class Snapshot(object):
    """Threads with their frames, the innermost first. The frames of a thread that runs go on meanwhile."""

    def __init__(self, threads):
        """
        :param threads: pairs of a name and a list of frames, or of entries of a traceback.
        """
        self.threads = threads[:SNAPSHOT_THREADS]
        # What runs in a frame has its names as they were when it was first asked for.
        self.runners = {}

    def described(self):
        """`(name, ((file, line, function), ...))` of each thread."""
        return tuple([(clean(name, NAME_LIMIT), tuple([_placed(entry) for entry in entries]))
                      for name, entries in self.threads])

    def names(self, thread, position):
        """`(local names, global names)` of a frame, as dicts."""
        entry = self._entry(thread, position)
        frame = entry.tb_frame if type(entry) is types.TracebackType else entry
        return dict(locals_of(entry)), named_pairs(frame.f_globals)

    def runner(self, thread, position):
        """Runs code with the names of a frame. What it sets stays here, and changes nothing in the frame."""
        key = (thread, position)
        if key not in self.runners:
            local, known = self.names(thread, position)
            known.update(local)
            self.runners[key] = Runner(known)
        return self.runners[key]

    def _entry(self, thread, position):
        try:
            return self.threads[thread][1][position]
        except IndexError:
            raise Stopped('gone', u'There is no such frame')


def failure_snapshot(failure):
    """The frames of an error, as `sys.exc_info` tells it."""
    cls, value, trace = failure
    entries = []
    while trace is not None:
        if trace.tb_frame.f_code.co_filename != HELPER_FILE:
            entries.append(trace)
        trace = trace.tb_next
    return Snapshot([(u'%s: %s' % (_full_name(cls), _message(value)), entries[::-1][:FRAME_LIMIT])])


def stacks_snapshot():
    """The frames of all threads, our own calls left out."""
    names = _names_of_threads()
    threads = []
    for ident, frame in sorted(sys._current_frames().items()):
        entries = []
        while frame is not None and len(entries) < FRAME_LIMIT:
            if frame.f_code.co_filename != HELPER_FILE:
                entries.append(frame)
            frame = frame.f_back
        threads.append((names.get(ident, u'Thread %d' % ident), entries))
    return Snapshot(threads)


def _names_of_threads():
    active = named_module('threading').get('_active')
    pairs = list(dict_pairs(active)) if type(active) is dict else []
    names = [(ident, _thread_names(thread).get('_name')) for ident, thread in pairs if derives(thread, _THREAD)]
    return dict([(ident, clean(name, 100)) for ident, name in names if among(type(name), STRINGS)])


def _placed(entry):
    code, line = code_and_line(entry)
    return clean(code.co_filename, STEP_LIMIT), line, clean(code.co_name, NAME_LIMIT)
