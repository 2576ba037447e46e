# SPDX-License-Identifier: MIT
"""What include/ration/*.h says, for ctypes. Made by bindings/python/generate: don't edit."""

from __future__ import annotations

import ctypes as c
from typing import Any, Dict, Sequence, Tuple

from ._words import Word

VERSION_MAJOR = 0
VERSION_MINOR = 2
VERSION_PATCH = 0
UNLIMITED = (1 << 64) - 1
UNKNOWN = ((1 << 64) - 1 - 1)
NAME_MAX = 128
AHEAD_EXACT = 8
CONTROLLER_CPU = 1 << 0
CONTROLLER_CPUSET = 1 << 1
CONTROLLER_IO = 1 << 2
CONTROLLER_MEMORY = 1 << 3
CONTROLLER_PIDS = 1 << 4
CONTROLLER_HUGETLB = 1 << 5
CONTROLLER_CPUACCT = 1 << 6
CONTROLLER_FREEZER = 1 << 7
FEATURE_CLONE_INTO_CGROUP = 1 << 0
FEATURE_CGROUP_KILL = 1 << 1
FEATURE_OPENAT2 = 1 << 2
FEATURE_PIDFD = 1 << 3
FEATURE_PSI = 1 << 4
FEATURE_MEMORY_PEAK = 1 << 5
FEATURE_PIDS_PEAK = 1 << 6
FEATURE_SWAP_PEAK = 1 << 7
FEATURE_SWAP_MAX = 1 << 8
FEATURE_CPU_BURST = 1 << 9
FEATURE_CPU_IDLE = 1 << 10
TEXT_MAX = 32
POOL_MAX = 10000
WAITING_MAX = 320
SIGNAL_NONE = -1
KILL_AFTER_USEC = 300000
VM_CPU_SECONDS = 3600


class Resource(Word):
    RUNS = ("runs", 0)
    MEMORY = ("memory", 1)
    CPUS = ("cpus", 2)
    OTHER = ("other", -1)


class Cause(Word):
    UNKNOWN = ("unknown", 0)
    INVALID = ("invalid", 100)
    CONTRADICTION = ("contradiction", 101)
    BAD_NAME = ("bad_name", 102)
    NO_CGROUP = ("no_cgroup", 200)
    NO_CONTROLLER = ("no_controller", 201)
    NOT_DELEGATED = ("not_delegated", 202)
    KERNEL_TOO_OLD = ("kernel_too_old", 203)
    NOT_ENFORCEABLE = ("not_enforceable", 204)
    EXISTS = ("exists", 300)
    VANISHED = ("vanished", 301)
    NO_GROUP = ("no_group", 302)
    HAS_PROCESSES = ("has_processes", 303)
    IN_USE = ("in_use", 304)
    BUDGET = ("budget", 305)
    COMMAND = ("command", 400)
    NO_PROCESS = ("no_process", 401)
    NO_MEMORY = ("no_memory", 500)
    TIMEOUT = ("timeout", 501)
    OTHER = ("other", -1)


class EventKind(Word):
    OOM = ("oom", 0)
    OOM_KILL = ("oom-kill", 1)
    MEMORY_HIGH = ("memory-high", 2)
    TASKS_REFUSED = ("tasks-refused", 16)
    POPULATED = ("populated", 24)
    EMPTY = ("empty", 25)
    FROZEN = ("frozen", 26)
    THAWED = ("thawed", 27)
    GONE = ("gone", 28)
    PRESSURE = ("pressure", 40)
    OTHER = ("other", -1)


class Severity(Word):
    OK = ("ok", 0)
    NOTE = ("note", 100)
    WARN = ("warn", 200)
    BAD = ("bad", 300)
    OTHER = ("other", -1)


class GcAction(Word):
    LIVE = ("live", 0)
    REMOVED = ("removed", 1)
    FAILED = ("failed", 2)
    SHUT = ("shut", 3)
    OTHER = ("other", -1)


class Remove(Word):
    EMPTY = ("empty", 0)
    KILL = ("kill", 1)
    RELEASE = ("release", 2)
    OTHER = ("other", -1)


class State(Word):
    UNKNOWN = ("unknown", 0)
    RUNNING = ("running", 1)
    FROZEN = ("frozen", 2)
    STOPPED = ("stopped", 3)
    EMPTY = ("empty", 4)
    OTHER = ("other", -1)


class Hierarchy(Word):
    NONE = ("none", 0)
    V1 = ("v1", 1)
    HYBRID = ("hybrid", 2)
    V2 = ("v2", 3)
    OTHER = ("other", -1)


class BaseKind(Word):
    NONE = ("none", 0)
    REFUSED = ("refused", 1)
    GIVEN = ("given", 100)
    ROOT = ("root", 101)
    NESTED = ("nested", 102)
    UNIT = ("unit", 103)
    OTHER = ("other", -1)


