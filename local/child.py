"""Become another program, tied to the life of the one that started this.

Run as a script (`python -I -S child.py <signal> <uid>:<gid> <command...>`): on Linux it asks the kernel to send
`<signal>` when the parent dies, so that even a killed `make run` leaves nothing behind; elsewhere the parent's own
clean-up must do. PostgreSQL refuses to run as root, hence the ids (`-1:-1` keeps them).
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1


def main() -> None:
    """Drop to the asked user, ask for the signal, become the command."""
    signal_number, ids, *command = sys.argv[1:]
    uid, gid = (int(part) for part in ids.split(":"))
    if uid >= 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    # After the change of user: the kernel forgets the request when the credentials change.
    if sys.platform == "linux":
        parent = os.getppid()
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal_number), 0, 0, 0)
        if os.getppid() != parent:
            sys.exit(1)
    os.execv(command[0], command)  # noqa: S606 - the command comes from our own modules


if __name__ == "__main__":
    main()
