"""One file a figure: `draw(figure, tables..., caption=...)` takes finished tables, draws, and gives the figure back."""
