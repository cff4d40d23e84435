#!/usr/bin/env python3
"""Starts the demo's simulated tenant again, to back up and restore by hand.

  packaging/demo/tenant.py [DIRECTORY]        default: build/demo, or $COFFER_DEMO_DIR

The tenant begins anew with its first day, at the addresses it had. Ctrl-C ends it.
"""

import json
import os
import pathlib
import signal
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))

from harness import Coffer, Simulator  # noqa: E402


def main():
    default = os.environ.get("COFFER_DEMO_DIR") or ROOT / "build" / "demo"
    directory = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else default).absolute()
    try:
        demo = json.loads((directory / "demo.json").read_text())
    except FileNotFoundError:
        sys.exit(f"{directory} holds no finished demo: packaging/dev demo makes one")
    with Simulator(demo["simulator"], directory / "tenant", **demo["tenant"]) as simulator:
        # Its delta tokens name places in a history that has begun anew.
        simulator.operations({"operation": "reject_delta_tokens"})
        coffer = Coffer(demo["coffer"], directory, simulator.fragment)
        print(f"The tenant is up. In another terminal:\n\n  export COFFER_CONFIG={coffer.config}")
        print(f"  {coffer.program} backup\n\nCtrl-C ends it.", flush=True)
        signal.sigwait({signal.SIGINT, signal.SIGTERM})


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    main()
