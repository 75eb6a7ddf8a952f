"""Runs a command until its own standard input ends, so that no server outlives the test that started it.

    guard.py COMMAND [ARGUMENT]...

Whoever starts it holds the other end of a pipe. The pipe closes when the starter says so, and also when
the starter is killed and can say nothing any more.
"""
import os
import signal
import subprocess
import sys
import threading

PATIENCE = 10  # seconds for the command to end by itself


def end_with_input(child):
    sys.stdin.buffer.read()
    child.terminate()
    try:
        child.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        child.kill()


def main(command):
    # A session of its own: a Ctrl-C meant for the starter does not reach it, and its workers can be named.
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    threading.Thread(target=end_with_input, args=(child,), daemon=True).start()
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    # Nothing that a command could prepare for, as where its machine is lost.
    signal.signal(signal.SIGUSR1, lambda *_: child.kill())
    code = child.wait()
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass  # no worker was left
    return code


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
