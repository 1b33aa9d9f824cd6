"""Every kind of mask, one a row of the batch that tests share."""

MASKS = {
    "full": [1, 1, 1, 1, 1, 1],
    "padded": [1, 1, 1, 0, 0, 0],
    "one step": [1, 0, 0, 0, 0, 0],
    "holes": [1, 0, 1, 0, 0, 1],
    "empty": [0, 0, 0, 0, 0, 0],
}
EMPTY = list(MASKS).index("empty")
