# SPDX-License-Identifier: MIT
"""In real containers: the worlds `container…` are one, and in `v2` tests start their own."""

import json
import os
import shlex
import subprocess

import pytest

import check
from conftest import DEADLINE, HELPERS, RATION, TOP, wait_for
from world import WORLD, mount, own_group

MIB = 1 << 20
writable = pytest.mark.worlds("container", "container-host")
starts = pytest.mark.worlds("v2")
CONTAINERS = "containers"

# What a container may see of its groups: a namespace of its own; the hierarchy, from the outside of
# none; of that, its own group alone, as Docker has it with --cgroupns=host.
VIEWS = {"private": "--cgroup rw", "host": "--cgroup rw --cgroupns host",
         "host-own": f"--cgroup rw --cgroupns host --name own --cgroup-bind /sys/fs/cgroup/{CONTAINERS}/own"}


@pytest.fixture
def contain(run):
    """contain(OPTIONS, SCRIPT, VARIABLE=VALUE...) runs a shell in a container: see tests/vm/container."""
    top = mount() / CONTAINERS
    before = top.is_dir()
    started = []

    def start(options, script, **variables):
        name = shlex.split(options)[shlex.split(options).index("--name") + 1] if "--name" in options else None
        if name:
            (top / name).mkdir(parents=True)
        argv = [TOP / "tests" / "vm" / "container", *shlex.split(options), "--", "sh", "-ec", script]
        env = dict(run.env, RATION=RATION, CONTAINER=f"{TOP}/tests/vm/container", **variables)
        started.append(subprocess.Popen(argv, env=env, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE))
        return started[-1]

    def call(options, script, **variables):
        out, err = start(options, script, **variables).communicate(timeout=DEADLINE)
        return subprocess.CompletedProcess(script, started[-1].returncode, out, err)

    call.start = start
    yield call
    for popen in started:
        if popen.poll() is None:
            popen.terminate()
            popen.wait(DEADLINE)
    if not before and top.is_dir():
        for path in (*(p for p in top.iterdir() if p.is_dir()), top):
            path.rmdir()


# ------------------------------------------------------ the worlds


@writable
def test_J02_ours_move_once(run, base):
    """The container's own group has processes, so no group below it could have a limit: they
    move into a leaf, once, and stay there. The limits hold."""
    for _ in range(2):
        r = run("--memory 30M --pids 20 --cpus 1 --enforce strict", "alloc 100")
        assert (r.code, r.verdict) == (137, "memory")
        assert own_group() == base / "ration.self"
        assert (base / "cgroup.procs").read_text() == ""
        members = (base / "ration.self" / "cgroup.procs").read_text().split()
        assert str(os.getpid()) in members and "1" in members
    assert [path.name for path in base.iterdir() if path.is_dir()] == ["ration.self"]


@writable
def test_J02_K17_the_containers_own_limit(run, base):
    """It is how much there is; and it isn't ours to change."""
    said = json.loads(run.command("doctor", "--json").stdout)["host"]
    limit = (base / "memory.max").read_text().strip()
    assert said["memory_bytes"] == int(limit) and said["memory_source"] == str(base)
    run("--memory 50% --swap 0", "true")
    assert (base / "memory.max").read_text().strip() == limit


@pytest.mark.needs("container")
def test_J01_doctor_says_what_it_is_in(run):
    """And the one command that would help: that of whoever has made the container."""
    kind, fix = {"container": ("", ""), "container-host": ("podman", ""),
                 "container-ro": ("docker", "docker run --security-opt writable-cgroups=true")}[WORLD]
    host = json.loads(run.command("doctor", "--json").stdout)["host"]
    assert host["container"] and host.get("container_kind", "") == kind
    assert host["cgroup_namespace"] == (WORLD != "container-host")
    # Its own limit holds for runs, too, whether or not they can have groups.
    assert host["memory_source"].startswith("/sys/fs/cgroup")
    text = run.command("doctor").stdout
    whose = "shared" if WORLD == "container-host" else "own"
    assert f"container    {kind or 'unknown runtime'}, {whose} cgroup namespace" in text
    assert fix in text and ("\nfix " in text) == bool(fix)


# -------------------------------------------- containers of its own


