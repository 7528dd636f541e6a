"""A simulated Listrak on loopback, for the demo and the tests. Imports none of the other packages."""
