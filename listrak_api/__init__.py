"""Speaks HTTP to Listrak; knows no Singer. Used by the tap and by the target."""
