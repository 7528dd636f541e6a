"""The run: ordered worker pool, open batches, polling, when members may be removed."""
