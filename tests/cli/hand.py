# SPDX-License-Identifier: MIT
"""The commands about groups, for tests: what they are called with, and what is left."""

import json
import os
import shlex
import signal
import subprocess
from pathlib import Path

from conftest import DEADLINE, HELPERS, NAMESPACE, RATION, is_harmless, of_stat, wait_for
from world import WORLD, mount

FILES = ("memory.max memory.high memory.low memory.min memory.swap.max cpu.max cpu.max.burst cpu.weight pids.max "
         "cpuset.cpus cgroup.procs").split()


class Hand:
    """hand("set acme/vm7 --memory 64M") runs `ration` with these words, or with a list."""

    def __init__(self, run):
        self.run, self.children = run, []

    def __call__(self, words, **options):
        return self.run.command(*(shlex.split(words) if isinstance(words, str) else words), **options)

    def ok(self, words, **options):
        r = self(words, **options)
        assert r.code == 0 and "Traceback" not in r.stderr, r
        return r

    def json(self, words, **options):
        """Runs it with --json; returns what it says."""
        r = self.ok((shlex.split(words) if isinstance(words, str) else list(words)) + ["--json"], **options)
        return json.loads(r.stdout)

    def refused(self, words, *texts, **options):
        """125, one message with these texts in it, and all is as it was."""
        before = self.snapshot()
        r = self(words, **options)
        assert r.code == 125 and r.stdout == "", r
        assert r.stderr.startswith("ration ") and len(r.stderr) < 1200, r
        assert all(line.startswith("  ") for line in r.stderr.splitlines()[1:]), r
        assert is_harmless(r.stderr), r
        for text in texts:
            assert text in r.stderr, (text, r.stderr)
        assert self.snapshot() == before
        return r

    def path(self, address):
        """The directory of a group that is there."""
        return Path(self.json(["show", address])["path"])

    def read(self, address, file):
        return (self.path(address) / file).read_text().strip()

    def effective(self, address, limit, *options):
        """What `show --effective` says of a limit."""
        lines = self.ok(["show", "--effective", address, *options]).stdout.splitlines()
        return dict(line.split(" ", 1) for line in lines).get(limit)

    def limit(self, address, limit):
        return next(entry for entry in self.json(["show", address])["limits"] if entry["limit"] == limit)

    def put(self, address, command="sleep 1000"):
        """Starts a program in a group, as anybody could: by writing to cgroup.procs. Where
        the kernel lets nobody do it who comes from a session, by `ration exec`."""
        if WORLD == "systemd-user":
            return self.put_by_exec(address, command)
        procs = os.open(self.path(address) / "cgroup.procs", os.O_WRONLY | os.O_CLOEXEC)
        try:
            child = subprocess.Popen(shlex.split(command), env=self.run.env, stdin=subprocess.DEVNULL,
                                     stdout=subprocess.DEVNULL, preexec_fn=lambda: os.write(procs, b"0"))
        finally:
            os.close(procs)
        self.children.append(child)
        return child

    def start(self, argv):
        """A process that is in no group of ours."""
        self.children.append(subprocess.Popen(argv, env=self.run.env, stdin=subprocess.DEVNULL))
        return self.children[-1]

    def sleeper(self):
        return self.start(["sleep", "1000"])

    def put_by_exec(self, address, command):
        child = subprocess.Popen([RATION, "exec", address, "--", *shlex.split(command)], env=self.run.env,
                                 stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        self.children.append(child)
        procs, name = self.path(address) / "cgroup.procs", Path(shlex.split(command)[0]).name
        wait_for("the command to be there", lambda: str(child.pid) in procs.read_text().split() and
                 Path(f"/proc/{child.pid}/comm").read_text().strip() == name)
        return child

    def alloc(self, address, mib):
        """A process in the group that has that much memory and keeps it."""
        child = self.put(address, f"{HELPERS}/alloc {mib} stay")
        path = self.path(address)
        # All of it: then it sleeps. What else is counted may be there before.
        wait_for("the memory to be there", lambda: child.poll() is not None or
                 int((path / "memory.current").read_text()) >= mib << 20 and of_stat(child.pid)[0] == "S")
        assert child.poll() is None
        return child

    def snapshot(self):
        """All groups of this session, with their limits and processes."""
        return {path: {name: (Path(path) / name).read_text() for name in FILES if (Path(path) / name).exists()}
                for path in self.run.groups()}

    def tenants(self):
        """The tenants that are there: found without ration."""
        top = mount()
        found = [path for path, _, _ in os.walk(top)] if top else []
        return [path for path in found if Path(path).parent.name == NAMESPACE]

    def done(self):
        """Ends and removes all, by ration where nothing else was wrong."""
        for child in self.children:
            if child.poll() is None:
                os.kill(child.pid, signal.SIGKILL)
        for child in self.children:
            child.wait(DEADLINE)
        for path in self.tenants():
            base = str(Path(path).parent.parent)
            self.ok(["rm", "--force", "--ignore-missing", "--base", base, Path(path).name])
