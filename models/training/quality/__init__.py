"""Training of the doubt of a second's beats from MIT-BIH DS1 with noise, and LUDB."""