@starts
@pytest.mark.parametrize("view", VIEWS)
def test_J02_never_above_the_containers_limit(contain, view):
    """A run may ask for more than the container has: it gets no more, and is told whose limit it was."""
    done = contain(VIEWS[view] + " --limit memory.max=100M", f"""
        {RATION} run --memory 300M --swap 0 --enforce strict --receipt fd:1 -- {HELPERS}/alloc 200 || code=$?
        echo; cat /proc/self/cgroup; exit $code""")
    assert done.returncode == 137, done
    receipt, own = done.stdout.rsplit("\n\n", 1)
    receipt = json.loads(receipt)
    assert receipt["verdict"] == "memory-external", done
    # A group's own count goes up before the ones above are asked, by a few pages at a time.
    assert 90 * MIB < receipt["usage"]["memory_peak_bytes"] <= 102 * MIB
    assert own.strip().endswith("/ration.self")


@starts
@pytest.mark.parametrize("runtime", ["crun", "runc"])
def test_J02_runtimes(contain, runtime):
    done = contain(f"--runtime {runtime} --cgroup rw", f"{RATION} run --memory 30M --enforce strict -- {HELPERS}/alloc 100")
    assert done.returncode == 137 and "memory limit 30 MiB reached" in done.stderr, done


@starts
def test_J02_others_never_move(contain, run):
    """A process of another user in the container's own group: it stays where it is, and so do we. No
    limit can hold by a controller then, which is said."""
    done = contain("--cgroup rw", f"""
        setpriv --reuid 1000 --clear-groups sleep 1000 & other=$!
        until grep -q '^Uid:.1000' /proc/$other/status; do sleep .1; done
        {RATION} run --memory 64M --enforce strict -- touch {run.file('started')} && exit 99
        test ! -e {run.file('started')}
        {RATION} run --memory 64M -- true
        cat /proc/$other/cgroup /proc/self/cgroup
        kill $other""")
    assert done.returncode == 0 and done.stdout == "0::/\n0::/\n", done
    assert done.stderr.count("/sys/fs/cgroup has processes of other users") >= 2, done


@starts
def test_J01_read_only(contain):
    """As Docker has it by default: strict doesn't run, fallback does and names what holds the limit."""
    done = contain("", f"""
        {RATION} run --memory 64M --enforce strict -- true && exit 99
        {RATION} run --memory 64M --receipt fd:1 -- true""")
    assert done.returncode == 0 and "/sys/fs/cgroup is mounted read-only" in done.stderr, done
    assert "writable-cgroups=true" in done.stderr and "unmask=/sys/fs/cgroup" in done.stderr, done
    memory = next(entry for entry in json.loads(done.stdout)["limits"] if entry["limit"] == "memory")
    assert (memory["mechanism"], memory["scope"]) == ("watch", "group")


@starts
def test_J02_a_mount_from_outside(contain, run):
    """-v /sys/fs/cgroup:/sys/fs/cgroup: the groups above ours are there to be written, but which is ours
    isn't to be seen. None is touched; and what is said to help does."""
    script = f"""
        grep -q ' /../.. /sys/fs/cgroup ' /proc/self/mountinfo || echo as it is outside
        find /sys/fs/cgroup -type d >{run.file('before')}
        {RATION} run --memory 30M -- true
        find /sys/fs/cgroup -type d | cmp - {run.file('before')} || echo changed
        {RATION} doctor --json || :"""
    done = contain("--cgroup rw --cgroup-bind /sys/fs/cgroup", script)
    assert done.returncode == 0 and done.stdout.startswith("{"), done
    said = json.loads(done.stdout)
    assert said["host"]["container"] and said["host"]["cgroup_namespace"]
    assert "--cgroupns=host" in said["fix"] and "doesn't show ration's own group" in done.stderr
    done = contain("--cgroup rw --cgroup-bind /sys/fs/cgroup --cgroupns host",
                   f"{RATION} run --memory 30M --enforce strict -- {HELPERS}/alloc 100")
    assert done.returncode == 137 and "memory limit 30 MiB reached" in done.stderr, done


