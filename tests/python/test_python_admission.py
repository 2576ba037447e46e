# SPDX-License-Identifier: MIT
"""ration.Admission: row K10."""

import subprocess

import pytest
from setting import NAMESPACE, RATION, ration, together

pytest_plugins = ["setting"]
pytestmark = [pytest.mark.worlds("host", "v2"), pytest.mark.needs("cgroup")]


@pytest.fixture
def budget(host):
    """budget("runs=1") sets that of the tenant acme."""
    tenant = ration.Tenant.create("acme", host=host)
    yield lambda text: subprocess.run([RATION, "--namespace", NAMESPACE, "set", "acme", "--budget", text], check=True,
                                      stdout=subprocess.DEVNULL)
    tenant.remove()


def test_K10_await(host, budget):
    """In turn, without a thread; and what there is no room for says so."""
    budget("runs=1")

    async def main():
        first = ration.Run(["sleep", "1000"], tenant="acme", host=host)
        async with ration.Admission(tenant="acme", host=host) as turn:
            assert not turn.poll() and "acme is full" in turn.reason and turn.ahead == 0
            await first.aclose()
            await turn
            return await ration.run(["true"], tenant="acme", host=host, admission=turn)

    assert together(main()).ok


def test_K11_too_late(host, budget):
    budget("runs=1")
    with ration.Run(["sleep", "1000"], tenant="acme", host=host):
        with pytest.raises(ration.GroupError) as full:
            ration.run_sync(["true"], tenant="acme", host=host)
        assert full.value.cause is ration.Cause.BUDGET
        with ration.Admission(tenant="acme", max_wait="100ms", host=host) as turn, pytest.raises(ration.GroupError) as late:
            turn.wait()
        assert late.value.cause is ration.Cause.BUDGET and "no room within" in str(late.value)


def test_K11_too_late_for_ever(host, budget):
    """Who asks again is told again: it isn't its turn."""
    budget("runs=1")
    with ration.Run(["sleep", "1000"], tenant="acme", host=host), \
            ration.Admission(tenant="acme", max_wait="50ms", host=host) as turn:
        for ask in (turn.wait, turn.poll, turn.wait):
            with pytest.raises(ration.GroupError, match="no room within"):
                ask()
