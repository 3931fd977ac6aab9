"""How a value comes in: decoded, its kind told, its content made ready to be kept."""
