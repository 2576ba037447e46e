# SPDX-License-Identifier: MIT
"""What a command inherits from its caller, and commands that run as another user."""

import ctypes
import os
import re
import resource
import subprocess
from pathlib import Path

import pytest

from world import HAS, immune, realtime

SOURCE = Path(__file__).resolve().parents[2]
# The policy of a process, as in proc(5): the 41st field, the third is the first behind the name.
POLICY = ["python3", "-c", "import os; print(os.sched_getscheduler(0))"]
IOPRIO_GET, IOPRIO_SET, IOPRIO_WHO_PROCESS, RT = 252, 251, 1, 1 << 13


def ioprio(value=None):
    libc = ctypes.CDLL(None, use_errno=True)
    if value is None:
        return libc.syscall(IOPRIO_GET, IOPRIO_WHO_PROCESS, 0) >> 13
    return libc.syscall(IOPRIO_SET, IOPRIO_WHO_PROCESS, 0, value)


needs_realtime = pytest.mark.needs("realtime")
needs_immunity = pytest.mark.needs("immune")


# ------------------------------------------------------------------ inherited

@pytest.mark.needs("root")
@pytest.mark.parametrize("how", ["", "--exec"])
@needs_realtime
def test_FC1_realtime_is_not_inherited(run, how):
    r = run(how, POLICY, receipt=not how, preexec_fn=realtime)
    assert (r.code, r.stdout) == (0, f"{os.SCHED_OTHER}\n")
    assert "without SCHED_FIFO" in r.stderr
    run.command("gc")


@pytest.mark.needs("root", "cpu")
@needs_realtime
def test_FC1_a_realtime_caller_is_throttled(run):
    r = run("--cpus 0.1 --enforce strict --timeout 1s", "spin 1000", preexec_fn=realtime)
    assert r.verdict == "wall-time"
    # A tenth, and what it takes until it is seen that the time is up.
    assert r.usage["cpu_usec"] < r.usage["wall_usec"] / 2


@pytest.mark.needs("root", "cpu1")
@needs_realtime
def test_FC1_cgroup_v1_takes_it(run):
    r = run("--cpus 0.5 --enforce strict", POLICY, preexec_fn=realtime)
    assert (r.code, r.stdout) == (0, f"{os.SCHED_OTHER}\n")


@pytest.mark.needs("root", "cgroup")
@needs_realtime
def test_FC1_exec_and_attach(run, hand):
    hand.ok("create acme/x")
    r = hand(["exec", "acme/x", "--", *POLICY], before=["chrt", "-f", "1"])
    assert (r.code, r.stdout) == (0, f"{os.SCHED_OTHER}\n")
    with subprocess.Popen(["sleep", "1000"], preexec_fn=realtime) as process:
        try:
            r = hand.ok(f"attach acme/x {process.pid}")
            assert f"process {process.pid} has SCHED_FIFO" in r.stderr
        finally:
            process.kill()


@needs_realtime
def test_FC1_realtime_io_is_not_inherited(run):
    r = run("", ["python3", "-c", f"import ctypes; print(ctypes.CDLL(None).syscall({IOPRIO_GET}, 1, 0) >> 13)"],
            preexec_fn=lambda: ioprio(RT))
    assert (r.code, r.stdout) in ((0, "0\n"), (0, "2\n"))  # none, or best effort: what the nice value says


@needs_immunity
@pytest.mark.parametrize("how", ["", "--exec"])
def test_FC2_immunity_is_not_inherited(run, how):
    r = run(how, "cat /proc/self/oom_score_adj", receipt=not how, preexec_fn=immune)
    assert (r.code, r.stdout) == (0, "0\n")
    assert "without oom_score_adj -1000" in r.stderr
    run.command("gc")


def test_FC2_a_positive_score_stays(run):
    r = run("", "cat /proc/self/oom_score_adj",
            preexec_fn=lambda: Path("/proc/self/oom_score_adj").write_text("300"))
    assert (r.code, r.stdout, r.stderr) == (0, "300\n", "")


@needs_immunity
@pytest.mark.needs("memory")
def test_FC2_the_memory_limit_of_an_immune_caller(run):
    r = run("--memory 32M", "alloc 128", preexec_fn=immune)
    assert (r.code, r.verdict) == (137, "memory")


