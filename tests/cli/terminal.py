# SPDX-License-Identifier: MIT
"""A real terminal, for what draws on one: tmux has it, and tells what stands there."""

import shlex
import subprocess

from conftest import DEADLINE, wait_for


class Terminal:
    """Terminal(run, [COMMAND...], 80, 24): the command runs in it; `with` ends it."""

    def __init__(self, run, argv, columns, lines, **env):
        self.socket, self.status = run.file("tmux"), run.file("tmux-status")
        self.env = dict(run.env, **env)
        self.env.pop("TMUX", None)
        # What is left to be read stays, once the command has ended.
        self.tmux("new-session", "-d", "-x", str(columns), "-y", str(lines), f"{shlex.join(map(str, argv))}; echo $? >{self.status}",
                  ";", "set", "-g", "remain-on-exit", "on", ";", "set", "-g", "status", "off",
                  ";", "set", "-g", "window-size", "manual", ";", "set", "-sg", "escape-time", "0")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pid = int(self.tmux("display-message", "-p", "#{pid}"))
        self.tmux("kill-server")
        wait_for("tmux to end", lambda: not is_alive(pid))

    def tmux(self, *words):
        return subprocess.run(["tmux", "-u", "-S", str(self.socket), "-f", "/dev/null", *words], env=self.env, stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=DEADLINE, check=True).stdout

    def keys(self, *names):
        """Types keys by tmux's names: "q", "Enter", "Down"."""
        for name in names:
            self.tmux("send-keys", name)

    def resize(self, columns, lines):
        self.tmux("resize-window", "-x", str(columns), "-y", str(lines))

    def screen(self):
        """The lines, without what is blank at their ends."""
        return [line.rstrip() for line in self.tmux("capture-pane", "-p").splitlines()]

    def wait(self, what, condition):
        """Returns the lines as soon as condition(LINES)."""
        def there():
            lines = self.screen()
            return condition(lines) and lines
        try:
            return wait_for(what, there)
        except AssertionError as error:
            raise AssertionError(f"{error}:\n" + "\n".join(self.screen())) from None

    def ended(self):
        """The status of the command; None: it runs. tmux 3.3 doesn't always know."""
        text = self.status.read_text() if self.status.exists() else ""
        return int(text) if text.endswith("\n") else None


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            return file.read().rpartition(") ")[2][0] != "Z"
    except OSError:
        return False
