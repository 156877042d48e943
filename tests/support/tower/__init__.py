"""A made-up service with no business in it, for the kernel's own tests and benchmarks: bells, and who hears them."""
