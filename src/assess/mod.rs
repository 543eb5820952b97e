//! Pure clinical computation: heights, collapse, scores, statistics of lesions.