class Limit(Word):
    MEMORY = ("memory", 100)
    SWAP = ("swap", 101)
    MEMORY_HIGH = ("memory_high", 102)
    MEMORY_LOW = ("memory_low", 103)
    MEMORY_MIN = ("memory_min", 104)
    HUGETLB = ("hugetlb", 105)
    CPUS = ("cpus", 200)
    CPU_BURST = ("cpu_burst", 201)
    CPU_IDLE = ("cpu_idle", 202)
    CPU_WEIGHT = ("cpu_weight", 203)
    CPU_TIME = ("cpu_time", 204)
    CPUSET_CPUS = ("cpuset_cpus", 205)
    CPUSET_MEMS = ("cpuset_mems", 206)
    PIDS = ("pids", 300)
    IO_READ_BPS = ("io_read_bps", 400)
    IO_WRITE_BPS = ("io_write_bps", 401)
    IO_READ_IOPS = ("io_read_iops", 402)
    IO_WRITE_IOPS = ("io_write_iops", 403)
    TIMEOUT = ("timeout", 500)
    STALL_TIMEOUT = ("stall_timeout", 501)
    OUTPUT = ("output", 600)
    RLIMIT_AS = ("rlimit_as", 1000)
    RLIMIT_CORE = ("rlimit_core", 1001)
    RLIMIT_CPU = ("rlimit_cpu", 1002)
    RLIMIT_DATA = ("rlimit_data", 1003)
    RLIMIT_FSIZE = ("rlimit_fsize", 1004)
    RLIMIT_LOCKS = ("rlimit_locks", 1005)
    RLIMIT_MEMLOCK = ("rlimit_memlock", 1006)
    RLIMIT_MSGQUEUE = ("rlimit_msgqueue", 1007)
    RLIMIT_NICE = ("rlimit_nice", 1008)
    RLIMIT_NOFILE = ("rlimit_nofile", 1009)
    RLIMIT_NPROC = ("rlimit_nproc", 1010)
    RLIMIT_RSS = ("rlimit_rss", 1011)
    RLIMIT_RTPRIO = ("rlimit_rtprio", 1012)
    RLIMIT_RTTIME = ("rlimit_rttime", 1013)
    RLIMIT_SIGPENDING = ("rlimit_sigpending", 1014)
    RLIMIT_STACK = ("rlimit_stack", 1015)
    OTHER = ("other", -1)


class Purpose(Word):
    RUN = ("run", 0)
    GROUP = ("group", 1)
    PROCESS = ("process", 2)
    OTHER = ("other", -1)


class Owner(Word):
    UNKNOWN = ("unknown", 0)
    ALIVE = ("alive", 1)
    DEAD = ("dead", 2)
    KEPT = ("kept", 3)
    IMPLIED = ("implied", 4)
    OTHER = ("other", -1)


class Mechanism(Word):
    NONE = ("none", 0)
    CGROUP2 = ("cgroup2", 100)
    CGROUP1 = ("cgroup1", 101)
    RLIMIT = ("rlimit", 200)
    AFFINITY = ("affinity", 201)
    NICE = ("nice", 202)
    WATCH = ("watch", 300)
    OTHER = ("other", -1)


class Scope(Word):
    NONE = ("none", 0)
    GROUP = ("group", 1)
    PROCESS = ("process", 2)
    USER = ("user", 3)
    OTHER = ("other", -1)


class Policy(Word):
    FALLBACK = ("fallback", 0)
    STRICT = ("strict", 1)
    ANY = ("any", 2)
    OTHER = ("other", -1)


class Verdict(Word):
    OK = ("ok", 0)
    EXIT = ("exit", 1)
    SIGNAL = ("signal", 2)
    MEMORY = ("memory", 100)
    MEMORY_EXTERNAL = ("memory-external", 101)
    MEMORY_STALL = ("memory-stall", 102)
    CPU_TIME = ("cpu-time", 200)
    CPU_TIME_SOFT = ("cpu-time-soft", 201)
    PIDS = ("pids", 300)
    WALL_TIME = ("wall-time", 500)
    OUTPUT = ("output", 600)
    INTERRUPTED = ("interrupted", 700)
    NOT_STARTED = ("not-started", 800)
    INTERNAL = ("internal", 801)
    OTHER = ("other", -1)


class Level(Word):
    GROUP = ("group", 0)
    TENANT = ("tenant", 100)
    ANCESTOR = ("ancestor", 200)
    OUTSIDE = ("outside", 300)
    MACHINE = ("machine", 400)
    OTHER = ("other", -1)


class Metric(Word):
    NONE = ("none", 0)
    MEMORY_PEAK_BYTES = ("memory_peak_bytes", 100)
    MEMORY_CURRENT_BYTES = ("memory_current_bytes", 101)
    MEMORY_ANON_BYTES = ("memory_anon_bytes", 102)
    MEMORY_FILE_BYTES = ("memory_file_bytes", 103)
    MEMORY_SHMEM_BYTES = ("memory_shmem_bytes", 104)
    MEMORY_KERNEL_BYTES = ("memory_kernel_bytes", 105)
    MAXRSS_BYTES = ("maxrss_bytes", 106)
    OOM_KILLS = ("oom_kills", 107)
    MEMORY_HIGH_COUNT = ("memory_high_count", 108)
    MEMORY_PRESSURE_SOME_USEC = ("memory_pressure_some_usec", 109)
    MEMORY_PRESSURE_FULL_USEC = ("memory_pressure_full_usec", 110)
    MINOR_FAULTS = ("minor_faults", 111)
    MAJOR_FAULTS = ("major_faults", 112)
    SWAP_PEAK_BYTES = ("swap_peak_bytes", 150)
    SWAP_CURRENT_BYTES = ("swap_current_bytes", 151)
    CPU_USEC = ("cpu_usec", 200)
    CPU_USER_USEC = ("cpu_user_usec", 201)
    CPU_SYSTEM_USEC = ("cpu_system_usec", 202)
    THROTTLED_COUNT = ("throttled_count", 203)
    THROTTLED_USEC = ("throttled_usec", 204)
    CPU_PRESSURE_SOME_USEC = ("cpu_pressure_some_usec", 205)
    VOLUNTARY_SWITCHES = ("voluntary_switches", 206)
    INVOLUNTARY_SWITCHES = ("involuntary_switches", 207)
    PIDS_PEAK = ("pids_peak", 300)
    PIDS_CURRENT = ("pids_current", 301)
    PIDS_REFUSED = ("pids_refused", 302)
    IO_READ_BYTES = ("io_read_bytes", 400)
    IO_WRITE_BYTES = ("io_write_bytes", 401)
    IO_READ_OPS = ("io_read_ops", 402)
    IO_WRITE_OPS = ("io_write_ops", 403)
    IO_PRESSURE_FULL_USEC = ("io_pressure_full_usec", 404)
    WALL_USEC = ("wall_usec", 500)
    FROZEN_USEC = ("frozen_usec", 501)
    STDOUT_BYTES = ("stdout_bytes", 600)
    STDERR_BYTES = ("stderr_bytes", 601)
    OTHER = ("other", -1)


