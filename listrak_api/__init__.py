"""HTTP client of Listrak's APIs, for tap and target. Knows no Singer; imports no other package."""
