"""`gridlens probe`: what a network knows, when it came to know it, and whether it uses it."""
