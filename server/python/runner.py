"""Runs pieces of Python in a connection's namespace. Loaded after typing_in.py, into the same namespace."""

import __future__
import ast
import codecs
import linecache
import re
import sys
import textwrap
import traceback

# What the user types for a value or for arguments.
VALUE_FILE = '<value>'
RESULT_LIMIT = 10000
NO_MESSAGE = u'<the message could not be made>'
TRACEBACK_LIMIT = 64000
FRAME_LIMIT = 200
LINE_LIMIT = 200000

# A run can take it out of the table of modules.
_HELPERS = sys.modules.get('rpyc.utils.helpers')

_FUTURE_FLAGS = 0
for _name in __future__.all_feature_names:
    _FUTURE_FLAGS |= getattr(__future__, _name).compiler_flag


class Runner(object):
    """Runs source text in one namespace and tells what came of it as plain values."""

    def __init__(self, namespace, kept=None):
        """
        :param kept: keeps the errors, as `Kept` does; without it they are told and go.
        """
        self.namespace = namespace
        self.kept = kept
        # Weak references to the connections of the editor.
        self.connections = ()
        # Whether the code that was run last has lowered the limit of recursion.
        self.limit_was_low = False
        # What was run so far of each file, by line, for tracebacks through functions of earlier runs.
        self.lines = {} if kept is None else kept.lines
        # The value of the last expression of the last run, until somebody takes it.
        self.result = MISSING

    def run(self, source, file_name, line_offset, emit, run_id=u'', ask=None, keep=None):
        """Runs `source` and answers when it has ended, however it ends.

        :param file_name: the file that the source stands in, for tracebacks.
        :param line_offset: number of lines before it in that file.
        :param emit: a function of the peer, called with `(pieces, dropped)` as `OutputQueue` tells, without waiting for
            its answer.
        :param run_id: by this name it can be interrupted.
        :param ask: a function of the peer that gives a line of input, as `Input` tells; without it `sys.stdin` is
            left alone.
        :param keep: called with the value of the last expression, where there is one; its text is then left out.
        :returns: `('done', value, type, None)`, where the texts are empty when there is no value, or
            `('error', '', '', (type, message, traceback, ((file, line, name), ...), number))`, or the same with
            `'interrupted'`; under its number the error is kept, which is 0 where it is not.
        """
        if PY2:
            file_name = file_name.encode('utf-8')
        source = _in_place(source, line_offset)
        self._remember(source, file_name)
        queue, process = OutputQueue(_asynchronous(emit)), Process()
        queue.connections = self.connections
        guard = Guard(self, queue)
        try:
            restore = redirect(queue)
            try:
                queue.stop = Stop(run_id)
                queue.input = _input(ask, queue)
                return self._execute(source, file_name, keep, guard)
            except BaseException:
                # Also SystemExit and KeyboardInterrupt: the connection outlives what its user runs.
                guard.mend()
                process.end_child(sys.exc_info())
                status = u'interrupted' if among(sys.exc_info()[0], STOPS) else u'error'
                return status, u'', u'', self._failed(file_name, True, queue.stop)
            finally:
                process.end_child(None)
                try:
                    queue.stop.close()
                finally:
                    guard.mend()
                    restore()
        finally:
            queue.close()

    def attempt(self, work, emit=None, run_id=u'', ask=None, keep=True):
        """Does something that runs the user's code, and tells how it ended.

        :param emit: as for `run`, as are `run_id` and `ask`; without it what is printed stays where it goes.
        :param keep: whether its error is kept.
        :returns: `(True, what it gave)`, or `(False, error)` with the error of `run`.
        """
        queue = None if emit is None else OutputQueue(_asynchronous(emit))
        process = Process()
        try:
            restore = None if queue is None else redirect(queue)
            stop = Stop(run_id)
            try:
                if queue is not None:
                    queue.stop, queue.connections = stop, self.connections
                    queue.input = _input(ask, queue)
                return True, work()
            except Stopped:
                raise
            except BaseException:
                process.end_child(sys.exc_info())
                return False, self._failed(VALUE_FILE, keep, stop)
            finally:
                process.end_child(None)
                try:
                    stop.close()
                finally:
                    if restore is not None:
                        restore()
        finally:
            if queue is not None:
                queue.close()

    def take_result(self):
        """The value of the last expression of the last run, or MISSING, once."""
        value, self.result = self.result, MISSING
        return value

    def evaluate(self, source):
        """The value of one expression in the namespace."""
        return self._eval(_expression(source))

    def arguments(self, source):
        """The arguments that stand between the brackets of a call, as a tuple and a dict."""
        code = _expression(u'(lambda *values, **named: (values, named))(' + source + u'\n)')
        return self._eval(code)

    def _eval(self, code):
        # Else Python puts those of the helper there.
        self.namespace.setdefault('__builtins__', _NAMES)
        limit = sys.getrecursionlimit()
        try:
            return eval(code, self.namespace)
        finally:
            # Here, since under a low one not even a function of ours may be called.
            if sys.getrecursionlimit() < limit:
                sys.setrecursionlimit(limit)
                self.limit_was_low = True

    def _failed(self, file_name, keep, stop):
        # The exception that is being handled. Still to be interrupted, since it tells its text by code of the user's.
        exception = sys.exc_info()
        number = self.kept.keep_failure(exception) if keep and self.kept is not None else 0
        lines = {} if file_name == VALUE_FILE else self.lines[file_name]
        try:
            return _failure(exception, file_name, lines) + (number,)
        except STOPS:
            stop.close()
            return _failure(exception, file_name, lines) + (number,)
        finally:
            del exception

    def _remember(self, source, file_name):
        if sum([len(lines) for lines in self.lines.values()]) > LINE_LIMIT:
            self.lines.clear()
        lines = self.lines.setdefault(file_name, {})
        lines.update([(number, line) for number, line in enumerate(source.split(u'\n')) if line])

    def _execute(self, source, file_name, keep, guard):
        body, last = _compiled(source, file_name)
        self._eval(body)
        if last is None:
            return u'done', u'', u'', None
        value = self._eval(last)
        guard.mend()
        if keep is not None:
            return u'done', keep(value), u'', None
        if value is None:
            return u'done', u'', u'', None
        self.result = value
        return u'done', render(value, RESULT_LIMIT, ask=True)[0], clean(type_name(value), NAME_LIMIT), None


