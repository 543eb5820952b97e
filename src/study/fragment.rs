//! Compressed pixel data: its fragments, and which of them make up which frame (DICOM PS3.5 A.4).

use super::attribute as a;
use super::element::{Encoding, Header, ITEM, Peek, SEQUENCE_END, header_at};
use super::issue::Issue;
use crate::volume::Severity;
use std::io;
use std::ops::Range;

/// A fragment in the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fragment {
    /// Where its bytes begin.
    pub at: u64,
    /// How many bytes of it are there.
    pub length: u32,
    /// Its first bytes.
    opening: [u8; 4],
}

/// All fragments of a pixel element.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fragments {
    /// In file order.
    pub list: Vec<Fragment>,
    /// The Basic Offset Table: where each frame begins, counted from the first fragment's item.
    table: Vec<u64>,
    /// What is wrong with their sequence.
    pub damage: Option<String>,
}

/// Fragments beyond these are not looked at.
const MOST: usize = 1_000_000;

impl Fragments {
    /// Follows the items from `at`, where the pixel element's value begins.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn read(data: &mut impl Peek, at: u64) -> io::Result<Fragments> {
        const LONGEST_TABLE: usize = 16 << 20;
        let mut found = Fragments::default();
        let (mut at, mut first) = (at, true);
        loop {
            let header = match header_at(data, at, Encoding::EXPLICIT, a::PIXEL_DATA.tag) {
                Ok(Some(Header { tag: SEQUENCE_END, .. })) => return Ok(found),
                Ok(Some(header @ Header { tag: ITEM, .. })) => header,
                Ok(Some(_)) => {
                    found.damage =
                        Some(format!("at byte {at} neither a fragment nor the end of the fragments follows"));
                    return Ok(found);
                }
                _ => {
                    found.damage = Some("the file ends before the end of the fragments".to_owned());
                    return Ok(found);
                }
            };
            let start = at + header.size as u64;
            data.forget_before(at);
            let length = header.length.unwrap_or(u32::MAX);
            let left = data.end().map_or(u64::MAX, |end| end.saturating_sub(start));
            let there = u64::from(length).min(left) as u32;
            if first {
                let table = data.peek(start, (there as usize).min(LONGEST_TABLE))?;
                found.table = table.as_chunks().0.iter().map(|b| u64::from(u32::from_le_bytes(*b))).collect();
            } else {
                let mut opening = [0; 4];
                let bytes = data.peek(start, 4.min(there as usize))?;
                opening[..bytes.len()].copy_from_slice(bytes);
                found.list.push(Fragment { at: start, length: there, opening });
            }
            if found.list.len() > MOST {
                found.damage = Some(format!("there are more than {MOST} fragments; the others were left out"));
                return Ok(found);
            }
            if there < length {
                found.damage = Some(format!(
                    "a fragment has a length of {length} bytes, but only {there} bytes are left in the file"
                ));
                return Ok(found);
            }
            (at, first) = (start + u64::from(there), false);
        }
    }

    /// Which fragments make up each of `count` frames; fewer ranges when there are not as many frames. `extended` is the
    /// Extended Offset Table. The issue says when an offset table was wrong.
    pub fn frames(&self, count: usize, extended: &[u64]) -> (Vec<Range<usize>>, Option<Issue>) {
        let n = self.list.len();
        if count == 1 {
            return (if n == 0 { Vec::new() } else { std::iter::once(0..n).collect() }, None);
        }
        let tables = [("ExtendedOffsetTable (7FE0,0001)", extended), ("the Basic Offset Table", self.table.as_slice())];
        let mut issue = None;
        for (name, table) in tables.into_iter().filter(|(_, t)| !t.is_empty()) {
            if let Some(starts) = self.starts(table, count) {
                return (ranges(&starts, n), issue);
            }
            let message =
                format!("{name} of {} does not lead to the frames; they were found by their fragments", a::PIXEL_DATA);
            issue = Some(Issue::bad(Severity::Warning, message));
        }
        if n <= count {
            return ((0..n).map(|f| f..f + 1).collect(), issue);
        }
        let begins =
            |f: &Fragment| matches!(f.opening, [0xFF, 0xD8 | 0x4F | 0x0A, ..] | [1..=15, 0, 0, 0] | [0, 0, 0, 0x0C]);
        let starts: Vec<usize> = (0..n).filter(|&f| begins(&self.list[f])).collect();
        if starts.len() == count && starts.first() == Some(&0) {
            return (ranges(&starts, n), issue);
        }
        if n.is_multiple_of(count) {
            let each = n / count;
            let message = format!("{} has no offset table; {each} fragments were taken for each frame", a::PIXEL_DATA);
            issue = issue.or(Some(Issue::bad(Severity::Warning, message)));
            return ((0..count).map(|f| f * each..(f + 1) * each).collect(), issue);
        }
        let message =
            format!("{} has {n} fragments for {count} frames and no table of where frames begin", a::PIXEL_DATA);
        (Vec::new(), Some(Issue::bad(Severity::Error, message)))
    }

    /// The fragments at which frames begin, when every entry of a table is the place of a fragment.
    fn starts(&self, table: &[u64], count: usize) -> Option<Vec<usize>> {
        let origin = self.list.first()?.at;
        let find = |offset: &u64| self.list.binary_search_by_key(&(origin.checked_add(*offset)?), |f| f.at).ok();
        let starts: Vec<usize> = table.iter().map(find).collect::<Option<_>>()?;
        let ascending = starts.windows(2).all(|w| w[0] < w[1]);
        (starts.len() == count && starts.first() == Some(&0) && ascending).then_some(starts)
    }
}

fn ranges(starts: &[usize], end: usize) -> Vec<Range<usize>> {
    let ends = starts.iter().skip(1).copied().chain([end]);
    starts.iter().copied().zip(ends).map(|(start, end)| start..end).collect()
}
