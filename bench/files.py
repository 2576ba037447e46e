# SPDX-License-Identifier: MIT
"""files - what many write instead: a command in a group of its own, by writing the files

Usage: python3 -I -S files.py PARENT COMMAND [ARGUMENT...]
"""

import os
import sys

group = f"{sys.argv[1]}/p{os.getpid()}"
os.mkdir(group)
pid = os.fork()
if pid == 0:
    with open(f"{group}/cgroup.procs", "w", encoding="ascii") as procs:
        procs.write("0")
    os.execv(sys.argv[2], sys.argv[2:])
status = os.waitpid(pid, 0)[1]
with open(f"{group}/cgroup.kill", "w", encoding="ascii") as kill:
    kill.write("1")
os.rmdir(group)
sys.exit(os.waitstatus_to_exitcode(status))
