"""From arrived events to totals: a room of its own between the tables and everything above, the event store's port.

Its few functions (`meter`, `open_period`, `closing_totals`, `recount`, `stored_events`) are all that knows how events
and totals are kept, so that another store can take its place. Nothing here appends domain events: callers do, with
what they are told, in the same transaction.
"""
