"""Measurements; each is a set of ratios within one run, never an absolute promise."""
