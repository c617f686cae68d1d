"""One module a verb: ``configure(parser)`` and ``run(arguments) -> exit status``."""
