# SPDX-License-Identifier: MIT
"""ration.Group, Tenant, Events, Host and Plan."""

import asyncio
import dataclasses
import os
import signal
import subprocess
import warnings

import pytest
from setting import DEADLINE, NAMESPACE, RATION, ration, together, wait_for

pytest_plugins = ["setting"]
pytestmark = [pytest.mark.worlds("host", "v2")]
CGROUP = pytest.mark.needs("cgroup")
MEMORY = pytest.mark.needs("memory", "cgroup")


def test_host(host):
    info = host.info
    assert info.kernel == os.uname().release and info.cpus >= 1 and info.memory_bytes > 0
    assert isinstance(host.prepare(), bool) and host.groups() == []
    assert all(f.id and f.text and f.severity in ration.Severity for f in host.doctor())
    with pytest.raises(ration.InvalidError):
        ration.Host(namespace="..")
    with pytest.raises(TypeError):
        ration.Host(base=3)
    host.close()
    with pytest.raises(ration.ClosedError):
        host.info


@pytest.mark.parametrize("attempt", [
    lambda host: ration.Group.open("t/g", host=host).attach(2**32 + os.getpid()),
    lambda host: ration.Group.open("t/g", host=host).stop(2**32 + signal.SIGTERM),
    lambda host: ration.Group.create("t/h", host=host, owner=(2**32, 0)),
    lambda host: ration.Group.create("t/h", host=host, owner=(0, -1)),
    lambda host: ration.Pool(2**64 + 1, host=host, memory="64M", enforce="any"),
    lambda host: ration.Pool(1, host=host).fill(-1),
    lambda host: ration.run_sync(["true"], host=host, pass_fds=[2**32 + 1]),
    lambda host: ration.run_sync(["true"], host=host, stdout=2**32 + 1),
    lambda host: ration.run_sync(["true"], host=host, signal=2**32 + signal.SIGTERM),
    lambda host: ration.Sampler(host=host, max_fds=-1),
], ids=["pid", "signal", "uid", "gid", "groups", "fill", "pass_fds", "stdout", "first signal", "max_fds"])
@CGROUP
def test_numbers_are_not_cut(host, attempt):
    """What C has no room for is refused: not the process, the signal or the fd that its low bits name."""
    with ration.Group.create("t/g", host=host) as group:
        with pytest.raises(ValueError, match=" isn't -?[0-9]+ to [0-9]+$"):
            attempt(host)
        assert group.pids() == []
        group.remove("kill")


@pytest.mark.parametrize("owner", [(), (1000,), (1000, 1000, 0)])
@CGROUP
def test_an_owner_has_both(host, owner):
    """A group that isn't told is no group of root's."""
    with pytest.raises(ValueError):
        ration.Group.create("t/h", host=host, owner=owner)
    assert host.groups() == []


def test_plan(host):
    plan = ration.Plan(memory="64M", timeout="10s", host=host, enforce="any")
    memory, timeout = (next(i for i in plan.items if i.limit == name) for name in ("memory", "timeout"))
    assert (memory.asked, timeout.asked, timeout.mechanism, timeout.scope) == (64 << 20, 10000000, "watch", "group")
    assert ration.Plan(memory="max", host=host).items[0].asked is None
    with pytest.raises(ration.UnavailableError) as caught:
        ration.Plan(memory_min="1M", host=host, purpose="process").check()
    assert caught.value.cause == "not_enforceable" and caught.value.errno


@CGROUP
def test_group(host, sleeper):
    with ration.Tenant.create("acme", host=host), ration.Group.create("acme/a", host=host, keep=True, command="tests") as group:
        assert group.path.endswith(f"{NAMESPACE}/acme/a") and group.pids() == [] and not group.stats().populated
        attached = group.attach(sleeper.pid)
        assert attached.moved and group.pids() == [sleeper.pid] and group.stats().processes == 1
        assert [(row.address, row.is_tenant) for row in host.groups()] == [("acme", True), ("acme/a", False)]
        assert host.groups("acme")[1].owner == ration.Owner.KEPT and host.groups()[1].command == "tests"
        with pytest.raises(ration.GroupError) as caught:
            group.remove()
        assert caught.value.cause == ration.Cause.HAS_PROCESSES
        group.freeze(timeout=DEADLINE)
        assert group.stats().frozen
        group.thaw(timeout=DEADLINE)
        child = group.spawn(["sleep", "1000"], stdout=ration.DEVNULL, rlimit={"nofile": 64})
        assert child.pid in group.pids()
        assert group.kill(timeout=DEADLINE) == 2 and os.waitpid(child.pid, 0)[0] == child.pid
        os.close(child.pidfd)
        with ration.Group.open("acme/a", host=host) as again:
            assert again.remove().killed == 0
        with pytest.raises(ration.GroupError) as caught:
            group.pids()
        assert caught.value.cause == ration.Cause.VANISHED
    ration.Tenant.open("acme", host=host).remove()
    group.close()
    for use in (group.pids, group.stats, group.remove, group.events, lambda: group.attach(1), lambda: group.limit("memory")):
        with pytest.raises(ration.ClosedError):
            use()


