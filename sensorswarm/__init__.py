"""The face: one small Typer app over the parts."""
