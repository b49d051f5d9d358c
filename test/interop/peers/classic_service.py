"""A classic server, like rpyc_classic but with a choice of server class: `classic_service.py [ThreadPoolServer]`."""
import sys

from ready import serve
from rpyc.core.service import SlaveService

serve(SlaveService, *sys.argv[1:2])
