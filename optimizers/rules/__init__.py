"""One file, one optimizer: the folder is the registry."""
