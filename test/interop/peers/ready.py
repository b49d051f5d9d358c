"""What the peers of the tests share: saying that they are ready, and starting a real server."""
import json
import sys

from rpyc.utils import server as servers


def ready(**fields):
    """Prints the one line of JSON that the launcher waits for."""
    sys.stdout.write(json.dumps(fields) + "\n")
    sys.stdout.flush()


def serve(service, kind="ThreadedServer", **options):
    """Serves on a free port of the loopback interface until the process is killed.

    :param service: a Service class or instance
    :param kind: name of a server class of rpyc.utils.server
    :param options: keyword arguments of that class
    """
    options.setdefault("hostname", "127.0.0.1")
    options.setdefault("port", 0)
    server = getattr(servers, kind)(service, **options)
    # `start` blocks, and would do this itself: a client that connects before it waits in the queue.
    server.listener.listen(server.backlog)
    ready(port=server.listener.getsockname()[1])
    server.start()
