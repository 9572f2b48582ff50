"""python3 -m users_api serve | migrate | seed --users N --avatars N | heartbeat"""

import argparse
import signal
import sys

import psycopg

from .settings import CannotStart, from_environment


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="users_api")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("serve", help="answer on port 8000")
    commands.add_parser("migrate", help="make roles, database, tables and grants; safe to run again")
    seed = commands.add_parser("seed", help="fill an empty database and volume; safe to run again")
    seed.add_argument("--users", type=int, required=True)
    seed.add_argument("--avatars", type=int, required=True)
    commands.add_parser("heartbeat", help="write canaries until it is stopped")
    return parser.parse_args()


def main() -> None:
    arguments = parse()
    # Process 1 of a container ignores SIGTERM unless it says otherwise.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    # Imported where it is used: FastAPI alone is seconds of start under emulation, which migrate and seed need not pay.
    try:
        settings = from_environment()
        if arguments.command == "serve":
            from .server import serve

            serve(settings)
        elif arguments.command == "migrate":
            from .migrate import migrate

            print("\n".join(migrate(settings)) or "nothing to do")
        elif arguments.command == "heartbeat":
            from .heartbeat import heartbeat

            heartbeat(settings)
        else:
            from .seed import seed
            from .seed_data import Size

            print(seed(settings, Size(arguments.users, arguments.avatars)))
    except CannotStart as error:
        sys.exit(str(error))
    except (psycopg.Error, OSError) as error:
        sys.exit(f"cannot {arguments.command}: {str(error).strip()}")


if __name__ == "__main__":
    main()
