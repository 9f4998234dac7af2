"""A page of our own beside Locust's: books so far, true percentiles, processes and their clocks."""
