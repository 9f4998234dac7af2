"""A comparison of two servers as one page with its figures. Start at `reports.gate_page.api`."""
