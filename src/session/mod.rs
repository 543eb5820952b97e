//! The one thing that changes a document: history, journal, script, command table.
