"""How weights move: optimizers by name, sums of gradients by table row, schedules, short floats."""
