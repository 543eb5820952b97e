//! UIDs that follow from a name.

use uuid::Uuid;

/// Namespace of the phantom's names.
const NAMESPACE: Uuid = Uuid::from_u128(0x7370_6f6e_6479_4c00_8061_6e74_6f6d_0001);

/// A UID derived from `name` alone: the decimal form of a version 5 UUID under the root 2.25 (PS3.5 B.2).
pub fn uid_of(name: &str) -> String {
    format!("2.25.{}", Uuid::new_v5(&NAMESPACE, name.as_bytes()).as_u128())
}
