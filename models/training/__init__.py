"""Training of einthoven's rhythm model from PhysioNet/CinC 2017."""
