//! The geometry of seeing: panes, layout, linked cursor.
