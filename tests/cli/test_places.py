# SPDX-License-Identifier: MIT
"""Each world as it is: what holds there, by what, and what is said about it."""

import json
import subprocess

import pytest

import holds
from conftest import DEADLINE, RATION
from world import HAS, KERNEL, WORLD, holder, mount, strict

ALL = ("--memory 64M --swap 0 --memory-high 60M --cpus 1 --cpu-weight 50 --cpu-time 20:30 --timeout 3000 --pids 50 "
       "--cpuset-cpus 0 --cpuset-mems 0 --memory-low 8M --memory-min 4M --cpu-idle 0 --output-limit 1M --rlimit nofile=100")
NAMES = ("memory swap memory_high cpus cpu_weight cpu_time timeout pids cpuset_cpus cpuset_mems memory_low memory_min cpu_idle output rlimit_nofile").split()
# Who holds a limit: its controller where that is there, else what is weaker.
BY = {"memory": ("memory", "watch"), "swap": ("memory", "none"), "memory_high": ("memory", "none"),
      "memory_low": ("memory", "none"), "memory_min": ("memory", "none"), "cpuset_mems": ("cpuset", "none"),
      "cpu_idle": ("cpu", "nice"), "pids": ("pids", "watch"), "cpus": ("cpu", "affinity"), "cpu_weight": ("cpu", "nice"),
      "cpu_time": ("cgroup", "watch"), "cpuset_cpus": ("cpuset", "affinity"), "rlimit_nofile": ("", "rlimit"),
      "timeout": ("", "watch"), "output": ("", "watch")}


def test_J10_every_limit_is_listed(run):
    """With who enforces it, or why nobody does."""
    r = run(ALL + " --enforce any", "true")
    assert r.code == 0
    listed = {entry["limit"]: entry["mechanism"] for entry in r.receipt["limits"]}
    assert set(NAMES) <= set(listed)
    for name, (controller, weaker) in BY.items():
        if name in ("memory_high", "memory_low", "memory_min"):  # cgroup v1 has nothing of the kind
            assert listed[name] == ("cgroup2" if controller in HAS else weaker), name
        elif name == "cpu_time":  # any cgroup2 counts it
            assert listed[name] == ("cgroup2" if "cgroup" in HAS else holder("cpuacct", weaker))
        elif name == "cpu_idle" and KERNEL < (5, 15):
            assert listed[name] == weaker
        else:
            assert listed[name] == holder(controller, weaker), name


def test_J10_plan_and_receipt_agree(run):
    """`ration plan` says beforehand what the receipt says afterwards."""
    plan = run.plan(ALL + " --enforce any")
    r = run(ALL + " --enforce any", "true")
    for entry in r.receipt["limits"]:
        said = plan[entry["limit"]]
        for key in ("mechanism", "scope", "asked", "in_force"):
            assert said.get(key) == entry.get(key), (entry, said)


def test_J10_for_the_table(run):
    """What the plan says of all limits here; which of them hold, the tests that exceed them say."""
    plan = run.plan(ALL + " --cpu-burst 20ms --stall-timeout 60 --hugetlb 2M:8M --rlimit fsize=1G --enforce any")
    for name, entry in plan.items():
        holds.planned[name] = {"mechanism": entry["mechanism"], "scope": entry.get("scope")}
    assert set(NAMES) <= set(plan)


def test_J10_strict_lists_what_it_cannot(run):
    """strict: everything asked for holds for the whole group by the kernel, or 125."""
    r = run("--memory 64M --pids 50 --cpus 1 --enforce strict", ["touch", str(run.file("started"))])
    assert (r.code == 0) == strict()
    assert run.file("started").exists() == (r.code == 0)


@pytest.mark.needs("!memory", "!memory1")
def test_J05_fallback_is_named(run):
    """One line on stderr for each limit that is held by something weaker."""
    r = run("--memory 64M --pids 50 --timeout 3000", "true")
    lines = r.stderr.splitlines()
    assert r.code == 0 and 1 <= len(lines) <= 2
    assert "memory" in r.stderr and "pids" in r.stderr and "watch" in r.stderr
    assert all(line.startswith("ration: ") for line in lines)


