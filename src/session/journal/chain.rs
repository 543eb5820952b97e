//! The hash chain: every line ends with the SHA-256 of all its bytes before that field.

use serde::Serialize;
use sha2::{Digest, Sha256};

const BEFORE: &[u8] = b",\"hash\":\"";
const AFTER: &[u8] = b"\"}";
const HEX: usize = 64;

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}

/// A record as one line with its hash and its newline; and the hash.
///
/// # Errors
/// When the record cannot be written as a JSON object.
pub fn seal(record: &impl Serialize) -> Result<(Vec<u8>, String), serde_json::Error> {
    let mut line = serde_json::to_vec(record)?;
    if line.pop() != Some(b'}') {
        return Err(serde::ser::Error::custom("a line of a case file is an object"));
    }
    let hash = hex(&line);
    line.extend_from_slice(BEFORE);
    line.extend_from_slice(hash.as_bytes());
    line.extend_from_slice(AFTER);
    line.push(b'\n');
    Ok((line, hash))
}

/// The hash of a line (without its newline), when the line carries the right one.
pub fn verified(line: &[u8]) -> Option<&str> {
    let at = line.len().checked_sub(BEFORE.len() + HEX + AFTER.len())?;
    let (body, tail) = line.split_at(at);
    let stored = tail.strip_prefix(BEFORE)?.strip_suffix(AFTER)?;
    let stored = std::str::from_utf8(stored).ok()?;
    (hex(body) == stored).then_some(stored)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_line_verifies_and_no_changed_byte_does() {
        let (line, hash) = seal(&serde_json::json!({"seq": 1, "what": "step"})).expect("an object");
        let line = line.strip_suffix(b"\n").expect("a line");
        assert_eq!(verified(line), Some(hash.as_str()));
        assert!(serde_json::from_slice::<serde_json::Value>(line).is_ok(), "it stays JSON");
        for at in 0..line.len() {
            for bit in 0..8 {
                let mut changed = line.to_vec();
                changed[at] ^= 1 << bit;
                assert_eq!(verified(&changed), None, "bit {bit} of byte {at}");
            }
        }
        assert_eq!(verified(b"{}"), None);
    }
}
