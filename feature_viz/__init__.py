"""What a unit wants to see: pictures made for it, images found for it, and the gallery of both."""
