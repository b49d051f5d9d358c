/*
 * What the peer does for uploads and downloads. Its own rpyc has nothing for it, since upstream's client opens the
 * peer's files itself, one chunk for each round trip.
 */

/** Kinds of what stands at a path of the peer's. */
export const RemoteKind = { other: 0, file: 1, folder: 2 } as const;

/**
 * Paths are tuples of parts, text or bytes. What is received is written beside its place under the name `part`, and
 * takes its place when it is complete; special files are written as they are, and a link is followed.
 */
export const TRANSFER_CODE = `
import os, sys, threading
try:
    import hashlib
except ImportError:
    hashlib = None
old = sys.version_info[0] < 3
windows = os.name == 'nt'

def native(parts):
    made = []
    for part in parts:
        if windows:
            made.append(part.decode('utf-8') if isinstance(part, bytes) else part)
        else:
            part = part if isinstance(part, bytes) else part.encode('utf-8')
            made.append(part if old else os.fsdecode(part))
    return os.path.join(*made)

def told(name):
    if windows:
        return name
    name = name if isinstance(name, bytes) else os.fsencode(name)
    try:
        return name.decode('utf-8')
    except UnicodeError:
        return name

def kind(path):
    if os.path.isdir(path):
        return (2, 0)
    return (1, os.path.getsize(path)) if os.path.isfile(path) else (0, 0)

def digest(path, size):
    if hashlib is None:
        return None
    sha = hashlib.sha256()
    with open(path, 'rb') as file:
        while size > 0:
            data = file.read(min(size, 1 << 20))
            if not data:
                break
            sha.update(data)
            size -= len(data)
    return sha.digest()

def remove(path):
    try:
        os.remove(path)
    except OSError:
        pass

def clean(function):
    # A name that is no UTF-8 cannot travel in an exception: it would end the connection.
    def call(*args):
        try:
            return function(*args)
        except EnvironmentError as error:
            failure = error
            name = failure.filename
            if isinstance(name, bytes) or name is None:
                raise
            try:
                name.encode('utf-8')
            except UnicodeError:
                failure = type(error)(error.errno, error.strerror, ascii(name))
            else:
                raise
        raise failure
    return call

class Receiver(object):
    def __init__(self, parts, part):
        self.file = self.part = None
        self.lock = threading.Lock()
        self.path = os.path.realpath(native(parts))
        self.direct = os.path.exists(self.path) and not os.path.isfile(self.path)
        self.part = self.path if self.direct else os.path.join(os.path.dirname(self.path), native((part,)))
        self.file = open(self.part, 'wb')
        self.at = 0

    def write(self, offset, data):
        with self.lock:
            if offset != self.at:
                self.file.seek(offset)
            self.file.write(data)
            self.at = offset + len(data)

    @clean
    def finish(self, size, wanted):
        with self.lock:
            self.file.close()
            if not self.direct:
                found = None if wanted is None else digest(self.part, size)
                if os.path.getsize(self.part) != size or found not in (None, wanted):
                    return False
                if os.path.exists(self.path):
                    os.chmod(self.part, os.stat(self.path).st_mode & 0o7777)
                    if windows and old:
                        os.remove(self.path)
                getattr(os, 'replace', os.rename)(self.part, self.path)
            self.direct = True
            return True

    def close(self):
        if self.file is not None:
            self.file.close()
            if not self.direct:
                self.direct = True
                remove(self.part)

    __del__ = close

class Sender(object):
    def __init__(self, quiet, path):
        self.quiet = None
        self.lock = threading.Lock()
        self.path = path
        self.file = open(path, 'rb')
        self.quiet = quiet
        quiet.enter()

    def read(self, offset, size):
        with self.lock:
            if self.file.tell() != offset:
                self.file.seek(offset)
            return self.file.read(size)

    def digest(self, size):
        return digest(self.path, size)

    def close(self):
        quiet, self.quiet = self.quiet, None
        if quiet is not None:
            self.file.close()
            quiet.leave()

    __del__ = close

class Guard(object):
    # The connection's table alone holds it: frames of a failed request may hold what it guards until garbage is collected.
    def __init__(self, guarded):
        self.guarded = guarded

    def __del__(self):
        self.guarded.close()

def guarded(made):
    return (made, Guard(made))

class Quiet(object):
    channel = None
    wanted = users = 0

    def __init__(self):
        self.lock = threading.RLock()

    def enter(self):
        with self.lock:
            if self.users == 0 and self.channel is not None:
                self.wanted, self.channel.compress = self.channel.compress, False
            self.users += 1

    def leave(self):
        with self.lock:
            self.users -= 1
            if self.users == 0 and self.channel is not None:
                self.channel.compress = self.wanted

class Files(object):
    def __init__(self):
        self.quiet, self.as_it_is = Quiet(), Quiet()

    @clean
    def kind(self, parts):
        return kind(native(parts))

    @clean
    def folder(self, parts, most):
        path = native(parts)
        names = os.listdir(path)
        if len(names) > most:
            raise ValueError('more than %d names in one folder' % most)
        known = os.stat(path)
        return (repr((known.st_dev, known.st_ino)) if known.st_ino else '',
                tuple([(told(name),) + kind(os.path.join(path, name)) for name in names]))

    @clean
    def make(self, folders):
        for parts in folders:
            path = native(parts)
            if not os.path.isdir(path):
                os.makedirs(path)

    @clean
    def receive(self, parts, part):
        return guarded(Receiver(parts, part))

    @clean
    def store(self, parts, part, data, wanted):
        receiver = Receiver(parts, part)
        try:
            receiver.write(0, data)
            return receiver.finish(len(data), wanted)
        finally:
            receiver.close()

    @clean
    def send(self, parts, root, plain):
        if plain and self.quiet.channel is None:
            conn = (getattr(root, 'getconn', None) or root.exposed_getconn)()
            self.quiet.channel = conn._channel
        return guarded(Sender(self.quiet if plain else self.as_it_is, native(parts)))

    def library(self):
        import sysconfig
        return told(sysconfig.get_paths()['purelib'])

    def imported(self):
        importlib = sys.modules.get('importlib')
        if hasattr(importlib, 'invalidate_caches'):
            importlib.invalidate_caches()

main = Files()
`;
