"""A server of the full ClassicService, which uses its clients as they use it."""
from ready import serve
from rpyc.core.service import ClassicService

serve(ClassicService)
