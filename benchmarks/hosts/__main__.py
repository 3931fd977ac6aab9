"""One session in a process of its own: `python -m benchmarks.hosts HOST VARIANT URL`, in the folder it works in."""

import importlib
import sys

if __name__ == "__main__":
    host, variant, url = sys.argv[1:]
    getattr(importlib.import_module(f"benchmarks.hosts.{host}"), variant)(url)
