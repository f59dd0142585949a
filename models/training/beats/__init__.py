"""Training of einthoven's beat classes from MIT-BIH DS1 and SVDB."""
