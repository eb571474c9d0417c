"""Sweeps that are too long for one session or one machine: their axes as text, their files, and the workers."""
