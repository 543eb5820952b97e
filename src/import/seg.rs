//! DICOM Segmentations (PS3.3 A.51): binary and label maps, frame by frame at the positions that they give.
//!
//! Frames on evenly spaced positions make one grid; others a grid of one slice each, which may lie anywhere in a series.

use super::coded::{concept, kind_of, level_of};
use super::dicom::{SERIES, at};
use super::{Found, FoundMask};
use crate::agree::Grid;
use crate::document::ImageKey;
use crate::export::VOXELS_MAX;
use crate::space::{DVec3, Geometry, PatientPoint};
use crate::study::{Attribute, Dataset, DicomObject};
use std::collections::BTreeMap;
use uuid::Uuid;

/// SOPClassUID of Segmentation Storage.
pub const CLASS: &str = "1.2.840.10008.5.1.4.1.1.66.4";
/// SOPClassUID of Label Map Segmentation Storage.
pub const LABEL_MAP_CLASS: &str = "1.2.840.10008.5.1.4.1.1.66.7";

const TYPE: Attribute = at(0x0062_0001, "SegmentationType", b"CS");
const SEGMENTS: Attribute = at(0x0062_0002, "SegmentSequence", b"SQ");
const NUMBER: Attribute = at(0x0062_0004, "SegmentNumber", b"US");
const LABEL: Attribute = at(0x0062_0005, "SegmentLabel", b"LO");
const IDENTIFICATION: Attribute = at(0x0062_000A, "SegmentIdentificationSequence", b"SQ");
const REFERENCED: Attribute = at(0x0062_000B, "ReferencedSegmentNumber", b"US");
const PROPERTY: Attribute = at(0x0062_000F, "SegmentedPropertyTypeCodeSequence", b"SQ");
const MODIFIER: Attribute = at(0x0062_0011, "SegmentedPropertyTypeModifierCodeSequence", b"SQ");
const TRACKING_UID: Attribute = at(0x0062_0021, "TrackingUID", b"UI");
const REGION: Attribute = at(0x0008_2218, "AnatomicRegionSequence", b"SQ");
const REFERENCED_SERIES: Attribute = at(0x0008_1115, "ReferencedSeriesSequence", b"SQ");
const FRAME: Attribute = at(0x0020_0052, "FrameOfReferenceUID", b"UI");
const ROWS: Attribute = at(0x0028_0010, "Rows", b"US");
const COLUMNS: Attribute = at(0x0028_0011, "Columns", b"US");
const FRAMES: Attribute = at(0x0028_0008, "NumberOfFrames", b"IS");
const BITS: Attribute = at(0x0028_0100, "BitsAllocated", b"US");
const SHARED: Attribute = at(0x5200_9229, "SharedFunctionalGroupsSequence", b"SQ");
const PER_FRAME: Attribute = at(0x5200_9230, "PerFrameFunctionalGroupsSequence", b"SQ");
const PLANE_POSITION: Attribute = at(0x0020_9113, "PlanePositionSequence", b"SQ");
const POSITION: Attribute = at(0x0020_0032, "ImagePositionPatient", b"DS");
const PLANE_ORIENTATION: Attribute = at(0x0020_9116, "PlaneOrientationSequence", b"SQ");
const ORIENTATION: Attribute = at(0x0020_0037, "ImageOrientationPatient", b"DS");
const MEASURES: Attribute = at(0x0028_9110, "PixelMeasuresSequence", b"SQ");
const SPACING: Attribute = at(0x0028_0030, "PixelSpacing", b"DS");
const GAP: Attribute = at(0x0018_0088, "SpacingBetweenSlices", b"DS");
const THICKNESS: Attribute = at(0x0018_0050, "SliceThickness", b"DS");
const PIXELS: Attribute = at(0x7FE0_0010, "PixelData", b"OB");

/// What the attributes of the image say, without its frames.
struct Image {
    columns: usize,
    rows: usize,
    frames: usize,
    bits: usize,
    label_map: bool,
}