def _in_place(source, line_offset):
    """The source behind as many empty lines as stand before it in its file, moved to the left margin."""
    first = [line for line in source.split(u'\n') if line.strip() and not line.lstrip().startswith(u'#')][:1]
    if first and first[0][:1] in (u' ', u'\t'):
        source = textwrap.dedent(source)
    return u'\n' * line_offset + source


def _compiled(source, file_name):
    """The code of all statements, and that of the last expression or None."""
    if PY2:
        # As bytes with this mark, since a coding line is not allowed in a unicode source. One of another encoding is none.
        first = u'\n'.join([re.sub(u'coding(?=[:=])', u'coding ', line) for line in source.split(u'\n')[:2]])
        source = codecs.BOM_UTF8 + u'\n'.join([first] + source.split(u'\n')[2:]).encode('utf-8')
    tree = compile(source, file_name, 'exec', ast.PyCF_ONLY_AST, True)
    expression = None
    if tree.body and isinstance(tree.body[-1], ast.Expr):
        expression = ast.Expression(tree.body.pop().value)
    body = compile(tree, file_name, 'exec', 0, True)
    if expression is None:
        return body, None
    # What the statements import from `__future__` holds for the expression as well.
    return body, compile(expression, file_name, 'eval', body.co_flags & _FUTURE_FLAGS, True)


