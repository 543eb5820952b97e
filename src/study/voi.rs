//! Windows and look-up tables of a header (DICOM PS3.3 C.11.1, C.11.2), and one copy of what many files share.

use super::attribute as a;
use super::dataset::{BadValue, Dataset, Value};
use super::facts::Facts;
use crate::volume::{SliceVoi, VoiFunction, VoiLut, Window};
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

/// What a window needs.
pub const EXPECTED: &str = "numbers, a width above 0 for each center";
/// What happens without.
pub const INSTEAD: &str = "the window was left out";

/// The windows and VOI LUTs of a data set, and complaints.
pub fn read(set: &Dataset, facts: &Facts) -> (SliceVoi, Vec<BadValue>) {
    let mut complaints = Vec::new();
    let mut list = |attribute| match set.get(attribute).map(|v: Value| v.numbers()) {
        Some(Ok(Some(numbers))) => numbers,
        Some(Err(bad)) => {
            complaints.push(bad);
            Vec::new()
        }
        _ => Vec::new(),
    };
    let (centers, widths) = (list(a::WINDOW_CENTER), list(a::WINDOW_WIDTH));
    let function = match set.get(a::VOI_FUNCTION).map(|v| v.code()).as_deref() {
        Some("LINEAR_EXACT") => VoiFunction::LinearExact,
        Some("SIGMOID") => VoiFunction::Sigmoid,
        _ => VoiFunction::Linear,
    };
    let explanations: Vec<&[u8]> = set.get(a::WINDOW_EXPLANATION).map(|v| v.texts().collect()).unwrap_or_default();
    let windows = centers.iter().zip(&widths).enumerate().filter(|(_, (_, width))| **width > 0.0);
    let windows = windows.map(|(n, (&center, &width))| Window {
        width,
        center,
        // LINEAR is not defined for widths below 1 (C.11.2.1.2.1); what such a window means is LINEAR_EXACT.
        function: if function == VoiFunction::Linear && width < 1.0 { VoiFunction::LinearExact } else { function },
        explanation: explanations.get(n).and_then(|t| facts.decode(t)),
    });
    let windows: Vec<Window> = windows.collect();
    if windows.len() < centers.len().min(widths.len()) {
        complaints.extend(set.get(a::WINDOW_WIDTH).map(|v| v.bad()));
    }
    let luts = set.items(a::VOI_LUTS).filter_map(|item| lut(&item, facts)).map(|lut| facts.luts.share(lut)).collect();
    (SliceVoi { windows, luts }, complaints)
}

/// A look-up table from an item that holds LUTDescriptor and LUTData (C.11.1.1); `None` when it makes no sense.
pub fn lut(item: &Dataset, facts: &Facts) -> Option<VoiLut> {
    let &[count, first, bits] = item.get(a::LUT_DESCRIPTOR)?.words().as_slice() else { return None };
    let count = if count == 0 { 65536 } else { usize::from(count) };
    let entries = table(&item.get(a::LUT_DATA)?, count)?;
    // Where stored or rescaled values can be negative, so can the first one that is mapped.
    let first_mapped = if facts.has_negative_values() { i32::from(first as i16) } else { i32::from(first) };
    let bits = if (1..=16).contains(&bits) { bits as u8 } else { 16 };
    Some(VoiLut { first_mapped, entries, bits, explanation: facts.text(item, a::LUT_EXPLANATION) })
}

/// The brightness, 0 to 255, of the colours of a palette (C.7.6.3.1.5, .6); `None` when there is none that makes sense.
pub fn palette_brightness(set: &Dataset) -> Option<VoiLut> {
    let channels = [
        (a::RED_PALETTE_DESCRIPTOR, a::RED_PALETTE),
        (a::GREEN_PALETTE_DESCRIPTOR, a::GREEN_PALETTE),
        (a::BLUE_PALETTE_DESCRIPTOR, a::BLUE_PALETTE),
    ];
    let mut brightness: Vec<f64> = Vec::new();
    let mut first_mapped = 0;
    for ((descriptor, data), weight) in channels.into_iter().zip(RED_GREEN_BLUE) {
        let &[count, first, bits] = set.get(descriptor)?.words().as_slice() else { return None };
        let count = if count == 0 { 65536 } else { usize::from(count) };
        let entries = table(&set.get(data)?, count)?;
        let scale = if bits > 8 { 1.0 / 257.0 } else { 1.0 };
        brightness.resize(count.max(brightness.len()), 0.0);
        brightness.iter_mut().zip(&entries).for_each(|(sum, entry)| *sum += weight * scale * f64::from(*entry));
        first_mapped = i32::from(first);
    }
    let entries = brightness.into_iter().map(|b| b.round().clamp(0.0, 255.0) as u16).collect();
    Some(VoiLut { first_mapped, entries, bits: 8, explanation: None })
}

/// How much red, green and blue add to brightness (ITU-R BT.601).
pub const RED_GREEN_BLUE: [f64; 3] = [0.299, 0.587, 0.114];

/// `count` entries of one or two bytes each.
fn table(data: &Value, count: usize) -> Option<Vec<u16>> {
    let bytes = data.bytes();
    let entries: Vec<u16> = if bytes.len() >= 2 * count {
        data.words().into_iter().take(count).collect()
    } else {
        bytes.iter().take(count).map(|&b| u16::from(b)).collect()
    };
    (entries.len() == count).then_some(entries)
}

/// One copy of look-up tables that many files carry.
#[derive(Debug, Default)]
pub struct Luts {
    known: Mutex<HashMap<u64, Vec<Arc<VoiLut>>>>,
}

impl Luts {
    /// The one copy of `lut`.
    pub fn share(&self, lut: VoiLut) -> Arc<VoiLut> {
        let mut hasher = DefaultHasher::new();
        (lut.first_mapped, &lut.entries).hash(&mut hasher);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let alike = known.entry(hasher.finish()).or_default();
        if let Some(same) = alike.iter().find(|same| ***same == lut) {
            return same.clone();
        }
        let lut = Arc::new(lut);
        alike.push(lut.clone());
        lut
    }
}
