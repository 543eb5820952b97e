//! The window: panes, panels, keys, theme, widgets.
