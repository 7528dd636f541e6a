"""How a stream runs where we depart from the SDK: steps, prefetching, what streams share."""
