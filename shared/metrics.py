"""What operators watch: Prometheus metrics that every service has."""

from prometheus_client import Counter, Gauge, Histogram

REQUESTS = Histogram(
    "quittance_http_request_seconds", "Time to answer a request", ["service", "method", "route", "status"]
)
MESSAGES = Counter("quittance_messages_total", "Messages by what became of them", ["service", "outcome"])
UNKNOWN_TYPES = Counter(
    "quittance_messages_unknown_total", "Messages passed over since their type is not known", ["service", "type"]
)
RELAYED = Counter("quittance_relayed_total", "Messages acknowledged by the broker", ["service"])
TIMERS = Counter("quittance_timers_total", "Timers fired", ["service"])
LOOP_FAILURES = Counter("quittance_loop_failures_total", "Failed turns of a worker's loop", ["service", "loop"])
CONSUMER_RESTARTS = Counter("quittance_consumer_restarts_total", "Consumers rebuilt by the watchdog", ["service"])
OUTBOX_ROWS = Gauge("quittance_outbox_rows", "Messages waiting for the broker", ["service"])
OUTBOX_SECONDS = Gauge("quittance_outbox_oldest_seconds", "Age of the oldest fact that nobody was told", ["service"])
PARKED_ROWS = Gauge("quittance_parked_rows", "Messages parked, whatever they wait for", ["service"])
PARKED_UNDECIDED_ROWS = Gauge("quittance_parked_undecided_rows", "Messages that wait for a person", ["service"])
TIMERS_OVERDUE_SECONDS = Gauge("quittance_timers_overdue_seconds", "How long the oldest timer is due", ["service"])
CONSUMER_LAG = Gauge("quittance_consumer_lag", "Messages in a topic that were not applied yet", ["service", "topic"])
EVENT_MONTHS_MISSING = Gauge(
    "quittance_event_months_missing", "Of this month and the next, those whose events have no place", ["service"]
)
DISAGREEMENTS = Gauge("quittance_disagreements", "Figures that have to agree and do not", ["service", "check"])
