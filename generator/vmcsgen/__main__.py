"""``python -m vmcsgen``: the command line."""

from vmcsgen.cli import program

if __name__ == "__main__":
    program()