class Source(Word):
    ABSENT = ("absent", 0)
    CGROUP2 = ("cgroup2", 100)
    CGROUP1 = ("cgroup1", 101)
    RUSAGE = ("rusage", 200)
    SAMPLED = ("sampled", 300)
    CLOCK = ("clock", 301)
    OTHER = ("other", -1)


class Birth(Word):
    NONE = ("none", 0)
    CLONED = ("cloned", 1)
    MIGRATED = ("migrated", 2)
    JOINED = ("joined", 3)
    OTHER = ("other", -1)


class Containment(Word):
    CGROUP = ("cgroup", 0)
    SUBREAPER = ("subreaper", 100)
    FOLLOWED = ("followed", 101)
    OTHER = ("other", -1)


class OutputMode(Word):
    KILL = ("kill", 0)
    TRUNCATE = ("truncate", 1)
    OTHER = ("other", -1)


class Unit(Word):
    BYTES = ("bytes", 0)
    USEC = ("usec", 1)
    CPUS = ("cpus", 2)
    COUNT = ("count", 3)
    CPULIST = ("cpulist", 100)
    NODELIST = ("nodelist", 101)
    OTHER = ("other", -1)


class Key(Word):
    NONE = ("none", 0)
    DISK = ("disk", 1)
    PAGE_SIZE = ("page-size", 2)
    OTHER = ("other", -1)


class Accel(Word):
    NONE = ("none", 0)
    KVM = ("kvm", 1)
    HVF = ("hvf", 2)
    TCG = ("tcg", 3)
    OTHER = ("other", -1)


class Os(Word):
    THIS = ("this", 0)
    LINUX = ("linux", 1)
    MACOS = ("macos", 2)
    OTHER = ("other", -1)


class BudgetItem(c.Structure):
    _fields_ = [
        ("size", c.c_size_t),
        ("resource", c.c_int),
        ("limit", c.c_uint64),
        ("taken", c.c_uint64),
        ("base", c.c_uint64),
        ("overcommit_pct", c.c_uint32),
        ("share_pct100", c.c_uint32),
        ("source", c.c_char_p),
        ("where", c.c_char_p),
    ]


class AdmissionOptions(c.Structure):
    _fields_ = [
        ("size", c.c_size_t),
        ("tenant", c.c_char_p),
        ("wait_usec", c.c_uint64),
    ]


class Waiter(c.Structure):
    _fields_ = [
        ("size", c.c_size_t),
        ("tenant", c.c_char_p),
        ("place", c.c_uint64),
        ("pid", c.c_int),
        ("command", c.c_char_p),
    ]


class Error(c.Structure):
    _fields_ = [
        ("code", c.c_int),
        ("cause", c.c_int),
        ("message", c.c_char * 384),
        ("hint", c.c_char * 256),
    ]


class EventsOptions(c.Structure):
    _fields_ = [
        ("size", c.c_size_t),
        ("kinds", c.c_uint64),
        ("pressure_some", c.c_bool),
        ("pressure_stall_usec", c.c_uint64),
        ("pressure_window_usec", c.c_uint64),
    ]


class Event(c.Structure):
    _fields_ = [
        ("size", c.c_size_t),
        ("kind", c.c_int),
        ("count", c.c_uint64),
        ("stalled_usec", c.c_uint64),
        ("elapsed_usec", c.c_uint64),
    ]


class Finding(c.Structure):
    _fields_ = [
        ("size", c.c_size_t),
        ("id", c.c_char_p),
        ("severity", c.c_int),
        ("text", c.c_char_p),
        ("fix", c.c_char_p),
    ]


class GcOptions(c.Structure):
    _fields_ = [
        ("size", c.c_size_t),
        ("dry_run", c.c_bool),
        ("found", c.CFUNCTYPE(None, c.c_void_p, c.c_char_p, c.c_int)),
        ("userdata", c.c_void_p),
    ]


class GcReport(c.Structure):
    _fields_ = [
        ("size", c.c_size_t),
        ("examined", c.c_uint64),
        ("removed", c.c_uint64),
        ("live", c.c_uint64),
        ("failed", c.c_uint64),
    ]


class GroupOptions(c.Structure):
    _fields_ = [
        ("size", c.c_size_t),
        ("keep", c.c_bool),
        ("exist_ok", c.c_bool),
        ("without_cgroup", c.c_bool),
        ("no_oom_group", c.c_bool),
        ("has_owner", c.c_bool),
        ("uid", c.c_uint32),
        ("gid", c.c_uint32),
        ("command", c.c_char_p),
        ("budget", c.c_char_p),
        ("admission", c.c_void_p),
    ]


