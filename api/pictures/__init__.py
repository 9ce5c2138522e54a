"""The pictures that a programme file names, in the widths that apps show."""
