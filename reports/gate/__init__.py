"""The regression gate: figures of runs -> verdict -> JUnit, Markdown, annotations, JSON. Pure but for reading files.

`model` has what goes in and comes out, `statistics` and `rule` are numbers only, `decide` puts them into verdicts.
docs/gates.md says how the gate decides and what it was measured to do.
"""