class UpdateOptions(c.Structure):
    _fields_ = [
        ("size", c.c_size_t),
        ("force", c.c_bool),
        ("reclaim_usec", c.c_uint64),
        ("budget", c.c_char_p),
    ]


class UpdateReport(c.Structure):
    _fields_ = [
        ("size", c.c_size_t),
        ("changed", c.c_bool),
        ("has_failed", c.c_bool),
        ("failed", c.c_int),
        ("memory_before_bytes", c.c_uint64),
        ("memory_after_bytes", c.c_uint64),
        ("oom_kills", c.c_uint64),
        ("elapsed_usec", c.c_uint64),
    ]


class AttachReport(c.Structure):
    _fields_ = [
        ("size", c.c_size_t),
        ("moved", c.c_bool),
        ("elsewhere_bytes", c.c_uint64),
        ("from", c.c_char_p),
    ]


class SpawnOptions(c.Structure):
    _fields_ = [
        ("size", c.c_size_t),
        ("argv", c.POINTER(c.c_char_p)),
        ("envp", c.POINTER(c.c_char_p)),
        ("fds", c.POINTER(c.c_int)),
        ("plan", c.c_void_p),
        ("pass_fds", c.POINTER(c.c_int)),
        ("n_pass_fds", c.c_size_t),
        ("user", c.c_char_p),
        ("new_privileges", c.c_bool),
        ("cwd", c.c_char_p),
        ("set_umask", c.c_bool),
        ("umask", c.c_uint),
        ("stdin_file", c.c_char_p),
        ("stdout_file", c.c_char_p),
        ("stderr_file", c.c_char_p),
        ("append_stdout", c.c_bool),
        ("append_stderr", c.c_bool),
        ("stderr_to_stdout", c.c_bool),
        ("foreground", c.c_bool),
    ]


class GroupLimit(c.Structure):
    _fields_ = [
        ("size", c.c_size_t),
        ("limit", c.c_int),
        ("has_asked", c.c_bool),
        ("asked", c.c_uint64),
        ("has_here", c.c_bool),
        ("has_effective", c.c_bool),
        ("here", c.c_uint64),
        ("effective", c.c_uint64),
        ("level", c.c_int),
        ("where", c.c_char_p),
        ("asked_text", c.c_char_p),
        ("here_text", c.c_char_p),
        ("effective_text", c.c_char_p),
        ("mechanism", c.c_int),
        ("file", c.c_char_p),
    ]


class RemoveReport(c.Structure):
    _fields_ = [
        ("size", c.c_size_t),
        ("killed", c.c_uint64),
        ("released", c.c_uint64),
        ("released_to_caller", c.c_uint64),
    ]


class GuardOptions(c.Structure):
    _fields_ = [
        ("size", c.c_size_t),
        ("share_pct", c.c_uint),
        ("duration_usec", c.c_uint64),
        ("pressure_some", c.c_bool),
        ("avoid", c.POINTER(c.c_char_p)),
        ("dry_run", c.c_bool),
    ]


class GuardReport(c.Structure):
    _fields_ = [
        ("size", c.c_size_t),
        ("gone", c.c_bool),
        ("killed", c.c_bool),
        ("emptied", c.c_bool),
        ("avoided", c.c_bool),
        ("group", c.c_char_p),
        ("candidates", c.c_uint64),
        ("processes", c.c_uint64),
        ("stalled_usec", c.c_uint64),
        ("elapsed_usec", c.c_uint64),
        ("group_stalled_usec", c.c_uint64),
        ("scanned_pages", c.c_uint64),
        ("memory_bytes", c.c_uint64),
    ]


class HostOptions(c.Structure):
    _fields_ = [
        ("size", c.c_size_t),
        ("base", c.c_char_p),
        ("nspace", c.c_char_p),
        ("parent", c.c_char_p),
        ("no_create", c.c_bool),
        ("helpers", c.c_char_p),
        ("fork_helpers", c.c_bool),
    ]


class HostInfo(c.Structure):
    _fields_ = [
        ("size", c.c_size_t),
        ("hierarchy", c.c_int),
        ("base_kind", c.c_int),
        ("controllers", c.c_uint32),
        ("features", c.c_uint64),
        ("kernel", c.c_char_p),
        ("mount", c.c_char_p),
        ("own", c.c_char_p),
        ("base", c.c_char_p),
        ("base_reason", c.c_char_p),
        ("base_fix", c.c_char_p),
        ("memory_bytes", c.c_uint64),
        ("memory_source", c.c_char_p),
        ("swap_bytes", c.c_uint64),
        ("cpus", c.c_uint),
        ("root", c.c_bool),
        ("container", c.c_bool),
        ("systemd", c.c_bool),
        ("base_pending", c.c_bool),
        ("base_outside", c.c_bool),
        ("cgroup_namespace", c.c_bool),
        ("container_kind", c.c_char_p),
        ("controllers_v1", c.c_uint32),
        ("v1_reason", c.c_char_p),
        ("kernel_kind", c.c_char_p),
    ]


class ListItem(c.Structure):
    _fields_ = [
        ("size", c.c_size_t),
        ("address", c.c_char_p),
        ("is_tenant", c.c_bool),
        ("owner", c.c_int),
        ("owner_pid", c.c_int),
        ("uid", c.c_uint32),
        ("created_usec", c.c_uint64),
        ("command", c.c_char_p),
        ("stats", c.c_void_p),
        ("delegated", c.c_bool),
    ]


class ListOptions(c.Structure):
    _fields_ = [
        ("size", c.c_size_t),
        ("tenant", c.c_char_p),
        ("metrics", c.POINTER(c.c_int)),
        ("n_metrics", c.c_size_t),
        ("pressure", c.c_bool),
        ("processes", c.c_bool),
        ("state", c.c_bool),
    ]


