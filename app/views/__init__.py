"""The pages, each thin: widgets in, settings changed, a scene out."""
