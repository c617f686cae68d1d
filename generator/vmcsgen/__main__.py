"""``python -m vmcsgen``: the command line."""

from vmcsgen.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
