"""One file, one landscape: the folder is the registry."""
