"""Source code to constants, constants to fields, findings."""
