"""The studies: each module declares one, and `optimizers.studies.STUDIES` lists them."""
