"""What the kinds read with: columns, lines, log messages, definitions, trees, and the statistics over them."""