def _expression(source):
    """The code of one expression; of a call, where it begins as one, nothing may stand behind."""
    text = source.strip()
    is_call = text.startswith(u'(lambda *values')
    if PY2:
        text = codecs.BOM_UTF8 + text.encode('utf-8')
    tree = compile(text, VALUE_FILE, 'eval', ast.PyCF_ONLY_AST, True)
    if is_call and not (type(tree.body) is ast.Call and type(tree.body.func) is ast.Lambda):
        raise SyntaxError('these are not the arguments of one call')
    return compile(tree, VALUE_FILE, 'eval', 0, True)


def _input(ask, queue):
    return None if ask is None else Input(_asynchronous(ask), queue, queue.stop)


def _asynchronous(emit):
    """`emit` as a function that sends the request and does not wait: the main thread reads the answers."""
    helpers = _HELPERS or sys.modules.get('rpyc.utils.helpers')
    if helpers is None:
        return emit
    make = getattr(helpers, 'async_', None) or getattr(helpers, 'async')
    return make(emit)


def _failure(exception, file_name, lines):
    cls, value, trace = exception
    try:
        trace = user_part(trace)
        name, message = clean(_full_name(cls), NAME_LIMIT), _message(value)
        if message == NO_MESSAGE:
            # It is not asked for its text again.
            cls, value = Unspeakable, Unspeakable(name + u': ' + message)
        return name, message, clean(_traceback(cls, value, trace, file_name, lines), TRACEBACK_LIMIT), tuple(_frames(trace))
    finally:
        del value, trace, exception


def user_part(trace):
    """A traceback without the helper's own frames, which stand outside of what the user ran; None where that is all."""
    while trace is not None and trace.tb_frame.f_code.co_filename == HELPER_FILE:
        trace = trace.tb_next
    return trace


class Unspeakable(Exception):
    """Stands in a report for an exception whose text cannot be made."""


def _full_name(cls):
    name = class_name(cls)
    return name if '.' in name else ('exceptions.' if PY2 else 'builtins.') + name


def _message(value):
    """The text of an exception. Code of the user's: whatever it raises, an interrupt included, ends it and nothing more."""
    try:
        text = str(value)
    except BaseException:
        try:
            text = TEXT(value) if PY2 else NO_MESSAGE
        except BaseException:
            text = NO_MESSAGE
    return clean(text, RESULT_LIMIT)


def _traceback(cls, value, trace, file_name, lines):
    # The file is the editor's and need not exist here, or is another one: its lines are lent for the report.
    lent = linecache.cache.get(file_name)
    texts = [lines.get(number, u'') + u'\n' for number in range(max(lines) + 1 if lines else 0)]
    if PY2:
        texts = [text.encode('utf-8') for text in texts]
    linecache.cache[file_name] = (1, None, texts, file_name)
    try:
        if cls is Unspeakable:
            text = 'Traceback (most recent call last):\n%s%s\n' % (''.join(traceback.format_tb(trace)), value)
        else:
            text = ''.join(traceback.format_exception(cls, value, trace))
    except BaseException:
        text = _message(value)
    finally:
        if lent is None:
            linecache.cache.pop(file_name, None)
        else:
            linecache.cache[file_name] = lent
    if PY2 and type(text) is str:
        text = text.decode('utf-8', 'replace')
    if len(text) > TRACEBACK_LIMIT:
        # Both ends of a long report tell most.
        half = TRACEBACK_LIMIT // 2
        text = text[:half] + u'\n' + ELLIPSIS + u'\n' + text[-half + 10:]
    return text


def _frames(trace):
    frames = []
    while trace is not None:
        code = trace.tb_frame.f_code
        if code.co_filename != HELPER_FILE:
            frames.append((clean(code.co_filename, STEP_LIMIT), trace.tb_lineno, clean(code.co_name, NAME_LIMIT)))
        trace = trace.tb_next
    return frames[-FRAME_LIMIT:]
