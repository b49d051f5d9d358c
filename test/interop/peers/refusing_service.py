"""A service that does not tell the names it has: `refusing_service.py`."""
import rpyc
from ready import serve


class PayrollService(rpyc.Service):
    def __dir__(self):
        raise ValueError("the payroll is nobody's business")


serve(PayrollService)
