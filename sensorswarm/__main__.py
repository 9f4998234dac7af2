"""`python -m sensorswarm` is `sensorswarm`."""

from sensorswarm.cli import main

main()