/// What a segmentation says.
pub fn found(object: &DicomObject) -> Result<Found, String> {
    let set = object.dataset();
    if object.syntax_uid.starts_with("1.2.840.10008.1.2.4") || object.syntax_uid == "1.2.840.10008.1.2.5" {
        return Err(format!(
            "its frames are compressed (TransferSyntaxUID {}); uncompressed ones are read: convert it, such as with dcmdrle",
            object.syntax_uid
        ));
    }
    let image = image(&set)?;
    let pixels = set.get(PIXELS).ok_or_else(|| format!("{PIXELS} is missing"))?;
    let needed = (image.columns * image.rows * image.bits).checked_mul(image.frames).ok_or("too many frames")?;
    if pixels.bytes().len() * 8 < needed {
        return Err(format!(
            "{PIXELS} holds {} bytes; {} frames need {}",
            pixels.bytes().len(),
            image.frames,
            needed / 8
        ));
    }
    let planes = planes(&set, &image)?;
    let grids = Grids::of(&planes, &set, &image)?;
    let mut masks = segments(&set)?;
    let mut painted = 0u64;
    for (n, plane) in planes.iter().enumerate() {
        for (segment, flat) in frame(pixels.bytes(), n, &image, plane.segment) {
            painted += flat.len() as u64;
            if painted > VOXELS_MAX {
                return Err(format!("more than {VOXELS_MAX} voxels are set; is it a segmentation?"));
            }
            let Some(mask) = masks.get_mut(&segment) else {
                return Err(format!("frame {} belongs to segment {segment}, which {SEGMENTS} does not list", n + 1));
            };
            grids.add(mask, n, flat);
        }
    }
    let mut out = Found { what: "DICOM segmentation", grids: grids.list, ..Found::default() };
    for (_, mut mask) in masks {
        mask.masks.iter_mut().for_each(|(_, flat)| {
            flat.sort_unstable();
            flat.dedup();
        });
        match mask.masks.is_empty() {
            true => out.notes.push(format!("segment {:?} has no voxels; left out", mask.name)),
            false => out.masks.push(mask),
        }
    }
    Ok(out)
}

fn image(set: &Dataset) -> Result<Image, String> {
    let number = |a: Attribute| -> Result<usize, String> {
        let value = first(set, a)?.ok_or_else(|| format!("{a} is missing"))?;
        Ok(value as usize)
    };
    let (columns, rows, bits) = (number(COLUMNS)?, number(ROWS)?, number(BITS)?);
    let frames = first(set, FRAMES)?.map_or(1, |n| n as usize);
    let kind = set.get(TYPE).map(|v| v.code()).unwrap_or_default();
    let label_map = kind == "LABELMAP";
    let known = match (kind.as_str(), bits) {
        ("BINARY", 1) | ("LABELMAP", 8 | 16) => columns > 0 && rows > 0,
        _ => false,
    };
    if !known {
        return Err(format!(
            "{TYPE} is {kind:?} with {bits} bits and {columns} x {rows} pixels; expected BINARY with 1 bit, or LABELMAP with 8 or 16"
        ));
    }
    Ok(Image { columns, rows, frames, bits, label_map })
}

fn first(set: &Dataset, a: Attribute) -> Result<Option<f64>, String> {
    Ok(numbers(set, a)?.and_then(|n| n.first().copied()))
}

fn numbers(set: &Dataset, a: Attribute) -> Result<Option<Vec<f64>>, String> {
    match set.get(a).map(|v| v.numbers().map_err(|bad| format!("{a} is {}; expected numbers", bad.found))) {
        None => Ok(None),
        Some(read) => read,
    }
}

/// Where a frame lies, and whose it is.
struct Plane {
    origin: DVec3,
    right: DVec3,
    down: DVec3,
    segment: Option<u32>,
}

