"""What a build says about itself: sizes, and what the final image carries of each stage."""
