"""Colours that colour-blind readers can tell apart; a quantity has the same one in every figure and on every page."""

# Okabe & Ito, "Color universal design", 2008: https://jfly.uni-koeln.de/color/
BLUE = "#0072b2"
GREEN = "#009e73"
VERMILLION = "#d55e00"
# Tol, "Colour schemes", SRON/EPS/TN/09-002, 2021, the muted scheme
PURPLE = "#aa4499"
