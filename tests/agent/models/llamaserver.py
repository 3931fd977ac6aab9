"""Serves a GGUF file by llama.cpp on loopback: python llamaserver.py FILE CONTEXT [TEMPLATE]; ends with its input."""

import sys

import xllamacpp


def main(model: str, context: str, template: str = "") -> None:
    """Print the address once it listens."""
    parameters = xllamacpp.CommonParams()
    parameters.model.path = model
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = 0
    parameters.n_ctx = int(context)
    parameters.n_parallel = 1
    parameters.use_jinja = True
    parameters.warmup = False
    parameters.fit_params = False
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = 1  # more than are free spin in vain
    if template:
        parameters.chat_template = template
    server = xllamacpp.Server(parameters)
    print(server.listening_address, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main(*sys.argv[1:])
