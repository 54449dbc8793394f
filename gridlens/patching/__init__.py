"""Activation patching as an enquiry: pairs measured, what they have in common, what that says, and the page."""
