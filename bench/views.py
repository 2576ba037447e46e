# SPDX-License-Identifier: MIT
"""What it costs to look on: CPU time of `ration top`, of the exporter and of a recorder, as a share of one CPU."""

import fcntl
import http.client
import os
import pty
import socket
import struct
import subprocess
import tempfile
import termios
import threading
import time
from pathlib import Path

NAMESPACE = "ration-bench"
TENANTS = 100
# Of what hangs, in seconds.
DEADLINE = 600
TOP_SIZE = (50, 200)


def cpu_seconds(pid):
    """What a process has run for, all its threads."""
    return sum(int(Path(task, "schedstat").read_text().split()[0]) for task in Path(f"/proc/{pid}/task").iterdir()) / 1e9


def shares(pid, n):
    """In each of `n` seconds, its share of a CPU, in percent."""
    samples, before, begun = [], cpu_seconds(pid), time.monotonic()
    for _ in range(n):
        time.sleep(1)
        now, at = cpu_seconds(pid), time.monotonic()
        samples.append(100 * (now - before) / (at - begun))
        before, begun = now, at
    return samples


class Groups:
    """So many of them, in a hundred tenants, as long as this is entered."""

    def __init__(self, ration, n):
        self.ration, self.n = ration, n

    def __enter__(self):
        for i in range(self.n):
            subprocess.run([self.ration, "create", "--namespace", NAMESPACE, f"view{i % TENANTS}/g{i}"], check=True, timeout=DEADLINE)
        return self

    def __exit__(self, *_):
        for i in range(min(self.n, TENANTS)):
            subprocess.run([self.ration, "rm", "--namespace", NAMESPACE, "--force", f"view{i}"], stdout=subprocess.DEVNULL,
                           check=True, timeout=DEADLINE)


def stop(process):
    process.terminate()
    process.wait(timeout=DEADLINE)


def swallow(fd):
    """Reads a terminal until nobody writes to it any more."""
    try:
        while os.read(fd, 65536):
            pass
    except OSError:
        pass


def watched_top(ration, n):
    """On a terminal of its own, once it has read all."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(ours, termios.TIOCSWINSZ, struct.pack("4H", *TOP_SIZE, 0, 0))
    process = subprocess.Popen([ration, "top", "--namespace", NAMESPACE], stdin=theirs, stdout=theirs, stderr=theirs,
                               env=dict(os.environ, TERM="xterm"), start_new_session=True)
    os.close(theirs)
    reader = threading.Thread(target=swallow, args=(ours,), daemon=True)
    reader.start()
    try:
        # It starts, and sees all groups.
        time.sleep(15)
        return shares(process.pid, n)
    finally:
        stop(process)
        reader.join(DEADLINE)
        os.close(ours)


def free_port():
    with socket.socket() as it:
        it.bind(("127.0.0.1", 0))
        return it.getsockname()[1]


def scrape(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE)
    connection.request("GET", "/metrics")
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status == 200 and len(body) > 0


def listening(port):
    try:
        return scrape(port)
    except OSError:
        return False


def watched_exporter(ration, n):
    """Its share while nobody asks, and what each scrape takes of CPU time, in milliseconds."""
    port = free_port()
    process = subprocess.Popen([ration, "metrics", "--namespace", NAMESPACE, "--listen", f"127.0.0.1:{port}"])
    try:
        end = time.monotonic() + DEADLINE
        while not listening(port):
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError("`ration metrics --listen` doesn't answer")
            time.sleep(.05)
        idle, scrapes = shares(process.pid, n), []
        for _ in range(n):
            before = cpu_seconds(process.pid)
            if not scrape(port):
                raise RuntimeError("a scrape failed")
            scrapes.append(1000 * (cpu_seconds(process.pid) - before))
        return idle, scrapes
    finally:
        stop(process)


def watched_recorder(ration, n):
    """One group at 100 ms, with a busy process in it."""
    group = "view0/g0"
    busy = subprocess.Popen([ration, "exec", "--namespace", NAMESPACE, group, "--", "sh", "-c", "while :; do :; done"])
    with tempfile.TemporaryDirectory(prefix="ration-bench.") as scratch:
        recorder = subprocess.Popen([ration, "record", "--namespace", NAMESPACE, group, "--interval", "100ms", "-o", f"{scratch}/r"])
        try:
            time.sleep(1)
            return shares(recorder.pid, n)
        finally:
            stop(recorder)
            busy.kill()
            busy.wait(timeout=DEADLINE)
