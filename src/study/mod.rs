//! From a folder of files to series and volumes: scan, read headers, group, judge geometry, decode pixels, assemble.
