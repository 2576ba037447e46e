# SPDX-License-Identifier: MIT
"""peers - what a user would pick instead, as Debian has it, running the same command"""

import json
import os
import shutil
import subprocess
from pathlib import Path

TRUE = "/usr/bin/true"
DEADLINE = 60
HERE = Path(__file__).resolve().parent
# cgroup-tools have three programs for it, as a script would call them.
CGROUP_TOOLS = """#!/bin/sh
g={controllers}:/ration-bench-$$
cgcreate -g $g && cgexec -g $g "$@"; s=$?
cgdelete -g $g
exit $s
"""


def crun(directory):
    """A container of one static program: no file system of this machine is mounted for it."""
    busybox = shutil.which("busybox")
    if not busybox:
        return "no busybox to put into its bundle"
    bundle = directory / "bundle"
    (bundle / "rootfs" / "bin").mkdir(parents=True)
    (bundle / "rootfs" / "proc").mkdir()
    (bundle / "rootfs" / "dev").mkdir()
    shutil.copy(busybox, bundle / "rootfs" / "bin" / "true")
    config = {"ociVersion": "1.0.2", "root": {"path": "rootfs"},
              "process": {"terminal": False, "cwd": "/", "args": ["/bin/true"], "user": {"uid": 0, "gid": 0}},
              "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"}],
              "linux": {"namespaces": [{"type": "pid"}, {"type": "mount"}]}}
    (bundle / "config.json").write_text(json.dumps(config))
    script = directory / "crun.sh"
    script.write_text(f"#!/bin/sh\nexec crun --root {directory}/state run --bundle {bundle} ration-bench-$$\n")
    script.chmod(0o755)
    return [script]


def cgroup_tools(directory, base):
    controllers = "pids" if not Path(base, "cgroup.controllers").read_text().split().count("pids") else "cpu,memory,pids"
    script = directory / "cgroup-tools.sh"
    script.write_text(CGROUP_TOOLS.format(controllers=controllers))
    script.chmod(0o755)
    return [script, TRUE]


def systemd_run(*words):
    if not Path("/run/systemd/system").is_dir():
        return "systemd isn't running here"
    if not os.environ.get("RATION_VM_WORLD"):
        return "it would make units on this machine: only in the test bed"
    return ["systemd-run", "--quiet", *words, TRUE]


def table(directory, base):
    """(name, argv or the reason why there is none)."""
    none = None if base else "no cgroup2 directory can be written"
    if base:
        (Path(base) / "ration-bench-files").mkdir(exist_ok=True)
    return [
        ("timeout", ["timeout", "10", TRUE]),
        ("prlimit", ["prlimit", "--as=1073741824", "--nproc=1000", TRUE]),
        ("bubblewrap", ["bwrap", "--dev-bind", "/", "/", "--unshare-pid", "--die-with-parent", TRUE]),
        ("firejail", ["firejail", "--quiet", "--noprofile", TRUE]),
        ("cgcreate, cgexec, cgdelete", none or cgroup_tools(directory, base)),
        ("crun run", crun(directory)),
        ("systemd-run --scope", systemd_run("--scope")),
        ("systemd-run --pipe", systemd_run("--pipe", "--wait")),
        ("Python, writing the files", none or ["/usr/bin/python3", "-I", "-S", HERE / "files.py", f"{base}/ration-bench-files", TRUE]),
    ]


def missing(argv):
    """Why this machine can't run it; None: it can."""
    if isinstance(argv, str):
        return argv
    if not shutil.which(argv[0]):
        return "it isn't installed"
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=DEADLINE, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    if done.returncode == 0:
        return None
    said = (done.stderr or done.stdout).strip().splitlines()
    return f"it fails here, with {done.returncode}: {said[-1] if said else 'and says nothing'}"


def clean(base):
    group = Path(base) / "ration-bench-files" if base else None
    if group and group.exists():
        group.rmdir()
