"""`python -m simulateurs`: serve the simulators on one port of this machine."""

import argparse
import sys
from pathlib import Path

import uvicorn

from simulateurs.main import create_app
from simulateurs.socle.rules import UnknownRuleError, VerifiedRuleError


def main() -> int:
    """Parse the command line and serve until interrupted; 2 when an option is wrong."""
    parser = argparse.ArgumentParser(
        prog="simulateurs", description="Stand-ins for FranceConnect and ProConnect."
    )
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8100)
    parser.add_argument("--base-url", help="what browsers and services see (default: http://localhost:PORT)")
    parser.add_argument(
        "--clients", type=Path, metavar="FILE", help="declared services, re-read when it changes"
    )
    parser.add_argument(
        "--etat", type=Path, metavar="DIR", help="keeps keys and declared services across restarts"
    )
    parser.add_argument(
        "--sans-regle", action="append", default=[], metavar="NAME", help="suspend a switchable rule"
    )
    parser.add_argument("--admin-ouvert", action="store_true", help="open /_simulateur/ to other machines")
    options = parser.parse_args()
    try:
        app = create_app(
            base_url=options.base_url or f"http://localhost:{options.port}",
            clients_file=options.clients,
            state_folder=options.etat,
            rules_off=options.sans_regle,
            open_admin=options.admin_ouvert,
        )
    except (UnknownRuleError, VerifiedRuleError) as error:
        parser.error(f"--sans-regle {error}: unknown, or not switchable")
    uvicorn.run(app, host=options.host, port=options.port, log_level="warning", server_header=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
