"""One file a source of data; the folder is the registry."""
