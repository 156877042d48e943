"""All four services in one thread, under a seeded scheduler that delays, repeats, reorders and crashes."""
