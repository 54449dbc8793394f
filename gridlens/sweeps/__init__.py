"""What the page of a sweep shows, from its rows and its agents' folders."""