@CGROUP
def test_pool(host):
    with ration.Pool(2, timeout="60s", tenant="acme", host=host) as pool:
        assert (pool.ready, pool.fill(), pool.fill(), pool.ready) == (0, 2, 0, 2)
        names = {row.address for row in host.groups() if not row.is_tenant}
        for left, pooled in ((1, True), (0, True), (0, False)):
            with ration.Run(["true"], pool=pool) as run:
                assert (run.group in names, pool.ready) == (pooled, left)
                assert run.wait().verdict == "ok"
        assert asyncio.run(ration.run(["true"], pool=pool)).verdict == "ok"
        for wrong in ({"memory": "1M"}, {"tenant": "acme"}, {"host": host}, {"enforce": "strict"}):
            with pytest.raises(TypeError):
                ration.Run(["true"], pool=pool, **wrong)
        with pytest.raises(ration.InvalidError):
            ration.Run(["true"], pool=pool, name="n")
        assert pool.fill() == 2
    assert host.groups() == [] and pool.closed
    for use in (pool.fill, lambda: pool.ready, lambda: ration.Run(["true"], pool=pool)):
        with pytest.raises(ration.ClosedError):
            use()
    with pytest.raises(ration.InvalidError):
        ration.Pool(0, host=host)


@CGROUP
def test_sampler(host):
    with ration.Group.create("acme/a", host=host, keep=True) as group, ration.Sampler(["cpu_usec", "pids_current"], host=host) as sampler:
        child = group.spawn(["sh", "-c", "i=0; while [ $i -lt 2000 ]; do i=$((i+1)); done"])
        os.waitpid(child.pid, 0)
        os.close(child.pidfd)

        def agreed():
            """What the dead process did last may be added to its group between two looks."""
            tenant, a = sampler.read()
            usage = group.stats().usage
            return (tenant, a) if a.figures == {"cpu_usec": usage.cpu_usec, "pids_current": usage.pids_current} else None

        tenant, a = wait_for("the same figures from both", agreed)
        assert [(s.address, s.is_tenant) for s in (tenant, a)] == [("acme", True), ("acme/a", False)] and a.uid == os.geteuid()
        assert a.figures["cpu_usec"] > 0
        assert a.id != tenant.id and 0 < tenant.usec <= a.usec and sampler.fds >= 2
        group.remove()
        assert sampler.read(scan=False) == [] and sampler.scan() == 0
    assert sampler.closed
    for use in (sampler.read, sampler.scan, lambda: sampler.fds):
        with pytest.raises(ration.ClosedError):
            use()
    for wrong, kind in ((["no_metric"], ValueError), ("cpu_usec", TypeError), ([], ration.InvalidError), ([3], TypeError)):
        with pytest.raises(kind):
            ration.Sampler(wrong, host=host)
    with pytest.raises(ration.InvalidError):
        ration.Sampler(tenant="..", host=host)


@pytest.mark.parametrize("of_caller", [False, True])
def test_a_limit_of_the_caller_is_not_silent(host, of_caller):
    """What follows from other limits is; but a run that isn't held to its caller's limits has got rid of them."""
    plan = ration.Plan(timeout="10s", host=host)
    plan.items = (dataclasses.replace(plan.items[0], implied=True, weaker=True, of_caller=of_caller),)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        plan._warn(1)
    assert [w.category for w in caught] == [ration.EnforcementWarning] * of_caller


@CGROUP
def test_a_warning_that_is_an_error(host, monkeypatch):
    """All or nothing: no tenant, no group, no limit."""
    with ration.Group.create("acme/there", pids=10, host=host) as group:
        def warn(*_):
            raise ration.EnforcementWarning("not enforced")

        monkeypatch.setattr(ration.Plan, "_warn", warn)
        for use in (lambda: ration.Tenant.create("t", keep=True, host=host), lambda: ration.Group.create("t2/g", keep=True, host=host),
                    lambda: group.update(pids=20)):
            with pytest.raises(ration.EnforcementWarning):
                use()
        assert {item.address for item in host.groups()} == {"acme", "acme/there"} and group.limit("pids").asked == 10
        group.remove()


@CGROUP
@pytest.mark.parametrize("attempt, kind", [
    (lambda host: ration.Group.create("acme", host=host), ValueError), (lambda host: ration.Tenant.open("a/b", host=host), ValueError),
    (lambda host: ration.Group.open("no/group", host=host), ration.GroupError), (lambda host: ration.Group.open(5, host=host), TypeError),
    (lambda host: ration.Group.create("../x", host=host), ration.InvalidError),
    (lambda host: ration.Group.create("a/b/c", host=host), ration.InvalidError),
    (lambda host: ration.Group.create("a/b", host=host, timeout="1s"), ration.UnavailableError)])
