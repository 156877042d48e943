"""How often a process looks for what refers to itself and to which nothing else does: our work makes next to none of it."""

import gc

# Objects that hold others and came since the last look. A batch makes hundreds of thousands that live as long as it does:
# with Python's own 700 a tenth of a bill run went by in looking through them, again and again, and finding nothing.
NEW_OBJECTS = 100_000


def look_seldom() -> None:
    """For a process that has loaded its code: what is there now stays, and is never looked through again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS)
