"""Family search from the command line and from Python: search, pictures, pages, links with galleries."""