def test_bad_addresses(host, attempt, kind):
    with pytest.raises(kind):
        attempt(host)


@CGROUP
def test_bad_calls(host):
    with ration.Group.create("acme/a", host=host) as group:
        for call, kind in ((lambda: group.attach("x"), TypeError), (lambda: group.attach(0), ration.Error),
                           (lambda: group.attach(2 ** 22 + 5), ration.Error),
                           (lambda: group.remove("x"), ValueError), (lambda: group.limit("x"), TypeError), (lambda: group.events(["x"]), ValueError),
                           (lambda: group.events("oom"), TypeError), (lambda: group.spawn(["no_such_cmd"]), ration.CommandError),
                           (lambda: group.spawn(["cat"], stdin=ration.PIPE), ValueError), (lambda: group.kill("x"), ration.InvalidError)):
            with pytest.raises(kind):
                call()
        assert group.pids() == []
        group.remove()


@MEMORY
def test_limits_of_a_group(host):
    with ration.Tenant.create("acme", host=host, memory="100M", pids=50) as acme, \
            ration.Group.create("acme/a", host=host, memory="64M", enforce="strict") as group:
        it = group.limit("memory")
        assert (it.asked, it.here, it.effective, it.level, it.mechanism) == (64 << 20,) * 3 + ("group", "cgroup2")
        group.update(memory="200M")
        assert (group.limit("memory").here, group.limit("memory").effective, group.limit("memory").level) == (200 << 20, 100 << 20, "tenant")
        group.update(memory="max")
        assert group.limit("memory").here is None and acme.limit("pids").here == 50
        assert group.stats().usage.memory_current_bytes is not None and group.reclaim("1M") >= 0
        with pytest.raises(ration.GroupError) as caught:
            ration.Group.create("acme/a", host=host, memory="1G", exist_ok=True)
        assert caught.value.cause == ration.Cause.EXISTS
        receipt = ration.run_sync(["true"], tenant="acme", host=host, memory="50%")
        assert receipt.limit("memory").in_force == receipt.limit("memory").at_end == 50 << 20 and receipt.group.startswith("acme/")
        acme.remove("kill")


@CGROUP
def test_events(host):
    """Waited for in a loop, and without one."""
    async def watch(group, events):
        kinds = []
        async for event in events:
            kinds.append(str(event.kind))
            if event.kind == "populated":
                assert (await group.remove_async(timeout=DEADLINE)).killed <= 1
        return kinds

    with ration.Group.create("acme/e", host=host) as group:
        with group.events(["populated", "empty", "gone"]) as events:
            assert events.kinds >= {"populated", "gone"} and events.poll() is None
            with pytest.raises(TimeoutError):
                events.next(timeout="10ms")
            child = group.spawn(["sleep", "1000"])
            kinds = together(watch(group, events))
            assert kinds[0] == "populated" and kinds[-1] == "gone"
            assert events.next() is None and list(events) == []
        os.waitpid(child.pid, 0)
        os.close(child.pidfd)
        for use in (events.fileno, lambda: events.kinds):
            with pytest.raises(ration.ClosedError):
                use()


@MEMORY
def test_event_of_a_tasks_limit(host):
    with ration.Group.create("acme/p", host=host, pids=1) as group, group.events(["tasks-refused"]) as events:
        child = group.spawn(["sh", "-c", "sleep 1000 & wait"], stderr=ration.DEVNULL)
        assert events.next(timeout=DEADLINE).kind == ration.EventKind.TASKS_REFUSED
        group.remove("kill")
        os.waitpid(child.pid, 0)
        os.close(child.pidfd)


@CGROUP
def test_remove_in_a_loop(host):
    """The processes are waited for, and nothing else waits meanwhile."""
    async def remove(group):
        return await group.remove_async(timeout=DEADLINE)

    with ration.Group.create("acme/r", host=host) as group:
        child = group.spawn(["sleep", "1000"])
        together(remove(group))
        os.waitpid(child.pid, 0)
        os.close(child.pidfd)
        assert not os.path.exists(group.path)
        assert together(remove(group)).killed == 0


@CGROUP
def test_gc(host):
    """What a program that was killed has left."""
    pid = os.fork()
    if pid == 0:
        with ration.Host(namespace=NAMESPACE, helpers="") as own:
            ration.Group.create("acme/left", host=own)
            os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(pid, 0)
    assert host.gc(dry_run=True).removed == ("acme/left",)
    assert host.gc().removed == ("acme/left",) and host.gc().removed == ()
    wait_for("the tenant's end", lambda: host.groups() == [])


def test_wrap():
    line = ration.wrap(["echo", "it's"], os="linux", memory="512M")
    told = subprocess.run([RATION, "wrap", "--os", "linux", "--memory", "512M", "--", "echo", "it's"], stdout=subprocess.PIPE, text=True, check=True)
    assert line == told.stdout.rstrip("\n")
    with pytest.raises(ValueError):
        ration.wrap(["true"], os="windows")
