"""A classic server on a Unix socket: `socket_service.py <path>`."""
import sys

from ready import ready
from rpyc.core.service import SlaveService
from rpyc.utils.server import ThreadedServer

server = ThreadedServer(SlaveService, socket_path=sys.argv[1])
server.listener.listen(server.backlog)
ready(port=0)
server.start()