@pytest.mark.needs("!memory")
def test_J05_none_is_refused_and_any_runs(run):
    """A limit that nobody can hold: not under fallback, silently never."""
    r = run("--swap 10M", ["touch", str(run.file("started"))])
    assert r.code == 125 and "swap" in r.stderr
    assert not run.file("started").exists()
    r = run("--swap 10M --enforce any", "true")
    assert r.code == 0 and "swap" in r.stderr
    assert r.limit("swap")["mechanism"] == "none" and r.limit("swap")["reason"]


@pytest.mark.needs("!cgroup", "!memory1")
def test_J05_no_group_at_all(run):
    r = run("--memory 64M --pids 50 --cpu-time 20", "true")
    assert r.receipt["containment"] == "subreaper"
    assert "birth" not in r.receipt or r.receipt["birth"] == "none"
    assert {r.limit(name)["mechanism"] for name in ("memory", "pids", "cpu_time")} == {"watch"}


@pytest.mark.worlds("mounted-elsewhere")
def test_J08_mounted_elsewhere(run):
    assert str(mount()) != "/sys/fs/cgroup"
    r = run("--memory 30M --enforce strict", "alloc 100")
    assert (r.code, r.verdict) == (137, "memory")


@pytest.mark.worlds("readonly", "container-ro")
def test_J01_read_only(run):
    """As in a container by default: told apart from "nothing there", with the way out."""
    r = run("--memory 64M --enforce strict", "true")
    assert r.code == 125
    assert "read-only" in r.stderr.lower()


def test_doctor(run):
    """Exit 0 exactly where a strict run of memory, cpus and pids works."""
    r = run.command("doctor", "--json")
    assert (r.code == 0) == strict()
    json.loads(r.stdout)
    r = run.command("doctor")
    assert len(r.stdout.splitlines()) > 3 and "; ;" not in r.stdout
    for word in ("memory", "pids", "cpu"):
        assert word in r.stdout


def test_J06_doctor_says_what_is_missing(run):
    r = run.command("doctor")
    if "memory" not in HAS:
        assert holder("memory", "watch") in r.stdout and "cgroup" in r.stdout


def test_plan_for_people(run):
    r = run.command("plan", "--memory", "64M", "--timeout", "5")
    assert r.code == 0
    assert "memory" in r.stdout and holder("memory", "watch") in r.stdout


def test_plan_touches_nothing(run):
    run.plan(ALL + " --enforce any")
    assert run.groups() == set()


@pytest.mark.needs("cgroup", "memory", "root")
def test_FC12_a_base_elsewhere(run, by_hand, base):
    """Whoever names it has chosen which limits hold. That those of the own group don't is told."""
    if "memory" not in (base / "cgroup.subtree_control").read_text():
        (base / "cgroup.subtree_control").write_text("+memory")
    own, there = by_hand(base / "ration-test-own", memory_max=64 << 20), by_hand(base / "ration-test-there")
    enter = ("sh", "-c", f'echo 0 >{own}/cgroup.procs && exec "$@"', "sh")
    r = run(f"--base {there} --memory 200M --enforce strict", "true", before=enter)
    assert r.code == 0 and r.limit("memory")["in_force"] == 200 << 20, r
    wanted = f"is allowed less, which doesn't apply below --base: 64 MiB by memory.max of {own}"
    assert wanted in r.limit("memory")["reason"] and "of_caller" not in r.limit("memory")
    assert "group of this process" not in run(f"--base {there} --memory 50M", "true", before=enter).limit("memory").get("reason", "")
    said = " ".join(run.command("--base", str(there), "plan", "--memory", "200M", before=enter).stdout.split())
    assert wanted in said
    said = " ".join(run.command("--base", str(there), "doctor", "--all", before=enter).stdout.split())
    assert "caller-limits" in said and "don't apply to runs there: memory 64 MiB" in said
    said = " ".join(run.command("--base", str(own), "plan", "--memory", "200M", before=enter).stdout.split())
    assert "less is allowed above: 64 MiB" in said and "doesn't apply" not in said


@pytest.mark.needs("cgroup")
@pytest.mark.parametrize("way", ["environment", "option"])
def test_base_of_choice(run, by_hand, base, way):
    """RATION_BASE or --base: groups are made there, and nowhere else."""
    group = by_hand(base / f"ration-test-base-{way}")
    if way == "environment":
        r = run("--name here", "whereami", env={"RATION_BASE": str(group)})
    else:
        r = run(["--base", str(group), "--name", "here"], "whereami")
    assert r.code == 0
    assert f"/{group.name}/" in r.stdout
    assert [path for path in group.iterdir() if path.is_dir()] == []


