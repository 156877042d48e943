"""The published language: what services tell each other, one file per producer, only ever added to."""
