# SPDX-License-Identifier: MIT
"""Runs of libration in an asyncio loop, by ctypes: aio.py LIBRATION COMMAND...

Starts each COMMAND (a line for sh) as a run, all at once, and then a process of
asyncio's own, which writes a line into the fifo "go". Prints how each has ended, as it
ends. There is one thread, and nothing but add_reader() is told of ration."""

import asyncio
import ctypes
import os
import sys
from ctypes import POINTER, Structure, byref, c_bool, c_char, c_char_p, c_int, c_size_t, c_uint64, c_void_p


class Sized(Structure):
    """A struct that begins with its own size."""

    def __init__(self, **fields):
        super().__init__(size=ctypes.sizeof(self), **fields)


class HostOptions(Sized):
    _fields_ = [("size", c_size_t), ("base", c_char_p), ("nspace", c_char_p), ("parent", c_char_p),
                ("no_create", c_bool), ("helpers", c_char_p), ("fork_helpers", c_bool)]


class RunOptions(Sized):
    _fields_ = [("size", c_size_t), ("argv", POINTER(c_char_p)), ("envp", POINTER(c_char_p)), ("tenant", c_char_p),
                ("name", c_char_p), ("signal", c_int), ("kill_after_usec", c_uint64), ("fds", POINTER(c_int)),
                ("wait_all", c_bool), ("no_oom_group", c_bool), ("preserve_status", c_bool), ("output_mode", c_int)]


class Error(Structure):
    _fields_ = [("code", c_int), ("cause", c_int), ("message", c_char * 384), ("hint", c_char * 256)]


RATION_LIMIT_MEMORY = 100

library = ctypes.CDLL(sys.argv[1])
library.ration_run_receipt.restype = c_void_p
library.ration_verdict_name.restype = c_char_p


def call(name, *args):
    """Calls it with an error behind its arguments; returns what it returns, or raises."""
    error = Error()
    r = getattr(library, name)(*args, byref(error))
    if r < 0:
        raise OSError(-r, f"{name}: {error.message.decode()}")
    return r


class Ration:
    def __init__(self):
        self.host, self.plan, limits = c_void_p(), c_void_p(), c_void_p()
        call("ration_host_open", byref(HostOptions(nspace=os.environ["RATION_NAMESPACE"].encode())), byref(self.host))
        assert library.ration_limits_new(byref(limits)) == 0
        call("ration_limits_parse", limits, RATION_LIMIT_MEMORY, b"64M")
        call("ration_plan_new", self.host, limits, None, byref(self.plan))
        library.ration_limits_free(limits)

    async def run(self, line):
        run, over, loop = c_void_p(), asyncio.Event(), asyncio.get_running_loop()
        argv = (c_char_p * 4)(b"sh", b"-c", line.encode(), None)
        call("ration_run_start", self.host, self.plan, byref(RunOptions(argv=argv)), byref(run))
        fd = library.ration_run_fd(run)
        loop.add_reader(fd, lambda: over.set() if call("ration_run_dispatch", run) else None)
        await over.wait()
        loop.remove_reader(fd)
        receipt = c_void_p(library.ration_run_receipt(run))
        verdict = library.ration_verdict_name(library.ration_receipt_verdict(receipt)).decode()
        print(line, "-", verdict, library.ration_receipt_exit_code(receipt), flush=True)
        library.ration_run_free(run)

    def done(self):
        library.ration_plan_free(self.plan)
        library.ration_host_free(self.host)


async def main(lines):
    ration = Ration()
    runs = [asyncio.ensure_future(ration.run(line)) for line in lines]
    await asyncio.sleep(0)
    process = await asyncio.create_subprocess_exec("sh", "-c", "echo >go; exit 3")
    print("a process of asyncio's own -", await process.wait(), flush=True)
    await asyncio.gather(*runs)
    ration.done()


library.ration_run_fd.argtypes = library.ration_run_receipt.argtypes = library.ration_run_free.argtypes = [c_void_p]
asyncio.run(main(sys.argv[2:]))
