"""Stores of both kinds: a folder, and a schema of a PostgreSQL server that the tests start where there is one."""

import os
import pwd
import shutil
import sys
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from cluster import Cluster

_SCHEMAS = count(1)


def _programs() -> Path | None:
    """The folder of the newest server's programs."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    beside = shutil.which("initdb")
    return found[-1].parent if found else Path(beside).parent if beside else None


def _unprivileged() -> list[str]:
    """What runs a command as a user that the server accepts: it refuses to run as root."""
    if sys.platform == "win32" or os.getuid() != 0:
        return []
    names = {entry.pw_name for entry in pwd.getpwall()}
    if "postgres" not in names or shutil.which("runuser") is None:
        pytest.skip("PostgreSQL does not run as root, and there is no user postgres to run it")
    return ["runuser", "-u", "postgres", "--"]


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A running server; whoever stops it starts it again."""
    pytest.importorskip("psycopg", reason="psycopg is not installed (the extra `postgres`)")
    programs = _programs()
    if programs is None:
        pytest.skip("there is no PostgreSQL server (Debian's package postgresql)")
    user = _unprivileged()
    folder = Path(tempfile.mkdtemp(prefix="toolpager-pg-"))
    if user:
        shutil.chown(folder, "postgres")
    made = Cluster(programs, user, folder)
    made.start()
    try:
        yield made
    finally:
        made.stop("immediate")
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def server(cluster: Cluster) -> str:
    """The URL of the server."""
    return cluster.url


@pytest.fixture(params=["folder", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where an empty store can be made."""
    if request.param == "folder":
        return str(tmp_path / "store")
    import psycopg

    url, schema = request.getfixturevalue("server"), f"store{next(_SCHEMAS)}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {schema}".encode())
    return f"{url}&options=-csearch_path%3D{schema}"