@starts
def test_J02_nested_twice(contain):
    """A container in a container: each has its own, and below the inner one is ours."""
    done = contain("--cgroup rw --privileged --limit memory.max=200M", f"""
        {RATION} run --memory 30M --enforce strict -- true
        $CONTAINER --cgroup rw --name inner --limit memory.max=100M -- sh -ec '
            cat /proc/self/cgroup
            {RATION} doctor --json
            {RATION} run --memory 30M --enforce strict -- {HELPERS}/alloc 100'""")
    assert done.returncode == 137 and "memory limit 30 MiB reached" in done.stderr, done
    assert done.stdout.startswith("0::/\n"), done
    assert json.loads(done.stdout.split("\n", 1)[1])["host"]["memory_bytes"] == 100 * MIB


@starts
def test_J05_a_container_without_controllers(run, contain):
    """Writable, but the group above enables none for it: groups hold together, and limits are watched."""
    popen = contain.start("--cgroup rw --name bare", f"""
        touch {run.file('there')}
        until test -e {run.file('go')}; do sleep .1; done
        {RATION} run --memory 64M --enforce strict -- true && exit 99
        {RATION} run --memory 64M --receipt fd:1 -- true""")
    group = mount() / CONTAINERS / "bare"
    # Until its runtime has done its part, which enables them.
    wait_for("the container", lambda: popen.poll() is not None or run.file("there").exists())
    (group.parent / "cgroup.subtree_control").write_text(
        " ".join(f"-{name}" for name in (group / "cgroup.controllers").read_text().split()))
    run.file("go").touch()
    out, err = popen.communicate(timeout=DEADLINE)
    assert popen.returncode == 0, err
    assert "/sys/fs/cgroup has no controllers: the group above enables none" in err
    assert "have whoever started the container enable cpu, memory and pids for the group it is in" in err, "FC14"
    receipt = json.loads(out)
    assert receipt["containment"] == "cgroup"
    assert next(e["mechanism"] for e in receipt["limits"] if e["limit"] == "memory") == "watch"


# ------------------------------------------------------ a Kubernetes pod

POD = "kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod5c1d.slice"
# What tells that it is one: the kubelet gives the variable to each container, and the group has the name.
VARIABLE = {"KUBERNETES_SERVICE_HOST": "10.96.0.1"}


@pytest.fixture
def pod(contain, by_hand):
    """pod(OPTIONS, SCRIPT, VARIABLE=VALUE...) as `contain`, in a container of a pod of 200 MiB. The
    container has no limit of its own."""
    group = mount()
    for name in POD.split("/"):
        group = by_hand(group / name)
        (group / "cgroup.subtree_control").write_text("+cpu +memory +pids")
    (group / "memory.max").write_text(str(200 * MIB))
    (group / "memory.swap.max").write_text("0")
    (group / "pids.max").write_text("100")
    return lambda options, script, **variables: contain(f"--group /{POD}/cri-containerd-7f.scope {options}", script,
                                                        **variables)


def outlived(attempt):
    """What attempt() returns. Until the memory of its victim is free, the kernel may choose another, which
    on a busy machine is now and then the script's own shell: then the same once more."""
    for _ in range(5):
        done = attempt()
        # What it started can have its last word after that.
        if not (done.returncode == 137 and "Killed" in done.stderr.splitlines()):
            break
    return done


def receipts(text):
    """All those in an output, whatever stands between."""
    found, decoder = [], json.JSONDecoder()
    while "{" in text:
        receipt, end = decoder.raw_decode(text[text.index("{"):])
        text = text[text.index("{") + end:]
        found.append(receipt)
    return found


@starts
@pytest.mark.parametrize("signs, cgroupns", [(VARIABLE, "private"), (VARIABLE, "host"), ({}, "host")])
def test_J07_doctor_in_a_pod(pod, signs, cgroupns):
    """It is told by the variable or by its group's name; and the pod's own limit where that is to be seen."""
    done = pod(f"--cgroupns {cgroupns}", f"{RATION} doctor --json", **signs)
    assert done.returncode == 1, done
    said = json.loads(done.stdout)
    check.doctor(said, done.returncode)
    host, found = said["host"], {finding["id"]: finding for finding in said["findings"]}
    assert (host["container_kind"], host["cgroup_namespace"]) == ("kubernetes", cgroupns == "private")
    assert found["kubernetes"]["severity"] == ("note" if cgroupns == "private" else "ok")
    assert found["read-only"]["severity"] == "bad" and "cgroup_writable" in said["fix"]
    held = {limit["limit"]: (limit["mechanism"], limit.get("scope")) for limit in said["limits"]}
    assert held["memory"] == held["pids"] == ("watch", "group") and held["cpus"] == ("affinity", "process")
    if cgroupns == "host":
        assert host["memory_bytes"] == 200 * MIB and host["memory_source"].endswith(POD)
    else:
        assert host["memory_source"] == "machine"


