//! Pure algorithms on masks and values: brush, contour fill, grow, interpolate, morphology.