fn planes(set: &Dataset, image: &Image) -> Result<Vec<Plane>, String> {
    let shared = set.item(SHARED);
    let mut planes = Vec::new();
    for (n, group) in set.items(PER_FRAME).take(image.frames).enumerate() {
        let value = |sequence: Attribute, a: Attribute| -> Result<Vec<f64>, String> {
            let own = group.item(sequence).map(|i| numbers(&i, a)).transpose()?.flatten();
            let of_all = || shared.as_ref().and_then(|s| s.item(sequence)).map(|i| numbers(&i, a)).transpose();
            let found = own.map_or_else(|| of_all().map(Option::flatten), |v| Ok(Some(v)))?;
            found.ok_or_else(|| format!("frame {}: {a} is missing", n + 1))
        };
        let (position, orientation) = (value(PLANE_POSITION, POSITION)?, value(PLANE_ORIENTATION, ORIENTATION)?);
        let spacing = value(MEASURES, SPACING)?;
        let ([x, y, z], [a, b, c, d, e, f], [dy, dx]) = (&position[..], &orientation[..], &spacing[..]) else {
            return Err(format!(
                "frame {}: {POSITION}, {ORIENTATION} or {SPACING} has a wrong number of values",
                n + 1
            ));
        };
        let segment = group.item(IDENTIFICATION).map(|i| first(&i, REFERENCED)).transpose()?.flatten();
        planes.push(Plane {
            origin: DVec3::new(*x, *y, *z),
            right: DVec3::new(*a, *b, *c) * *dx,
            down: DVec3::new(*d, *e, *f) * *dy,
            segment: segment.map(|s| s as u32),
        });
    }
    match planes.len() == image.frames {
        true => Ok(planes),
        false => Err(format!("{PER_FRAME} has {} items; {FRAMES} is {}", planes.len(), image.frames)),
    }
}

/// The grids of the frames.
struct Grids {
    list: Vec<Grid>,
    /// Grid and slice of each frame.
    places: Vec<(usize, usize)>,
    layer: usize,
}

impl Grids {
    fn of(planes: &[Plane], set: &Dataset, image: &Image) -> Result<Grids, String> {
        let series = set.item(REFERENCED_SERIES).and_then(|i| i.get(SERIES).map(|v| ImageKey(v.code())));
        let frame = set.get(FRAME).map(|v| v.code());
        let grid = |geometry| Grid { image: series.clone(), frame: frame.clone(), geometry };
        let layer = image.columns * image.rows;
        let no_plane = |e: &dyn std::fmt::Display| format!("its frames make no grid: {e}");
        if let Some((geometry, slices)) = even(planes, set, image)? {
            let places = slices.into_iter().map(|k| (0, k)).collect();
            return Ok(Grids { list: vec![grid(geometry)], places, layer });
        }
        let (mut list, mut places): (Vec<Grid>, Vec<(usize, usize)>) = (Vec::new(), Vec::new());
        let mut known: Vec<[f64; 9]> = Vec::new();
        for p in planes {
            let key = [p.origin, p.right, p.down].map(|v| v.to_array()).concat();
            let key: [f64; 9] = std::array::from_fn(|n| key[n]);
            let place = known.iter().position(|k| *k == key).unwrap_or(known.len());
            if place == known.len() {
                let origin = PatientPoint::from_vec(p.origin).ok_or("a position is not finite")?;
                let normal = p.right.cross(p.down).normalize_or_zero();
                let steps = [p.right, p.down, normal];
                let geometry = Geometry::regular(origin, steps, [image.columns, image.rows, 1]);
                list.push(grid(geometry.map_err(|e| no_plane(&e))?));
                known.push(key);
            }
            places.push((place, 0));
        }
        Ok(Grids { list, places, layer })
    }

    fn add(&self, mask: &mut FoundMask, frame: usize, flat: Vec<u64>) {
        let (grid, slice) = self.places[frame];
        let shift = (slice * self.layer) as u64;
        let flat = flat.into_iter().map(|f| f + shift);
        match mask.masks.iter_mut().find(|(g, _)| *g == grid) {
            Some((_, all)) => all.extend(flat),
            None => mask.masks.push((grid, flat.collect())),
        }
    }
}

