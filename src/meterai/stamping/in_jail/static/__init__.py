"""Makes a document look the same in every view: on screen, on paper, at each zoom, whatever is clicked."""
