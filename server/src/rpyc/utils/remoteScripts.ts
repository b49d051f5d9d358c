/*
 * The Python programs that run on a machine with nothing but Python 3.6 or newer. They arrive by standard input, so that
 * the command line is the same for all of them and nothing has to be quoted for a shell of the other machine.
 *
 * Upstream copies files with scp and starts the script of rpyc/utils/zerodeploy.py in the directory. Differs on purpose:
 * a watcher that serves nobody owns the directory and the server, and cleans up when nothing is heard any more.
 */

/** Takes the length of a program and the program. Holds no quote, backslash or line end, which shells disagree about. */
const BOOT =
  'import sys;sys.path[:]=[p for p in sys.path if p];' +
  'exec(sys.stdin.buffer.read(int(sys.stdin.buffer.readline())))';

const SEARCH = [
  'for p in python3 /usr/libexec/platform-python',
  'do if command -v $p >/dev/null 2>&1; then exec $p -c "$0"; fi',
  'done',
  'echo "no python3 here" >&2',
  'exit 127',
].join('; ');

/** The words that start a Python there which waits for `scriptInput`. */
export function remotePython(executable?: string | readonly string[]): readonly string[] {
  if (executable === undefined) return ['sh', '-c', SEARCH, BOOT];
  const words = typeof executable === 'string' ? [executable] : executable;
  if (words.length === 0 || words.includes('')) throw new TypeError('Name of the Python program is empty');
  return [...words, '-c', BOOT];
}

/** The program's text and its one line of settings, as `remotePython` expects them. */
export function scriptInput(script: string, settings: object): Buffer {
  const text = Buffer.from(script, 'utf8');
  return Buffer.concat([Buffer.from(`${text.length}\n`), text, Buffer.from(`${JSON.stringify(settings)}\n`)]);
}

/** What the relay says once it is connected. */
export const RELAY_MARKER = '\0rpyc relay\n';

/** Carries bytes between its standard streams and a Unix socket. */
export const RELAY_SCRIPT = String.raw`
import json, os, socket, sys, threading

stdin = sys.stdin.buffer
path = json.loads(stdin.readline().decode("utf-8"))["path"]
sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
try:
    # An address holds 107 bytes, a directory's name may hold more.
    directory, name = os.path.split(path)
    os.chdir(directory or ".")
    sock.connect(name)
except OSError as error:
    sys.stderr.write("rpyc relay: %s\n" % (error.strerror or error))
    sys.stderr.flush()
    os._exit(3)
os.write(1, b"\0rpyc relay\n")


def carry_back():
    try:
        while True:
            data = memoryview(sock.recv(65536))
            if not data:
                break
            while data:
                data = data[os.write(1, data):]
    except OSError:
        pass
    os._exit(0)


thread = threading.Thread(target=carry_back)
thread.daemon = True
thread.start()
try:
    while True:
        data = stdin.read1(65536)
        if not data:
            break
        sock.sendall(data)
    sock.shutdown(socket.SHUT_WR)
except OSError:
    pass
thread.join(30)
os._exit(0)
`;

/** Begins each line that the watcher writes for us; login scripts may print lines of their own. */
export const REPORT = 'RPYC-DEPLOY ';

/** Runs in the directory as the server. Ends itself and its directory where the watcher was killed. */
const SERVER_SCRIPT = String.raw`
import importlib, json, os, shutil, signal, sys, threading, traceback

here = os.path.dirname(os.path.abspath(__file__))
if here not in sys.path:
    sys.path.insert(0, here)
os.chdir(here)
setup = json.loads(sys.stdin.buffer.readline().decode("utf-8"))
report = setup["report"]
os.set_inheritable(report, False)
# What the service starts gets an empty input, and no hold on ours.
lifeline = os.dup(0)
null = os.open(os.devnull, os.O_RDONLY)
os.dup2(null, 0)
os.close(null)


def watch():
    while os.read(lifeline, 1024):
        pass
    shutil.rmtree(here, ignore_errors=True)
    os.killpg(0, signal.SIGKILL)


def load(name):
    module, _, attribute = name.rpartition(".")
    return getattr(importlib.import_module(module), attribute)


thread = threading.Thread(target=watch)
thread.daemon = True
thread.start()
try:
    import rpyc

    namespace = {"__name__": "deployed_rpyc", "logger": None}
    exec(compile(setup["extra"], "<extraSetup>", "exec"), namespace)
    server_class = namespace.get("ServerCls") or load(setup["server"])
    service_class = namespace.get("ServiceCls") or load(setup["service"])
    # The directory is ours alone, so nobody else reaches the socket in it. Its name is short, whatever the directory's is.
    server = server_class(service_class, socket_path="s", logger=namespace["logger"])
    server.listener.listen(128)
    version = getattr(rpyc, "__version__", None)
    if not isinstance(version, str):
        version = ".".join(str(part) for part in rpyc.version.version)
    answer = {"ready": {"socket": os.path.join(here, "s"), "pid": os.getpid(), "rpyc": version}}
except BaseException as error:
    traceback.print_exc()
    answer = {"error": "%s: %s" % (type(error).__name__, error)}
with os.fdopen(report, "wb") as out:
    out.write(json.dumps(answer).encode("ascii") + b"\n")
if "error" in answer:
    os._exit(1)
server.start()
`;

