"""A server of grpc.health.v1 by the gRPC library, for test_checks.py.

usage: grpc_health_server.py PORT [CERTIFICATE KEY]

Services: "" and "up" serve, "down" does not, "odd" has the state UNKNOWN, "lost" SERVICE_UNKNOWN,
"slow" never answers; of all others the call ends with NOT_FOUND, as the health service of the gRPC
library has it. A line "NAME STATE" on standard input changes a state. Prints "ready", and ends with
its standard input.
"""
import sys
import time
from concurrent import futures

import grpc

STATES = {"": 1, "up": 1, "down": 2, "odd": 0, "lost": 3}


def check(request, context):
    """Raw bytes: a request is field 1, text; a response field 1, number, which 0 leaves out."""
    name = request[2:].decode()
    if name == "slow":
        time.sleep(5)
    if name not in STATES:
        context.abort(grpc.StatusCode.NOT_FOUND, f"no service {name}")
    return bytes([1 << 3, STATES[name]]) if STATES[name] else b""


def main():
    server = grpc.server(futures.ThreadPoolExecutor(max_workers=8))
    methods = {"Check": grpc.unary_unary_rpc_method_handler(check)}
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler("grpc.health.v1.Health", methods),))
    address = f"127.0.0.1:{sys.argv[1]}"
    if len(sys.argv) > 2:
        with open(sys.argv[2], "rb") as certificate, open(sys.argv[3], "rb") as key:
            pair = (key.read(), certificate.read())
        server.add_secure_port(address, grpc.ssl_server_credentials([pair]))
    else:
        server.add_insecure_port(address)
    server.start()
    print("ready", flush=True)
    for line in sys.stdin:
        name, state = line.split()
        STATES[name] = int(state)
    server.stop(0)


if __name__ == "__main__":
    main()
