"""The sources of data: each module declares one, and `surfaces.network.DATASETS` lists them."""
