"""Whole screens: they take what widgets say to the courier, and what the store says to the widgets."""
