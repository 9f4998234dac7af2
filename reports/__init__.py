"""A run directory's files -> figures, one HTML page, summary.json and the verdict.

Reads files only: never Locust, never a running process, so an old run can be judged and drawn again. Start at
`reports.api.write_report`; nothing is imported here, because matplotlib takes a moment to load.
"""
