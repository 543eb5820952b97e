//! One file a format; what is written is read back before success is said.
