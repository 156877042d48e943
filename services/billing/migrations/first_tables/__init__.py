"""The tables that revision 0001 makes, by subject."""