class PlanOptions(c.Structure):
    _fields_ = [
        ("size", c.c_size_t),
        ("policy", c.c_int),
        ("purpose", c.c_int),
        ("tenant", c.c_char_p),
        ("for_tenant", c.c_bool),
    ]


class PlanItem(c.Structure):
    _fields_ = [
        ("size", c.c_size_t),
        ("limit", c.c_int),
        ("implied", c.c_bool),
        ("weaker", c.c_bool),
        ("asked", c.c_uint64),
        ("asked_soft", c.c_uint64),
        ("in_force", c.c_uint64),
        ("text", c.c_char_p),
        ("in_force_key", c.c_char_p),
        ("mechanism", c.c_int),
        ("scope", c.c_int),
        ("backstop", c.c_int),
        ("backstop_scope", c.c_int),
        ("reason", c.c_char_p),
        ("fix", c.c_char_p),
        ("policy", c.c_int),
        ("of_caller", c.c_bool),
    ]


class PoolOptions(c.Structure):
    _fields_ = [
        ("size", c.c_size_t),
        ("tenant", c.c_char_p),
        ("groups", c.c_size_t),
        ("no_oom_group", c.c_bool),
    ]


class Evidence(c.Structure):
    _fields_ = [
        ("size", c.c_size_t),
        ("counter", c.c_char_p),
        ("level", c.c_int),
        ("where", c.c_char_p),
        ("before", c.c_uint64),
        ("after", c.c_uint64),
    ]


class Outcome(c.Structure):
    _fields_ = [
        ("size", c.c_size_t),
        ("acted", c.c_bool),
        ("observed", c.c_uint64),
        ("changed", c.c_bool),
        ("at_end", c.c_uint64),
        ("at_end_known", c.c_bool),
    ]


class RunOptions(c.Structure):
    _fields_ = [
        ("size", c.c_size_t),
        ("argv", c.POINTER(c.c_char_p)),
        ("envp", c.POINTER(c.c_char_p)),
        ("tenant", c.c_char_p),
        ("name", c.c_char_p),
        ("signal", c.c_int),
        ("kill_after_usec", c.c_uint64),
        ("fds", c.POINTER(c.c_int)),
        ("wait_all", c.c_bool),
        ("no_oom_group", c.c_bool),
        ("preserve_status", c.c_bool),
        ("output_mode", c.c_int),
        ("pass_fds", c.POINTER(c.c_int)),
        ("n_pass_fds", c.c_size_t),
        ("descent", c.c_bool),
        ("user", c.c_char_p),
        ("new_privileges", c.c_bool),
        ("pool", c.c_void_p),
        ("cwd", c.c_char_p),
        ("set_umask", c.c_bool),
        ("umask", c.c_uint),
        ("stdin_file", c.c_char_p),
        ("stdout_file", c.c_char_p),
        ("stderr_file", c.c_char_p),
        ("append_stdout", c.c_bool),
        ("append_stderr", c.c_bool),
        ("stderr_to_stdout", c.c_bool),
        ("foreground", c.c_bool),
        ("no_figures", c.c_bool),
        ("admission", c.c_void_p),
    ]


class SamplerOptions(c.Structure):
    _fields_ = [
        ("size", c.c_size_t),
        ("tenant", c.c_char_p),
        ("metrics", c.POINTER(c.c_int)),
        ("n_metrics", c.c_size_t),
        ("max_fds", c.c_size_t),
        ("address", c.c_char_p),
    ]


class SamplerGroup(c.Structure):
    _fields_ = [
        ("size", c.c_size_t),
        ("address", c.c_char_p),
        ("is_tenant", c.c_bool),
        ("gone", c.c_bool),
        ("uid", c.c_uint32),
        ("id", c.c_uint64),
    ]


class LimitInfo(c.Structure):
    _fields_ = [
        ("size", c.c_size_t),
        ("limit", c.c_int),
        ("unit", c.c_int),
        ("key", c.c_int),
        ("name", c.c_char_p),
        ("flag", c.c_char_p),
        ("argument", c.c_char_p),
        ("min", c.c_uint64),
        ("max", c.c_uint64),
        ("has_soft", c.c_bool),
        ("lifts", c.c_bool),
        ("protects", c.c_bool),
        ("supervised", c.c_bool),
        ("mechanisms", c.POINTER(c.c_int)),
        ("resource", c.c_int),
        ("kernel_file", c.c_char_p),
        ("since", c.c_char_p),
        ("fallback", c.c_char_p),
        ("unset", c.c_char_p),
        ("example", c.c_char_p),
        ("help", c.c_char_p),
    ]


class Vm(c.Structure):
    _fields_ = [
        ("size", c.c_size_t),
        ("accel", c.c_int),
        ("guest_bytes", c.c_uint64),
        ("overhead_bytes", c.c_uint64),
        ("tb_bytes", c.c_uint64),
        ("vcpus", c.c_uint64),
        ("pids", c.c_uint64),
    ]


class WrapOptions(c.Structure):
    _fields_ = [
        ("size", c.c_size_t),
        ("argv", c.POINTER(c.c_char_p)),
        ("os", c.c_int),
        ("no_cpu_time", c.c_bool),
    ]


