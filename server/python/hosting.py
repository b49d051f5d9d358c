"""In which thread of this process the user's code runs: the connection's own, one made for it, or the main thread.

A program with a main loop, such as IDA or Blender, lets nobody else than its main thread touch what it works on. Each
has a function that takes a callable from any thread and calls it there when it comes round. The connection's own thread
waits for nothing then: it goes on to serve, so that a program that serves now and then is not held up.
Loaded after runner.py, into the same namespace.
"""

import sys
import threading

# How long one waits for a function that posts to say that it cannot.
COURIER_SECONDS = 0.2
# Who runs in another thread than the one that serves its connection.
_AWAY = set()


class Task(object):
    """Something that another thread does, once; what comes of it is told."""

    def __init__(self, work, tell):
        self.work, self.tell = work, _asynchronous(tell)
        self.lock = threading.Lock()
        # Whether it was begun, or is not to be begun any more.
        self.taken = False
        # What the way there wants to be kept until then.
        self.kept = None

    def take(self):
        """True for the one who asks first."""
        with self.lock:
            taken, self.taken = self.taken, True
            return not taken

    def __call__(self):
        # Gives None: a timer of Blender's ends with that.
        if self.take():
            ident = get_ident()
            self._say(u'begun', None)
            _AWAY.add(ident)
            try:
                answer = u'ended', self.work()
            except BaseException:
                # A run is told to the end by itself: this is one that was asked to stop when it had ended.
                answer = u'raised', _failure(sys.exc_info(), VALUE_FILE, {})
            finally:
                _AWAY.discard(ident)
            self.work = self.kept = None
            self._say(*answer)

    def _say(self, what, answer):
        try:
            self.tell(what, answer)
        except Exception:
            # The connection is gone, and nobody listens.
            pass


def way_to(thread, host, expression, namespace):
    """A function that has another thread call what it is given, and what that thread is called.

    :param thread: 'worker' or 'main'.
    :param host: a name of `_HOSTS`, 'other' or 'auto'.
    :param expression: for 'other', Python that gives such a function.
    :raises Stopped: where there is none.
    """
    if thread != u'main':
        return _post_to_worker, u''
    if host == u'other':
        post = eval(_expression(expression), namespace)
        if not callable(post):
            raise TypeError('%s is not callable' % type_name(post))
        return _without_waiting(post), clean(expression, NAME_LIMIT)
    name, title, _, module, post = _HOSTS[host] if host != u'auto' else _detected()
    if not _is_there(module):
        raise Stopped('absent', title)
    if name == 'blender' and sys.modules['bpy'].app.background:
        raise Stopped('background', title)
    return post, title


def is_main_thread():
    """Whether this is the main thread of the program."""
    kernwin = sys.modules.get('ida_kernwin')
    if hasattr(kernwin, 'is_main_thread'):
        # The thread that was the first to load `threading` need not be the program's.
        return kernwin.is_main_thread()
    if PY2:
        return derives(threading.current_thread(), threading._MainThread)
    return threading.current_thread() is threading.main_thread()


def awaited(answer):
    """The value of an answer that the connection's own thread reads, while this one waits."""
    connection = answer._conn
    if not getattr(connection, '_bind_threads', False):
        arrived = threading.Event()
        answer.add_callback(lambda _: arrived.set())
        # It may have come while the callback was added, and with the connection it never comes.
        while not arrived.wait(0.2) and not getattr(answer, '_is_ready', True):
            if connection.closed:
                raise EOFError('The connection was closed')
    return answer.value


def _detected():
    found = [entry for entry in _HOSTS.values() if entry[2] in sys.modules]
    if len(found) > 1:
        raise Stopped('several', u', '.join(sorted([entry[1] for entry in found])))
    if found:
        return found[0]
    if _qt() is not None:
        return _HOSTS[u'qt']
    raise Stopped('unknown', u'')


def _is_there(module):
    if module is None:
        return _qt() is not None
    try:
        __import__(module)
    except Exception:
        # Without a window Houdini says so by an error of its own.
        return False
    return True


def _without_waiting(post):
    """The same for a function that may wait until the main thread has come round, which the connection's must not."""
    def send(task):
        raised, late = [], []

        def call():
            try:
                post(task)
            except Exception:
                raised.append(sys.exc_info()[1])
                if late and task.take():
                    task._say(u'raised', _failure(sys.exc_info(), VALUE_FILE, {}))
        courier = threading.Thread(target=call, name='rpyc-explorer-way')
        courier.daemon = True
        courier.start()
        courier.join(COURIER_SECONDS)
        late.append(True)
        if raised and task.take():
            raise raised[0]
    return send


def _post_to_worker(task):
    thread = threading.Thread(target=task, name='rpyc-explorer-run')
    thread.daemon = True
    thread.start()


def _post_to_ida(task):
    kernwin = sys.modules['ida_kernwin']

    def call():
        task()
        return 1
    # It waits until that was called, which the connection's thread must not.
    courier = threading.Thread(target=kernwin.execute_sync, args=(call, kernwin.MFF_WRITE), name='rpyc-explorer-way')
    courier.daemon = True
    courier.start()


def _post_to_blender(task):
    # One that is not persistent is gone when another file is loaded meanwhile.
    sys.modules['bpy'].app.timers.register(task, first_interval=0.0, persistent=True)


def _post_to_houdini(task):
    sys.modules['hdefereval'].executeDeferred(task)


def _post_to_maya(task):
    sys.modules['maya.utils'].executeDeferred(task)


def _post_to_gdb(task):
    sys.modules['gdb'].post_event(task)


def _post_to_qt(task):
    core = _qt()
    kind = getattr(core.QEvent.Type, 'User', None) or core.QEvent.User

    class Receiver(core.QObject):
        def event(self, event):
            if event.type() != kind:
                return super(Receiver, self).event(event)
            self.deleteLater()
            task()
            return True
    application = core.QCoreApplication.instance()
    task.kept = receiver = Receiver()
    receiver.moveToThread(application.thread())
    # Any thread may do this, whether or not it has an event loop of its own.
    core.QCoreApplication.postEvent(receiver, core.QEvent(kind))


def _qt():
    """The module `QtCore` of the binding in which this program has an application, or None."""
    for binding in ('PySide6', 'PyQt6', 'PySide2', 'PyQt5', 'PySide', 'PyQt4'):
        core = sys.modules.get(binding + '.QtCore')
        if core is not None and core.QCoreApplication.instance() is not None:
            return core
    return None


def _rpyc_version():
    module = sys.modules.get('rpyc')
    found = named_pairs(instance_dict(module) or {}).get('__version__') if module is not None else None
    if type(found) is tuple:
        # Before 5.0.
        found = '.'.join([str(number) for number in found])
    return clean(found, 100) if among(type(found), STRINGS) else u''


# Name, title, the module that only this program has, the one with the way to its main thread, and that way. Many of
# them have Qt as well.
_HOSTS = dict([(TEXT(entry[0]), entry) for entry in (
    ('ida', u'IDA', 'ida_kernwin', 'ida_kernwin', _post_to_ida),
    ('blender', u'Blender', 'bpy', 'bpy', _post_to_blender),
    ('houdini', u'Houdini', 'hou', 'hdefereval', _post_to_houdini),
    ('maya', u'Maya', 'maya.utils', 'maya.utils', _post_to_maya),
    ('gdb', u'gdb', 'gdb', 'gdb', _post_to_gdb),
    ('qt', u'Qt', '', None, _post_to_qt),
)])
