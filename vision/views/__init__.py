"""Views: photographs and generated pictures that can be looked at turned, mirrored, scaled or coloured anew."""
