"""A server of the full ClassicService, which uses its clients as they use it."""
from ready import serve
try:
    from rpyc.core.service import ClassicService
except ImportError:
    # In 3.x a slave is always a master as well.
    from rpyc.core.service import SlaveService as ClassicService

serve(ClassicService)
