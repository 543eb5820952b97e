//! What one reader says of one study: numbering, levels, lesions, masks, measurements. Plain data and the edits that change it.
