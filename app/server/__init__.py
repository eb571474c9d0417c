"""The server and the command line: what runs before and beside the pages."""
