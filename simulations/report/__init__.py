"""One self-contained page out of a folder of results: pictures drawn by hand as SVG, each with its table."""
