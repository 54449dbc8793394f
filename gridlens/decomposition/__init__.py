"""Layers taken apart into atoms and units into senses: run, kept, and shown as a page."""
