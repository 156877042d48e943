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
PARKED_ROWS = Gauge("quittance_parked_rows", "Messages parked", ["service"])
