"""Who looks at a training while it runs: the progress of the command line, TensorBoard."""