def test_inherited_is_documented():
    """SECURITY.md has a row for each row of the table in the code, and says the same of it."""
    table = re.findall(r'^\t\{ "([^"]+)", (\w+) \},$', (SOURCE / "src/sys/spawn/inherit.c").read_text(), re.M)
    text = (SOURCE / "SECURITY.md").read_text().split("## Inherited")[1].split("\n## ")[0]
    rows = re.findall(r"^\| ([^|]+) \| (\w+)", text, re.M)
    assert len(table) > 20
    assert rows == [(what, "kept" if reset == "NULL" else "reset") for what, reset in table]


# ----------------------------------------------------------------------- user

STATUS = ["grep", "-E", "^(Uid|Gid|Groups|CapInh|CapPrm|CapEff|CapAmb|NoNewPrivs):", "/proc/self/status"]
NOBODY = 54321  # a uid that nobody has
root = pytest.mark.needs("root")


def status(text):
    return {line.split(":")[0]: line.split(":")[1].split() for line in text.splitlines()}


def as_uid(uid, *more):
    """What goes before a command that runs as that uid, without a group of root's."""
    return ["setpriv", "--reuid", str(uid), "--regid", str(uid), "--clear-groups", *more]


def nothing_is_left_of_root(text, uid, gid, groups, privs="1"):
    found = status(text)
    assert found["Uid"] == [str(uid)] * 4 and found["Gid"] == [str(gid)] * 4
    assert found["Groups"] == [str(g) for g in groups]
    assert all(int(found[name][0], 16) == 0 for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"))
    assert found["NoNewPrivs"] == [privs]


@root
@pytest.mark.parametrize("user, uid, gid", [
    ("daemon", 1, 1), ("1", 1, 1), ("daemon:adm", 1, 4), ("1:4", 1, 4), (f"{NOBODY}:{NOBODY}", NOBODY, NOBODY)])
def test_user(run, user, uid, gid):
    r = run(f"--user {user}", STATUS)
    assert r.code == 0, r
    nothing_is_left_of_root(r.stdout, uid, gid, [gid])
    assert r.receipt["user"] == {"uid": uid, "gid": gid}


@root
def test_user_without_a_supervisor(run, hand):
    r = run("--exec --user daemon", STATUS, receipt=False)
    nothing_is_left_of_root(r.stdout, 1, 1, [1])
    if "cgroup" in HAS:
        hand.ok("create acme/x")
        r = hand(["exec", "--user", "daemon", "acme/x", "--", *STATUS])
        nothing_is_left_of_root(r.stdout, 1, 1, [1])
    run.command("gc")


@root
def test_user_keeps_nothing_of_a_privileged_caller(run):
    """Groups and inheritable capabilities of root's own; a keyring with keys in it."""
    keyring = ["python3", "-c", "import ctypes; print(ctypes.CDLL(None).syscall(250, 0, -3, 0))"]
    before = ["setpriv", "--groups", "0,4,24", "--inh-caps", "+chown,+kill"]
    r = run("--user daemon", STATUS, before=before)
    nothing_is_left_of_root(r.stdout, 1, 1, [1])
    assert run("--user daemon", keyring).stdout != run("", keyring).stdout


@root
def test_user_may_gain_privileges_if_asked(run):
    ours, = status(run("", STATUS).stdout)["NoNewPrivs"]
    r = run("--user daemon --no-new-privs no", STATUS)
    nothing_is_left_of_root(r.stdout, 1, 1, [1], privs=ours)


@root
def test_user_root_stays_root(run):
    r = run("--user root", STATUS)
    assert status(r.stdout)["Uid"] == ["0"] * 4 and int(status(r.stdout)["CapEff"][0], 16) != 0


@root
def test_user_environment(run):
    show = ["sh", "-c", "echo $HOME $USER $LOGNAME $KEPT"]
    env = {"HOME": "/root", "USER": "root", "LOGNAME": "root", "KEPT": "yes"}
    assert run("--user daemon", show, env=env).stdout == "/usr/sbin daemon daemon yes\n"
    assert run("--user daemon --env HOME=/x --env A=b", show, env=env).stdout == "/x daemon daemon yes\n"
    assert run("--user daemon --clear-env", show, env=env).stdout == "/usr/sbin daemon daemon\n"
    assert run(f"--user {NOBODY}:{NOBODY}", show, env=env).stdout == "/ yes\n"


@root
def test_user_is_who_executes(run, tmp_path):
    """126 and 127 are for what that user finds; PATH goes on behind what only root can read."""
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    tmp_path.chmod(0o755)
    for name in ("true", "only-here"):
        (private / name).write_text("#!/bin/sh\necho root\n")
        (private / name).chmod(0o755)
    path = {"PATH": f"{private}:/usr/bin:/bin"}
    assert (run("--user daemon", "true", env=path).stdout, run("", "true", env=path).stdout) == ("", "root\n")
    r = run("--user daemon", "only-here", env=path)
    assert (r.code, r.verdict) == (126, "not-started")
    r = run("--user daemon", [str(private / "true")])
    assert (r.code, r.verdict) == (126, "not-started") and "Permission denied" in r.stderr
    r = run("--user daemon", "no_such_cmd")
    assert (r.code, r.verdict) == (127, "not-started")


@root
@pytest.mark.parametrize("how", ["run", "run --exec", pytest.param("exec acme/x", marks=pytest.mark.needs("cgroup"))])
@pytest.mark.parametrize("user, text", [
    ("no-such", "no such user: no-such isn't in /etc/passwd"), ("daemon:no-such", "no such group"),
    ("4711", "its group isn't known"), (":", "expected USER"), ("daemon:", "expected USER"), (":daemon", "expected USER"),
    ("daemon:adm:x", "expected USER"), ("4294967295", "no such user"), ("-1", "no such user"), ("+", "no such user")])
def test_user_unknown(run, hand, how, user, text):
    if how.startswith("exec"):
        hand.ok("create acme/x")
    hand.refused([*how.split(), f"--user={user}", "--", "true"], text)


@root
@pytest.mark.needs("unshare")
def test_user_that_cannot_be_become(run):
    """Ration's own failure, never one of the command: 125, and no receipt of a command that didn't start."""
    for before, text in ((["unshare", "-Ur"], "can't become uid 1, gid 1: setgroups"),
                         (["setpriv", "--bounding-set", "-setuid"], "root lacks CAP_SETUID"),
                         (["setpriv", "--bounding-set", "-setgid"], "root lacks CAP_SETGID"),
                         (as_uid(NOBODY), f"this is uid {NOBODY}, gid {NOBODY}")):
        for command in ("true", "no_such_cmd", "/etc/passwd"):
            r = run("--user daemon", command, before=before, receipt=False)
            assert r.code == 125 and text in r.stderr, r


@root
def test_user_oneself(run):
    """Who isn't root may ask for what they are; nothing but privileges changes."""
    r = run(f"--user {NOBODY}:{NOBODY}", STATUS, receipt=False, before=as_uid(NOBODY))
    nothing_is_left_of_root(r.stdout, NOBODY, NOBODY, [])
    r = run(f"--user {NOBODY}:1", STATUS, receipt=False, before=as_uid(NOBODY))
    assert r.code == 125 and "only root" in r.stderr


@root
@needs_immunity  # it takes the same capability
def test_user_limits_that_take_a_privilege(run):
    """They are set while the child is root."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    r = run(f"--user daemon --rlimit nofile={hard + 1}", ["sh", "-c", "ulimit -n"])
    assert (r.code, r.stdout) == (0, f"{hard + 1}\n")


STOP = """
import os, signal, sys, time
print("ready", flush=True)
end = time.monotonic() + float(sys.argv[1])
while time.monotonic() < end:
    try:
        os.kill(-1, signal.SIGSTOP)
    except ProcessLookupError:
        pass
"""


@root
def test_user_who_stops_what_starts(run):
    """Processes of that user can stop a child that is one of theirs, but not yet the command: nobody waits for it."""
    uid = 100000 + os.getpid()  # nobody else's: all that it has is stopped, in a test beside this one as well
    with subprocess.Popen([*as_uid(uid), "python3", "-c", STOP, "100"], stdout=subprocess.PIPE,
                          env=run.env) as stopper:
        try:
            assert stopper.stdout.readline() == b"ready\n"
            for _ in range(3):
                r = run(f"--user {uid}:{uid} --timeout 200ms --kill-after 100ms", "true", receipt=False)
                # 126: what looks for its program was stopped, or didn't run, for so long as if its file system didn't answer.
                assert r.code in (0, 124, 125, 137) or r.code == 126 and "doesn't answer" in r.stderr, r
        finally:
            stopper.kill()


@root
@pytest.mark.needs("cgroup", "!systemd")
def test_user_enters_what_is_delegated(run, hand):
    """Root puts nothing of its own below what another uid can write; but a process of that uid."""
    user = f"{NOBODY}:{NOBODY}"
    hand.ok(f"create --owner {user} acme/x")
    hand.refused("exec acme/x -- true", f"ration exec --user {NOBODY} acme/x")
    hand.refused("exec --user daemon acme/x -- true", f"uid {NOBODY}")
    r = hand(["exec", "--user", user, "acme/x", "--", "sh", "-c", "grep ^Uid: /proc/self/status; cat /proc/self/cgroup"])
    assert r.code == 0 and r.stdout.split()[1] == str(NOBODY) and "/acme/x\n" in r.stdout, r


# -------------------------------------------------------- environment, capabilities, stack

def test_FA11_no_variable_names_a_program():
    """Each variable that ration reads is in SECURITY.md, and none names a program or a folder with some."""
    asked = {name for file in (SOURCE / "src").rglob("*.c")
             for name in re.findall(r'\b(?:getenv|environment)\("([A-Z_]+)"\)', file.read_text())}
    text = (SOURCE / "SECURITY.md").read_text().split("## Environment")[1].split("\n## ")[0]
    assert asked == {"RATION_BASE", "RATION_NAMESPACE", "RATION_JOURNAL", "XDG_CONFIG_HOME", "HOME", "PATH", "NOTIFY_SOCKET", "COLUMNS",
                     "NO_COLOR", "TERM"}
    assert all(f"`{name}`" in text for name in asked)


def test_FA11_programs_of_the_environment_are_not_executed(run, tmp_path):
    marker = tmp_path / "executed"
    for name in ("ration-unit", "ration-keeper", "ration-reaper"):
        (tmp_path / name).write_text(f"#!/bin/sh\n: >{marker}\n")
        (tmp_path / name).chmod(0o755)
    names = ("RATION_UNIT_PROGRAM", "RATION_KEEPER_PROGRAM", "RATION_REAPER_PROGRAM", "RATION_HELPERS")
    for value in (tmp_path, tmp_path / "ration-unit"):
        assert run("--memory 64M", "true", env=dict.fromkeys(names, str(value))).code == 0
    assert not marker.exists()


@root
@pytest.mark.needs("cgroup", "unshare", "!systemd")
def test_FC16_root_without_a_capability(run, hand):
    """It isn't somebody else's: the capability that is missing is named."""
    before = ["setpriv", "--bounding-set", "-dac_override"]
    r = run.command("create", "acme/x", before=before)
    if r.code == 0:
        # Where the directory is root's own with write permission, it takes no capability.
        hand.ok("rm acme/x")
        return
    assert r.code == 125 and "CAP_DAC_OVERRIDE" in r.stderr and "another user" not in r.stderr, r


SMALL = ["sh", "-c", 'ulimit -s 96 && exec "$@"', "sh"]


def test_FC17_a_small_stack(run, hand):
    commands = ["doctor", "doctor --json", "plan --memory 1G --cpus 1", "ls --json", "gc", "help run", "guard --once",
                "wrap --memory 1G -- true", "run --vm tcg --guest-memory 64M --enforce any -- true",
                "run --exec --memory 64M --enforce any -- true",
                "run --memory 64M --cpus 1 --pids 50 --timeout 100s --cpu-time 100 --enforce any -v -- true"]
    if "cgroup" in HAS:
        commands += ["create --pids 50 acme/x", "exec acme/x -- true", "set acme/x --pids 60", "show --effective acme/x",
                     "show acme/x", "stat acme/x", "kill acme/x", "rm acme/x"]
    for words in commands:
        r = run.command(*words.split(), before=SMALL)
        assert r.code in (0, 1, 2, 125) and "stack" not in r.stderr, (words, r)
    run.command("gc")