@starts
@pytest.mark.parametrize("cgroupns", ["private", "host"])
def test_J07_runs_in_a_pod(pod, run, cgroupns):
    """Limits are watched, and hold; strict doesn't run. The pod's own limit kills as well, and no receipt
    makes that the machine's."""
    done = outlived(lambda: pod(f"--cgroupns {cgroupns}", f"""
        {RATION} run --memory 30M --receipt fd:1 -- {HELPERS}/alloc 100 stay || test $? = 137
        {RATION} run --pids 16 --receipt fd:1 -- {HELPERS}/forks 31 1000 || test $? = 137
        {RATION} run --memory 500M --receipt fd:1 -- {HELPERS}/alloc 400 || test $? = 137
        {RATION} run --memory 64M --enforce strict -- touch {run.file('started')} || test $? = 125
        test ! -e {run.file('started')}""", **VARIABLE))
    assert done.returncode == 0, done
    memory, pids, killed = receipts(done.stdout)
    for receipt, name in ((memory, "memory"), (pids, "pids")):
        entry = next(entry for entry in receipt["limits"] if entry["limit"] == name)
        assert (receipt["verdict"], receipt["exit"]["code"]) == (name, 137), done
        assert (entry["mechanism"], entry["scope"], entry["weaker"]) == ("watch", "group", True)
        assert "read-only" in entry["reason"] and "cgroup_writable" in entry["fix"]
        assert f"{name}: enforced by watch, whole group" in done.stderr
    assert killed["verdict"] == "signal" and killed["exit"]["signal"] == 9
    evidence, = killed["evidence"]
    if cgroupns == "private":
        assert (evidence["counter"], evidence["level"]) == ("vmstat oom_kill", "outside")
    else:
        assert (evidence["counter"], evidence["level"], evidence["where"]) == ("memory.events.local oom", "ancestor", f"/{POD}")
    assert "can't be enforced for the whole group by the kernel" in done.stderr
    assert "hint: configure its runtime to mount cgroups writable" in done.stderr


@starts
def test_J07_the_containers_own_limit(pod):
    """Read-only is its group, but not hidden: its limit is how much there is, and is told where it kills."""
    done = outlived(lambda: pod("--limit memory.max=100M --limit memory.swap.max=0", f"""
        {RATION} run --memory 100% --receipt fd:1 -- true
        {RATION} run --memory 500M --receipt fd:1 -- {HELPERS}/alloc 400 || test $? = 137""", **VARIABLE))
    assert done.returncode == 0, done
    share, killed = receipts(done.stdout)
    assert next(entry["asked"] for entry in share["limits"] if entry["limit"] == "memory") == 100 * MIB
    evidence, = killed["evidence"]
    assert (killed["verdict"], evidence["level"], evidence["where"]) == ("signal", "ancestor", "/")


@starts
@pytest.mark.parametrize("cgroupns", ["private", "host"])
def test_J07_a_pod_with_writable_groups(pod, cgroupns):
    """All hold by cgroup2. Where the pod's limit kills, it is named if it is to be seen."""
    done = outlived(lambda: pod(f"--cgroupns {cgroupns} --cgroup rw", f"""
        {RATION} doctor >/dev/null
        {RATION} run --memory 30M --enforce strict --receipt fd:1 -- {HELPERS}/alloc 100 || test $? = 137
        {RATION} run --memory 500M --enforce strict --receipt fd:1 -- {HELPERS}/alloc 400 || test $? = 137""", **VARIABLE))
    assert done.returncode == 0, done
    own, pods = receipts(done.stdout)
    assert (own["verdict"], pods["verdict"]) == ("memory", "memory-external"), done
    evidence = pods["evidence"][0]
    if cgroupns == "private":
        assert (evidence["counter"], evidence["level"]) == ("vmstat oom_kill", "outside")
        assert "memory limit outside this container, or the machine's memory, reached" in done.stderr
    else:
        assert (evidence["level"], evidence["where"]) == ("ancestor", f"/{POD}")
    assert "the machine ran out" not in done.stderr
