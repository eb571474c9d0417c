"""The landscapes: each module declares one, and `surfaces.SURFACES` lists them."""
