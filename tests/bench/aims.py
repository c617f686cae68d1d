"""What speed is aimed at: the most that a command may cost, in bare starts of Python."""

from __future__ import annotations

VERSION = "vmcsgen --version"
SHOW = "vmcsgen show 0x2032"
CHECK_OUTPUTS = "vmcsgen gen --check, nothing to do"
GEN_UNCHANGED = "vmcsgen gen, nothing to do"
CHECK_NEW = "vmcsgen check, one header never seen"
CHECK_KNOWN = "vmcsgen check, one header seen before"
GEN_COLD = "vmcsgen gen from nothing, no cache"
GEN_CHECKOUT = "vmcsgen gen from nothing, no cache, in a checkout"
GEN_WARM = "vmcsgen gen from nothing, in a checkout validated before"

TABLE_BYTES = 512
"""The most that the tables of the generated C look-up may take."""

AIMS = {
    VERSION: 2,
    SHOW: 4,
    CHECK_OUTPUTS: 4,
    GEN_UNCHANGED: 4,
    CHECK_NEW: 4,
    CHECK_KNOWN: 4,
    GEN_COLD: 40,
    GEN_WARM: 40,
}
"""What is measured, as rows of docs/performance.md call it -> times a bare start."""
