"""Both directions on this machine, with the figures side by side: `make demo`."""
