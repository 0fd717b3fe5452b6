"""The embedded database's own command line, ended in order whenever it is asked to: `python -m deploy.local.embedded`.

Its handler of SIGTERM takes locks which the interrupted thread may hold: asked to end in the moment after its start, one in
six hung for good and kept its port. Here no handler runs at all: its last step, waiting, is to wait for the signal.
"""

import signal
import sys

ENDS = {signal.SIGINT, signal.SIGTERM}


def main() -> int:
    """Serve until SIGINT or SIGTERM; the exit code."""
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDS)  # before the imports, which start threads: all must inherit it
    from secantus import cli
    from secantus.server import SecantusDBServer

    def wait(self: SecantusDBServer) -> None:
        signal.sigwait(ENDS)
        self.stop()

    SecantusDBServer.wait = wait
    return cli.main()


if __name__ == "__main__":
    sys.exit(main())