/** Receives the library, starts the server, and removes both when its input ends or is silent for too long. */
export const WATCHER_SCRIPT = String.raw`
import io, json, os, select, shutil, signal, subprocess, sys, tempfile, time, zipfile, zlib

SERVER = ${JSON.stringify(SERVER_SCRIPT)}
stdin = sys.stdin.buffer


def tell(**message):
    try:
        os.write(1, ("\n${REPORT}" + json.dumps(message) + "\n").encode("ascii"))
    except OSError:
        pass


def stop(*_):
    sys.exit(0)


def receive(size, alive):
    parts = []
    while size > 0:
        # Nothing stands on this machine yet: the signal's default is all there is to do.
        signal.alarm(alive)
        part = stdin.read1(min(size, 65536))
        if not part:
            os._exit(1)
        parts.append(part)
        size -= len(part)
    signal.alarm(0)
    return b"".join(parts)


def place(root, name):
    parts = name.split("/")
    if name.startswith("/") or "\\" in name or ".." in parts or "" in parts:
        raise ValueError("file name %r is not allowed" % name)
    path = os.path.join(root, *parts)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    return path


def unpack(root, setup, data):
    if setup["kind"] == "wheel":
        with zipfile.ZipFile(io.BytesIO(data)) as wheel:
            for name in wheel.namelist():
                if name.startswith("rpyc/") and not name.endswith("/"):
                    with open(place(root, name), "wb") as out:
                        out.write(wheel.read(name))
    else:
        data = zlib.decompress(data)
        start = 0
        for name, size in setup["files"]:
            with open(place(root, name), "wb") as out:
                out.write(data[start:start + size])
            start += size
    if not os.path.isfile(os.path.join(root, "rpyc", "__init__.py")):
        raise ValueError("there is no package rpyc in it")
    with open(os.path.join(root, "deployed_rpyc.py"), "w") as out:
        out.write(SERVER)


def start_server(root, setup):
    reader, writer = os.pipe()
    # Options such as -I and -S hold for the server as well.
    options = getattr(subprocess, "_args_from_interpreter_flags", list)()
    server = subprocess.Popen(
        [sys.executable] + options + ["-B", os.path.join(root, "deployed_rpyc.py")],
        stdin=subprocess.PIPE, stdout=2, cwd=root, pass_fds=(writer,), start_new_session=True)
    os.close(writer)
    line = {"report": writer, "server": setup["server"], "service": setup["service"], "extra": setup["extra"]}
    try:
        server.stdin.write((json.dumps(line) + "\n").encode("ascii"))
        server.stdin.flush()
    except OSError:
        pass
    return server, reader


def guard(server, reader, alive):
    watched = [0, reader]
    answer = b""
    heard = time.monotonic()
    while time.monotonic() - heard < alive:
        readable = select.select(watched, [], [], 1.0)[0]
        if 0 in readable:
            if not os.read(0, 65536):
                return
            heard = time.monotonic()
        if reader in readable:
            part = os.read(reader, 65536)
            answer += part
            if not part:
                watched.remove(reader)
                if answer:
                    tell(**json.loads(answer.decode("ascii")))
                else:
                    tell(error="it ended at once")
        if server.poll() is not None and reader not in watched:
            tell(ended=server.returncode)
            return


def signal_group(server, number):
    try:
        os.killpg(server.pid, number)
        return True
    except OSError:
        return False


def end(server):
    signal_group(server, signal.SIGTERM)
    try:
        server.wait(2)
    except subprocess.TimeoutExpired:
        pass
    # Its children, and the server where it did not listen.
    signal_group(server, signal.SIGKILL)
    server.wait()


def remove(root):
    for _ in range(20):
        shutil.rmtree(root, ignore_errors=True)
        if not os.path.lexists(root):
            return True
        time.sleep(0.1)
    return False


def main():
    setup = json.loads(stdin.readline().decode("utf-8"))
    if sys.version_info < (3, 6):
        tell(error="Python is %s there, and 3.6 is the oldest that will do" % sys.version.split()[0])
        return
    tell(stage="copy")
    alive = setup["alive"]
    data = receive(setup["size"], alive)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, stop)
    server = root = None
    try:
        root = os.path.realpath(tempfile.mkdtemp(prefix="rpyc-"))
        unpack(root, setup, data)
        tell(stage="start", directory=root, python=sys.version.split()[0])
        server, reader = start_server(root, setup)
        guard(server, reader, alive)
    except Exception as error:
        tell(error="%s: %s" % (type(error).__name__, error))
    finally:
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)
        if server is not None:
            end(server)
        if root is not None:
            tell(removed=remove(root))


main()
sys.stdout.flush()
os._exit(0)
`;
