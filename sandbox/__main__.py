"""`python -m sandbox`: both worlds alone, for whoever wants to try a client against them."""

from __future__ import annotations

import argparse
import sys

from sandbox.server import Sandbox, run_until_told


def main() -> int:
    """0 after a clean end, 2 when a port cannot be used and nothing was done."""
    options = _options()
    sandbox = Sandbox(
        salesforce_port=options.salesforce_port,
        kashflow_port=options.kashflow_port,
        control_port=options.control_port,
        seed=options.seed,
        payments_resource=options.kashflow_payments,
    )
    try:
        run_until_told(sandbox, until_stdin_closes=options.until_stdin_closes)
    except OSError as reason:
        sys.stderr.write(f"sandbox: {reason.strerror}\n")
        return 2
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox", description="A small Salesforce and a small KashFlow on 127.0.0.1."
    )
    for what in ("salesforce", "kashflow", "control"):
        parser.add_argument(f"--{what}-port", type=int, default=0, metavar="N", help="default 0: a free one")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="same seed, same ids and chances")
    parser.add_argument(
        "--kashflow-payments",
        action="store_true",
        help="give the KashFlow a resource /payments, which the published one does not have",
    )
    parser.add_argument(
        "--until-stdin-closes", action="store_true", help="end when the process that started it is gone"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
