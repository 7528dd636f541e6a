"""A simulated Listrak on loopback, for the demo and the tests; imports none of the other packages."""
