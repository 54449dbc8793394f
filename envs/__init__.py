"""Small worlds with an editable, known state: batched kernels, gymnasium and SB3 coats; no torch in here."""
