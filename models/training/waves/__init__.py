"""Segmentation of one lead into P, QRS and T."""
