//! One file a tool: a private state machine from pointer events in patient space to script steps.
