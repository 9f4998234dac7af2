"""Several runs side by side: the same figures with the same axes, on one page. Start at `reports.several.api`."""