# What each function returns, and takes.
FUNCTIONS: Dict[str, Tuple[Any, Sequence[Any]]] = {
    "ration_version": (c.c_char_p, []),
    "ration_version_number": (c.c_int, []),
    "ration_budget_check": (c.c_int, [c.c_char_p, c.POINTER(Error)]),
    "ration_budget_set": (c.c_int, [c.c_void_p, c.c_char_p, c.POINTER(Error)]),
    "ration_budget_new": (c.c_int, [c.c_void_p, c.c_char_p, c.POINTER(c.c_void_p), c.POINTER(Error)]),
    "ration_budget_free": (c.c_void_p, [c.c_void_p]),
    "ration_budget_count": (c.c_size_t, [c.c_void_p]),
    "ration_budget_item": (c.POINTER(BudgetItem), [c.c_void_p, c.c_size_t]),
    "ration_budget_text": (c.c_char_p, [c.c_void_p]),
    "ration_admission_new": (c.c_int, [c.c_void_p, c.c_void_p, c.POINTER(AdmissionOptions), c.POINTER(c.c_void_p), c.POINTER(Error)]),
    "ration_admission_free": (c.c_void_p, [c.c_void_p]),
    "ration_admission_fd": (c.c_int, [c.c_void_p]),
    "ration_admission_dispatch": (c.c_int, [c.c_void_p, c.POINTER(Error)]),
    "ration_admission_wait": (c.c_int, [c.c_void_p, c.POINTER(Error)]),
    "ration_admission_ahead": (c.c_uint64, [c.c_void_p]),
    "ration_admission_waited_usec": (c.c_uint64, [c.c_void_p]),
    "ration_admission_reason": (c.c_char_p, [c.c_void_p]),
    "ration_admission_doubt": (c.c_char_p, [c.c_void_p]),
    "ration_waiters_new": (c.c_int, [c.c_void_p, c.POINTER(c.c_void_p), c.POINTER(Error)]),
    "ration_waiters_free": (c.c_void_p, [c.c_void_p]),
    "ration_waiters_count": (c.c_size_t, [c.c_void_p]),
    "ration_waiters_item": (c.POINTER(Waiter), [c.c_void_p, c.c_size_t]),
    "ration_resource_name": (c.c_char_p, [c.c_int]),
    "ration_events_open": (c.c_int, [c.c_void_p, c.POINTER(EventsOptions), c.POINTER(c.c_void_p), c.POINTER(Error)]),
    "ration_events_free": (c.c_void_p, [c.c_void_p]),
    "ration_events_fd": (c.c_int, [c.c_void_p]),
    "ration_events_kinds": (c.c_uint64, [c.c_void_p]),
    "ration_events_next": (c.c_int, [c.c_void_p, c.POINTER(Event), c.POINTER(Error)]),
    "ration_event_name": (c.c_char_p, [c.c_int]),
    "ration_findings_new": (c.c_int, [c.c_void_p, c.POINTER(c.c_void_p), c.POINTER(Error)]),
    "ration_findings_free": (c.c_void_p, [c.c_void_p]),
    "ration_findings_strict": (c.c_bool, [c.c_void_p]),
    "ration_findings_count": (c.c_size_t, [c.c_void_p]),
    "ration_findings_item": (c.POINTER(Finding), [c.c_void_p, c.c_size_t]),
    "ration_findings_weakens": (c.c_bool, [c.c_void_p, c.c_size_t, c.c_int]),
    "ration_severity_name": (c.c_char_p, [c.c_int]),
    "ration_gc": (c.c_int, [c.c_void_p, c.POINTER(GcOptions), c.POINTER(GcReport), c.POINTER(Error)]),
    "ration_group_create": (c.c_int, [c.c_void_p, c.c_char_p, c.c_void_p, c.POINTER(GroupOptions), c.POINTER(c.c_void_p), c.POINTER(Error)]),
    "ration_group_open": (c.c_int, [c.c_void_p, c.c_char_p, c.POINTER(c.c_void_p), c.POINTER(Error)]),
    "ration_group_free": (c.c_void_p, [c.c_void_p]),
    "ration_group_address": (c.c_char_p, [c.c_void_p]),
    "ration_group_path": (c.c_char_p, [c.c_void_p]),
    "ration_group_is_tenant": (c.c_bool, [c.c_void_p]),
    "ration_group_reason": (c.c_char_p, [c.c_void_p]),
    "ration_group_update": (c.c_int, [c.c_void_p, c.c_void_p, c.POINTER(UpdateOptions), c.POINTER(UpdateReport), c.POINTER(Error)]),
    "ration_group_attach": (c.c_int, [c.c_void_p, c.c_int, c.c_void_p, c.POINTER(AttachReport), c.POINTER(Error)]),
    "ration_group_attach_pidfd": (c.c_int, [c.c_void_p, c.c_int, c.c_void_p, c.POINTER(AttachReport), c.POINTER(Error)]),
    "ration_group_attach_check": (c.c_int, [c.c_void_p, c.c_int, c.c_void_p, c.POINTER(Error)]),
    "ration_group_spawn": (c.c_int, [c.c_void_p, c.POINTER(SpawnOptions), c.POINTER(c.c_int), c.POINTER(c.c_int), c.POINTER(Error)]),
    "ration_group_exec": (c.c_int, [c.c_void_p, c.POINTER(SpawnOptions), c.POINTER(Error)]),
    "ration_group_limit_new": (c.c_int, [c.c_void_p, c.c_int, c.POINTER(c.POINTER(GroupLimit)), c.POINTER(Error)]),
    "ration_group_limit_free": (c.POINTER(GroupLimit), [c.POINTER(GroupLimit)]),
    "ration_group_freeze": (c.c_int, [c.c_void_p, c.c_uint64, c.POINTER(Error)]),
    "ration_group_thaw": (c.c_int, [c.c_void_p, c.c_uint64, c.POINTER(Error)]),
    "ration_group_kill": (c.c_int, [c.c_void_p, c.c_uint64, c.POINTER(c.c_uint64), c.POINTER(Error)]),
    "ration_group_stop": (c.c_int, [c.c_void_p, c.c_int, c.c_uint64, c.c_uint64, c.POINTER(c.c_uint64), c.POINTER(Error)]),
    "ration_group_reclaim": (c.c_int, [c.c_void_p, c.c_uint64, c.POINTER(c.c_uint64), c.POINTER(Error)]),
    "ration_group_remove": (c.c_int, [c.c_void_p, c.c_int, c.POINTER(RemoveReport), c.POINTER(Error)]),
    "ration_group_pids": (c.c_int, [c.c_void_p, c.POINTER(c.c_int), c.c_size_t, c.POINTER(Error)]),
    "ration_stats_new": (c.c_int, [c.c_void_p, c.POINTER(c.c_void_p), c.POINTER(Error)]),
    "ration_stats_free": (c.c_void_p, [c.c_void_p]),
    "ration_stats_populated": (c.c_bool, [c.c_void_p]),
    "ration_stats_frozen": (c.c_bool, [c.c_void_p]),
    "ration_stats_state": (c.c_int, [c.c_void_p]),
    "ration_state_name": (c.c_char_p, [c.c_int]),
    "ration_stats_processes": (c.c_uint64, [c.c_void_p]),
    "ration_stats_memory_pressure_pct100": (c.c_uint64, [c.c_void_p]),
    "ration_stats_metric": (c.c_int, [c.c_void_p, c.c_int, c.POINTER(c.c_uint64)]),
    "ration_guard_open": (c.c_int, [c.c_void_p, c.POINTER(GuardOptions), c.POINTER(c.c_void_p), c.POINTER(Error)]),
    "ration_guard_free": (c.c_void_p, [c.c_void_p]),
    "ration_guard_fd": (c.c_int, [c.c_void_p]),
    "ration_guard_next": (c.c_int, [c.c_void_p, c.POINTER(GuardReport), c.POINTER(Error)]),
    "ration_host_open": (c.c_int, [c.POINTER(HostOptions), c.POINTER(c.c_void_p), c.POINTER(Error)]),
    "ration_host_free": (c.c_void_p, [c.c_void_p]),
    "ration_host_prepare": (c.c_int, [c.c_void_p, c.c_int, c.POINTER(Error)]),
    "ration_host_info": (None, [c.c_void_p, c.POINTER(HostInfo)]),
    "ration_limit_fits": (c.c_bool, [c.c_int, c.c_int]),
    "ration_limits_new": (c.c_int, [c.POINTER(c.c_void_p)]),
    "ration_limits_free": (c.c_void_p, [c.c_void_p]),
    "ration_limits_parse": (c.c_int, [c.c_void_p, c.c_int, c.c_char_p, c.POINTER(Error)]),
    "ration_limits_set": (c.c_int, [c.c_void_p, c.c_int, c.c_uint64, c.c_uint64, c.POINTER(Error)]),
    "ration_limits_unset": (None, [c.c_void_p, c.c_int]),
    "ration_limits_has": (c.c_bool, [c.c_void_p, c.c_int]),
    "ration_limits_get": (c.c_int, [c.c_void_p, c.c_int, c.POINTER(c.c_uint64), c.POINTER(c.c_uint64)]),
    "ration_parse_duration": (c.c_int, [c.c_char_p, c.c_char_p, c.POINTER(c.c_uint64), c.POINTER(Error)]),
    "ration_parse_size": (c.c_int, [c.c_char_p, c.c_char_p, c.POINTER(c.c_uint64), c.POINTER(Error)]),
    "ration_format_size": (c.c_char_p, [c.c_char_p, c.c_uint64]),
    "ration_format_duration": (c.c_char_p, [c.c_char_p, c.c_uint64]),
    "ration_list_new": (c.c_int, [c.c_void_p, c.c_char_p, c.POINTER(c.c_void_p), c.POINTER(Error)]),
    "ration_list_free": (c.c_void_p, [c.c_void_p]),
    "ration_list_new_with": (c.c_int, [c.c_void_p, c.POINTER(ListOptions), c.POINTER(c.c_void_p), c.POINTER(Error)]),
    "ration_list_count": (c.c_size_t, [c.c_void_p]),
    "ration_list_item": (c.POINTER(ListItem), [c.c_void_p, c.c_size_t]),
    "ration_owner_name": (c.c_char_p, [c.c_int]),
    "ration_limits_set_policy": (c.c_int, [c.c_void_p, c.c_int, c.c_int, c.POINTER(Error)]),
    "ration_plan_new": (c.c_int, [c.c_void_p, c.c_void_p, c.POINTER(PlanOptions), c.POINTER(c.c_void_p), c.POINTER(Error)]),
    "ration_plan_free": (c.c_void_p, [c.c_void_p]),
    "ration_plan_check": (c.c_int, [c.c_void_p, c.POINTER(Error)]),
    "ration_plan_count": (c.c_size_t, [c.c_void_p]),
    "ration_plan_item": (c.POINTER(PlanItem), [c.c_void_p, c.c_size_t]),
    "ration_mechanism_name": (c.c_char_p, [c.c_int]),
    "ration_scope_name": (c.c_char_p, [c.c_int]),
    "ration_pool_new": (c.c_int, [c.c_void_p, c.c_void_p, c.POINTER(PoolOptions), c.POINTER(c.c_void_p), c.POINTER(Error)]),
    "ration_pool_free": (c.c_void_p, [c.c_void_p]),
    "ration_pool_fill": (c.c_int, [c.c_void_p, c.c_size_t, c.POINTER(Error)]),
    "ration_pool_ready": (c.c_size_t, [c.c_void_p]),
    "ration_receipt_verdict": (c.c_int, [c.c_void_p]),
    "ration_receipt_exit_code": (c.c_int, [c.c_void_p]),
    "ration_receipt_metric": (c.c_int, [c.c_void_p, c.c_int, c.POINTER(c.c_uint64)]),
    "ration_receipt_child_status": (c.c_int, [c.c_void_p]),
    "ration_receipt_child_signal": (c.c_int, [c.c_void_p]),
    "ration_receipt_core": (c.c_bool, [c.c_void_p]),
    "ration_receipt_status_lost": (c.c_bool, [c.c_void_p]),
    "ration_receipt_truncated": (c.c_bool, [c.c_void_p]),
    "ration_receipt_start_errno": (c.c_int, [c.c_void_p]),
    "ration_receipt_user": (c.c_bool, [c.c_void_p, c.POINTER(c.c_uint32), c.POINTER(c.c_uint32)]),
    "ration_receipt_birth": (c.c_int, [c.c_void_p]),
    "ration_receipt_containment": (c.c_int, [c.c_void_p]),
    "ration_receipt_leftover_killed": (c.c_uint64, [c.c_void_p]),
    "ration_receipt_started": (c.c_bool, [c.c_void_p, c.POINTER(c.c_uint64), c.POINTER(c.c_uint64)]),
    "ration_receipt_address": (c.c_char_p, [c.c_void_p]),
    "ration_receipt_id": (c.c_char_p, [c.c_void_p]),
    "ration_receipt_escaped_to": (c.c_char_p, [c.c_void_p]),
    "ration_receipt_failure": (c.c_char_p, [c.c_void_p]),
    "ration_receipt_outcome": (c.c_bool, [c.c_void_p, c.c_int, c.POINTER(Outcome)]),
    "ration_receipt_evidence": (c.c_bool, [c.c_void_p, c.c_size_t, c.POINTER(Evidence)]),
    "ration_receipt_new_failed": (c.c_int, [c.c_void_p, c.POINTER(Error), c.POINTER(c.c_void_p)]),
    "ration_receipt_free": (c.c_void_p, [c.c_void_p]),
    "ration_verdict_name": (c.c_char_p, [c.c_int]),
    "ration_level_name": (c.c_char_p, [c.c_int]),
    "ration_metric_name": (c.c_char_p, [c.c_int]),
    "ration_source_name": (c.c_char_p, [c.c_int]),
    "ration_run_start": (c.c_int, [c.c_void_p, c.c_void_p, c.POINTER(RunOptions), c.POINTER(c.c_void_p), c.POINTER(Error)]),
    "ration_run_wait": (c.c_int, [c.c_void_p, c.POINTER(Error)]),
    "ration_run_receipt": (c.c_void_p, [c.c_void_p]),
    "ration_run_free": (c.c_void_p, [c.c_void_p]),
    "ration_run_fd": (c.c_int, [c.c_void_p]),
    "ration_run_dispatch": (c.c_int, [c.c_void_p, c.POINTER(Error)]),
    "ration_run_waiting": (c.c_bool, [c.c_void_p, c.c_char_p]),
    "ration_run_pid": (c.c_int, [c.c_void_p]),
    "ration_run_pidfd": (c.c_int, [c.c_void_p, c.POINTER(Error)]),
    "ration_run_address": (c.c_char_p, [c.c_void_p]),
    "ration_run_signal": (c.c_int, [c.c_void_p, c.c_int, c.POINTER(Error)]),
    "ration_run_interrupt": (c.c_int, [c.c_void_p, c.c_int, c.c_bool, c.POINTER(Error)]),
    "ration_sampler_new": (c.c_int, [c.c_void_p, c.POINTER(SamplerOptions), c.POINTER(c.c_void_p), c.POINTER(Error)]),
    "ration_sampler_free": (c.c_void_p, [c.c_void_p]),
    "ration_sampler_scan": (c.c_int, [c.c_void_p, c.POINTER(Error)]),
    "ration_sampler_count": (c.c_size_t, [c.c_void_p]),
    "ration_sampler_group": (c.POINTER(SamplerGroup), [c.c_void_p, c.c_size_t]),
    "ration_sampler_fds": (c.c_size_t, [c.c_void_p]),
    "ration_sampler_read": (c.c_int, [c.c_void_p, c.POINTER(c.c_uint64), c.c_size_t, c.POINTER(c.c_uint64), c.POINTER(Error)]),
    "ration_limit_info": (c.POINTER(LimitInfo), [c.c_int]),
    "ration_limit_at": (c.POINTER(LimitInfo), [c.c_size_t]),
    "ration_metric_at": (c.c_int, [c.c_size_t]),
    "ration_plan_survey": (c.c_int, [c.c_void_p, c.POINTER(c.c_void_p), c.POINTER(Error)]),
    "ration_vm_limits": (c.c_int, [c.POINTER(Vm), c.c_void_p, c.POINTER(c.c_uint64), c.POINTER(Error)]),
    "ration_vm_fallback": (c.c_int, [c.POINTER(Vm), c.c_void_p, c.c_void_p, c.POINTER(Error)]),
    "ration_wrap": (c.c_int, [c.c_void_p, c.POINTER(WrapOptions), c.POINTER(c.c_void_p), c.POINTER(Error)]),
}