/// One grid for all frames, and each frame's slice in it, where their positions are evenly spaced.
fn even(planes: &[Plane], set: &Dataset, image: &Image) -> Result<Option<(Geometry, Vec<usize>)>, String> {
    const TOGETHER_MM: f64 = 0.01;
    let Some(one) = planes.first() else { return Err("it holds no frames".to_owned()) };
    let normal = one.right.cross(one.down).normalize_or_zero();
    let same = |p: &Plane| (p.right - one.right).length() + (p.down - one.down).length() < 1e-6;
    let mut origins: Vec<DVec3> = planes.iter().map(|p| p.origin).collect();
    origins.sort_by(|a, b| a.dot(normal).total_cmp(&b.dot(normal)));
    origins.dedup_by(|a, b| (*a - *b).length() < TOGETHER_MM);
    let gaps = || origins.windows(2).map(|w| w[1] - w[0]);
    let measures = set.item(SHARED).and_then(|s| s.item(MEASURES).map(|m| (first(&m, GAP), first(&m, THICKNESS))));
    let (gap, thickness) = measures.map_or((None, None), |(g, t)| (g.ok().flatten(), t.ok().flatten()));
    let least = gaps().min_by(|a, b| a.dot(normal).total_cmp(&b.dot(normal)));
    let step = match (least, gap.filter(|g| *g > 0.0)) {
        (Some(least), Some(gap)) => least / (least.dot(normal) / gap).round().max(1.0),
        (Some(least), None) => least,
        (None, gap) => normal * gap.or(thickness).filter(|g| *g > 0.0).unwrap_or(1.0),
    };
    if !planes.iter().all(same) || step.dot(normal) < TOGETHER_MM {
        return Ok(None);
    }
    let slice_of = |p: &Plane| {
        let k = ((p.origin - origins[0]).dot(normal) / step.dot(normal)).round();
        ((p.origin - origins[0]) - step * k).length().le(&TOGETHER_MM).then_some(k.max(0.0) as usize)
    };
    let Some(slices) = planes.iter().map(slice_of).collect::<Option<Vec<usize>>>() else { return Ok(None) };
    let n = slices.iter().max().map_or(1, |k| k + 1);
    let origin = PatientPoint::from_vec(origins[0]).ok_or("a position is not finite")?;
    // Positions a kilometre apart are no stack of slices.
    const SLICES_MAX: usize = 1 << 20;
    let geometry = Geometry::regular(origin, [one.right, one.down, step], [image.columns, image.rows, n]);
    Ok(geometry.ok().filter(|_| n <= SLICES_MAX).map(|g| (g, slices)))
}

/// The voxels of a frame by segment.
fn frame(pixels: &[u8], n: usize, image: &Image, segment: Option<u32>) -> Vec<(u32, Vec<u64>)> {
    let layer = image.columns * image.rows;
    if !image.label_map {
        let bit = |p: &usize| pixels[(n * layer + p) / 8] >> ((n * layer + p) % 8) & 1 == 1;
        let flat: Vec<u64> = (0..layer).filter(bit).map(|p| p as u64).collect();
        return vec![(segment.unwrap_or(1), flat)];
    }
    let mut by_value: BTreeMap<u32, Vec<u64>> = BTreeMap::new();
    for p in 0..layer {
        let value = match image.bits {
            8 => u32::from(pixels[n * layer + p]),
            _ => u32::from(u16::from_le_bytes([pixels[2 * (n * layer + p)], pixels[2 * (n * layer + p) + 1]])),
        };
        if value != 0 {
            by_value.entry(value).or_default().push(p as u64);
        }
    }
    by_value.into_iter().collect()
}

fn segments(set: &Dataset) -> Result<BTreeMap<u32, FoundMask>, String> {
    let mut segments = BTreeMap::new();
    for item in set.items(SEGMENTS) {
        let number = first(&item, NUMBER)?.ok_or_else(|| format!("{NUMBER} is missing in a segment"))? as u32;
        let name = item.get(LABEL).map(|v| String::from_utf8_lossy(v.texts().next().unwrap_or_default()).into_owned());
        let property = item.item(PROPERTY);
        let kind = property.as_ref().and_then(|p| p.item(MODIFIER)).and_then(|m| kind_of(&m));
        let property = property.as_ref().and_then(concept);
        let region = item.item(REGION).and_then(|r| concept(&r)).and_then(|c| level_of(&c));
        let id = item.get(TRACKING_UID).and_then(|v| v.code().strip_prefix("2.25.").and_then(|n| n.parse().ok()));
        segments.insert(
            number,
            FoundMask {
                name: name.unwrap_or_default(),
                value: Some(number),
                // A segment whose type is a vertebra is that vertebra; else its region says where it lies.
                level: property.as_ref().and_then(level_of).or(region),
                kind,
                id: id.map(Uuid::from_u128),
                ..FoundMask::default()
            },
        );
    }
    Ok(segments)
}

#[cfg(test)]
#[path = "seg_tests.rs"]
mod tests;