@pytest.mark.parametrize("where", ["/tmp", "/no/such/dir", "/etc/passwd", "/proc", ""])
def test_base_that_is_none(run, where):
    """Never a silent fallback: whoever names a base gets it, or an error."""
    r = run(["--base", where, "--memory", "64M"], ["touch", str(run.file("started"))])
    assert r.code == 125
    assert where in r.stderr
    assert not run.file("started").exists()


@pytest.mark.worlds("user", "readonly")
@pytest.mark.parametrize("limits", ["", "--timeout 3000", "--memory 64M"])
def test_base_that_may_not_be_written(run, limits):
    """Refused to the strict, told to the others, whatever the limits are."""
    where = str(mount())
    r = run(f"--base {where} --enforce strict {limits}", ["touch", str(run.file("started"))])
    assert r.code == 125 and "--base" in r.stderr and where in r.stderr
    assert not run.file("started").exists()
    r = run(f"--base {where} {limits}", "true")
    assert r.code == 0
    assert f"ration: can't create a group below --base: {where} " in r.stderr
    assert run(f"-q --base {where} {limits}", "true").stderr == ""


@pytest.mark.needs("cgroup")
def test_namespace(run):
    """Groups stand below BASE/NAMESPACE, "ration" by default."""
    env = dict(RATION_NAMESPACE="ration-test-other" if "vm" not in HAS else "ration")
    r = run("--tenant acme --name vm7", "whereami", env=env)
    assert f"/{env['RATION_NAMESPACE']}/acme/vm7\n" in r.stdout


def test_world_in_the_doctors_words(run):
    facts = json.loads(run.command("doctor", "--json").stdout)
    text = json.dumps(facts)
    for name in ("memory", "pids", "cpu"):
        assert name in text
    assert WORLD


# What a small or broken machine has of these: nothing to write to. "$1" is ration, found
# by its fd, since the place that it lies in may be covered.
SHUT = """
exec 9<"$1"
for place in "$HOME" /tmp /run /var; do
	case $2 in
	read-only)
		mount --rbind "$place" "$place"
		mount -o remount,bind,ro "$place"
		;;
	full)
		mount -t tmpfs -o size=4k,mode=777 full "$place"
		dd if=/dev/zero of="$place/all" bs=4k count=2 2>/dev/null || :
		;;
	esac
	! echo x 2>/dev/null >"$place/x" || exit 99
done
cd /
ration() { /proc/self/fd/9 "$@"; }
"""


def shut(run, how, script):
    """Runs a script where HOME, /tmp, /run and /var can't be written."""
    return subprocess.run(["unshare", "-m", "sh", "-ec", SHUT + script, "sh", RATION, how], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, timeout=DEADLINE, check=False,
                          env=dict(run.env, HOME="/root", TMPDIR="/tmp", XDG_RUNTIME_DIR="/run"))


shut_how = pytest.mark.parametrize("how", ["read-only", "full"])


@pytest.mark.needs("unshare")
@shut_how
@pytest.mark.unsanitized("the command is executed without its shared libraries")
def test_I09_a_run(run, how):
    """A run keeps nothing on a disk: where nothing can be written, it is as elsewhere."""
    done = shut(run, how, "ration run --memory 64M --timeout 3000 --receipt fd:1 -- true\n"
                          "ration run --pids 50 -- sh -c 'exit 7' || exit $?")
    assert done.returncode == 7, done
    receipt = json.loads(done.stdout)
    assert receipt["verdict"] == "ok"
    assert {entry["limit"]: entry["mechanism"] for entry in receipt["limits"]}["memory"] == (
        holder("memory", "watch"))


@pytest.mark.needs("unshare", "cgroup")
@shut_how
@pytest.mark.unsanitized("the command is executed without its shared libraries")
def test_I09_groups(run, how):
    """There are no state files: what a group is stands in the group."""
    done = shut(run, how, """
		ration create t/g
		(exec /proc/self/fd/9 exec t/g -- sleep 1000 >/dev/null &)
		until ration stat t/g --json | grep -q '"processes": 1'; do
			sleep .1
		done
		ration gc
		ration ls --json
		ration rm --force t/g >/dev/null
		ration ls --json""")
    assert (done.returncode, done.stderr) == (0, ""), done
    assert done.stdout.count('"group": "t/g"') == 1 and '"processes": 1' in done.stdout, done
