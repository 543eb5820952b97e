//! Label maps as NIfTI-1 (`.nii.gz`, uint16) on the grid of their series.
//!
//! NIfTI is RAS+: x and y of every LPS vector are negated. The sform holds the grid's affine exactly, also a sheared one
//! (gantry tilt). The qform can only hold right angles; of a sheared grid it is the nearest one, with slices set along
//! their normal, which is what readers without an sform make of the series itself.

use super::deflate::Stretch;
use super::file::{ExportError, write_verified};
use super::gzip::{Expected, Gzip, Part, ReadBack, holds, holds_stretches};
use crate::document::{ImageIdentity, ImageKey, LabelMap};
use crate::space::{DMat3, DVec3, Geometry};
use flate2::read::GzDecoder;
use rayon::prelude::*;
use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::ops::Range;
use std::path::Path;

/// Header and the four bytes that say "no extensions".
const HEADER: usize = 352;
/// Slices that are compressed together.
const LAYER: usize = 16;

/// One label map on its way into a file.
pub struct LabelImage<'a> {
    /// The series.
    pub key: &'a ImageKey,
    /// Its grid.
    pub image: &'a ImageIdentity,
    /// Painted voxels; `None` when nothing is painted.
    pub map: Option<&'a LabelMap>,
    /// Export value of each label.
    pub values: &'a BTreeMap<u16, u16>,
    /// Written into `descrip`, at most 79 bytes.
    pub description: String,
    /// What the labels are, at most 15 bytes: `LESIONS`.
    pub intent: &'static str,
}

impl LabelImage<'_> {
    /// Writes the file.
    ///
    /// # Errors
    /// [`ExportError::Unfit`] for grids that NIfTI cannot hold: uneven slices, more than 32,767 voxels along an axis.
    pub fn write(&self, path: &Path) -> Result<(), ExportError> {
        let header = header(&self.image.geometry, self.key, Sample::Uint16, &self.description, self.intent)
            .map_err(ExportError::Unfit)?;
        let [columns, rows, slices] = self.image.geometry.size();
        let layers: Vec<Range<usize>> =
            (0..slices).step_by(LAYER).map(|first| first..slices.min(first + LAYER)).collect();
        let stretches = |k: &Range<usize>| self.stretches(k.clone(), columns * rows);
        let stretches: Vec<Vec<Stretch>> = layers.par_iter().map(stretches).collect();
        let parts = Parts {
            count: layers.len(),
            pack: |n: usize| Ok(Part::of_stretches(&stretches[n], columns)),
            same: |n: usize, deflated: &[u8]| holds_stretches(deflated, &stretches[n]),
            name: |n: usize| format!("slices {:?}", layers[n]),
        };
        parts.write(path, &header)
    }

    /// The voxels of some slices as stretches of one export value.
    fn stretches(&self, slices: Range<usize>, voxels: usize) -> Vec<Stretch> {
        let mut stretches: Vec<Stretch> = Vec::new();
        let mut add = |words, value| match stretches.last_mut() {
            Some(last) if last.value == value => last.words += words,
            _ if words == 0 => {}
            _ => stretches.push(Stretch { words, value }),
        };
        let (first, end) = (slices.start * voxels, slices.end * voxels);
        let mut voxel = first;
        for run in self.map.into_iter().flat_map(|map| map.runs_in_slices(slices.clone())) {
            add(run.start as usize - voxel, 0);
            add(run.length as usize, self.values.get(&run.label).copied().unwrap_or(0));
            voxel = run.start as usize + run.length as usize;
        }
        add(end - voxel, 0);
        stretches
    }
}

/// How voxels are stored: the codes of the NIfTI-1 header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sample {
    Int16 = 4,
    Float32 = 16,
    Uint16 = 512,
}

/// The header of an image on a grid.
///
/// # Errors
/// A sentence for grids that NIfTI cannot hold: uneven slices, more than 32,767 voxels along an axis.
pub fn header(
    g: &Geometry,
    key: &ImageKey,
    sample: Sample,
    description: &str,
    intent: &str,
) -> Result<[u8; HEADER], String> {
    if !g.is_regular() {
        return Err(format!(
            "series {}: its slices are not evenly spaced, and NIfTI has one spacing for all; export json or csv, \
             which keep every slice's position",
            key.0
        ));
    }
    let mut dim = [3i16, 1, 1, 1, 1, 1, 1, 1];
    for (d, n) in dim[1..].iter_mut().zip(g.size()) {
        *d = i16::try_from(n)
            .map_err(|_| format!("series {}: {n} voxels along an axis; NIfTI-1 holds at most 32,767", key.0))?;
    }
    let affine = Affine::of(g);
    let q = affine.quaternion();
    let spacing = g.spacing_mm().map(|s| s as f32);

    let mut h = [0u8; HEADER];
    let mut put = |at: usize, bytes: &[u8]| h[at..at + bytes.len()].copy_from_slice(bytes);
    let mut floats = |at: usize, values: &[f32]| {
        values.iter().enumerate().for_each(|(n, v)| put(at + 4 * n, &v.to_le_bytes()));
    };
    floats(76, &[q.handedness, spacing[0], spacing[1], spacing[2], 1.0, 1.0, 1.0, 1.0]); // pixdim
    floats(108, &[HEADER as f32, 1.0, 0.0]); // vox_offset, scl_slope, scl_inter
    floats(256, &q.bcd);
    floats(268, &affine.offset.to_array().map(|c| c as f32));
    (0..3).for_each(|row| floats(280 + 16 * row, &affine.row(row)));
    put(0, &348i32.to_le_bytes());
    dim.iter().enumerate().for_each(|(n, d)| put(40 + 2 * n, &d.to_le_bytes()));
    put(70, &(sample as i16).to_le_bytes()); // datatype
    put(72, &if sample == Sample::Float32 { 32i16 } else { 16 }.to_le_bytes()); // bitpix
    put(123, &[2]); // xyzt_units: mm
    let description = description.as_bytes();
    put(148, &description[..description.len().min(79)]);
    put(228, b"research, not diagnosis"); // aux_file, 24 bytes
    put(252, &1i16.to_le_bytes()); // qform_code: scanner
    put(254, &1i16.to_le_bytes()); // sform_code: scanner
    put(328, intent.as_bytes()); // intent_name
    put(344, b"n+1\0");
    Ok(h)
}

/// Writes an image as gzip, slice by slice, and reads it back.
///
/// # Errors
/// [`ExportError::Io`] and [`ExportError::ReadBack`].
pub fn write_slices(
    path: &Path,
    header: &[u8],
    slices: usize,
    slice: impl Fn(usize) -> Vec<u8> + Sync,
) -> Result<(), ExportError> {
    let parts = Parts {
        count: slices,
        pack: |k| Part::new(&slice(k)),
        same: |k, deflated: &[u8]| holds(deflated, &slice(k)),
        name: |k| format!("slice {k}"),
    };
    parts.write(path, header)
}

/// What stands behind the header: so many parts, what each is compressed, whether what was read back holds it, and its
/// name where it does not.
struct Parts<P, S, N> {
    count: usize,
    pack: P,
    same: S,
    name: N,
}

impl<P, S, N> Parts<P, S, N>
where
    P: Fn(usize) -> io::Result<Part> + Sync,
    S: Fn(usize, &[u8]) -> bool + Sync,
    N: Fn(usize) -> String + Sync,
{
    fn write(&self, path: &Path, header: &[u8]) -> Result<(), ExportError> {
        /// Parts in memory at once.
        const TOGETHER: usize = 32;
        let groups = || (0..self.count).step_by(TOGETHER).map(|first| first..self.count.min(first + TOGETHER));
        let expected: OnceCell<Expected> = OnceCell::new();
        write_verified(
            path,
            |out| {
                let mut gzip = Gzip::new(out)?;
                gzip.put(&Part::new(header)?)?;
                for group in groups() {
                    let packed = group.into_par_iter().map(&self.pack).collect::<io::Result<Vec<Part>>>()?;
                    packed.iter().try_for_each(|part| gzip.put(part))?;
                }
                gzip.finish().map(|e| drop(expected.set(e)))
            },
            |back| {
                let mut back = ReadBack::new(back, expected.get().ok_or("nothing was written")?)?;
                if !holds(&back.part()?, header) {
                    return Err("header".to_owned());
                }
                for group in groups() {
                    let parts = group.clone().map(|_| back.part()).collect::<Result<Vec<Vec<u8>>, String>>()?;
                    let other = group.into_par_iter().zip(&parts).find_any(|(n, part)| !(self.same)(*n, part));
                    if let Some((n, _)) = other {
                        return Err((self.name)(n));
                    }
                }
                back.finish()
            },
        )
    }
}

/// Voxel to RAS millimetres.
struct Affine {
    steps: [DVec3; 3],
    offset: DVec3,
}

struct Quaternion {
    bcd: [f32; 3],
    /// `pixdim[0]`: −1 where the third axis is flipped.
    handedness: f32,
}

impl Affine {
    fn of(g: &Geometry) -> Affine {
        let ras = |v: DVec3| DVec3::new(-v.x, -v.y, v.z);
        Affine { steps: g.steps().map(ras), offset: ras(g.origin().vec()) }
    }

    fn row(&self, row: usize) -> [f32; 4] {
        let [a, b, c] = self.steps;
        [a[row], b[row], c[row], self.offset[row]].map(|v| v as f32)
    }

    /// The rotation of the in-plane steps and their normal as (b, c, d) of a unit quaternion with a ≥ 0 (NIfTI-1, method 2).
    fn quaternion(&self) -> Quaternion {
        let x = self.steps[0].normalize();
        let y = (self.steps[1] - x * x.dot(self.steps[1])).normalize();
        let z = x.cross(y);
        let handedness = if z.dot(self.steps[2]) < 0.0 { -1.0 } else { 1.0 };
        let q = glam::DQuat::from_mat3(&DMat3::from_cols(x, y, z));
        let sign = if q.w < 0.0 { -1.0 } else { 1.0 };
        Quaternion { bcd: [q.x, q.y, q.z].map(|v| (sign * v) as f32), handedness }
    }
}

/// The `descrip` field of a NIfTI file; `None` when it is not one of ours or cannot be read.
pub fn description_of(path: &Path) -> io::Result<Option<String>> {
    let mut header = [0u8; HEADER];
    let mut gzip = GzDecoder::new(std::fs::File::open(path)?);
    if gzip.read_exact(&mut header).is_err() || &header[344..348] != b"n+1\0" {
        return Ok(None);
    }
    let field = &header[148..228];
    let end = field.iter().position(|b| *b == 0).unwrap_or(field.len());
    Ok(String::from_utf8(field[..end].to_vec()).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::Run;
    use crate::space::{PatientPoint, VoxelPoint};

    fn write(g: Geometry) -> Result<Vec<u8>, ExportError> {
        let dir = tempfile::tempdir().expect("temporary folder");
        let mut map = LabelMap::new(g.size());
        map.paint(&[Run { start: 3, length: 4, label: 2 }, Run { start: 30, length: 1, label: 9 }]);
        let image = crate::export::tests::identity(g);
        let values = BTreeMap::from([(2, 1), (9, 2)]);
        let (key, description) = (&ImageKey("1.2".to_owned()), "spondyl x".to_owned());
        let path = dir.path().join("l.nii.gz");
        LabelImage { key, image: &image, map: Some(&map), values: &values, description, intent: "LESIONS" }
            .write(&path)?;
        assert_eq!(description_of(&path).expect("readable").as_deref(), Some("spondyl x"));
        let mut bytes = Vec::new();
        GzDecoder::new(std::fs::File::open(&path).expect("there")).read_to_end(&mut bytes).expect("gzip");
        Ok(bytes)
    }

    fn float(header: &[u8], at: usize) -> f64 {
        f64::from(f32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]))
    }

    /// LPS point that the sform gives a voxel.
    fn by_sform(h: &[u8], v: DVec3) -> DVec3 {
        let row = |at| float(h, at) * v.x + float(h, at + 4) * v.y + float(h, at + 8) * v.z + float(h, at + 12);
        DVec3::new(-row(280), -row(296), row(312))
    }

    /// LPS point that the qform gives a voxel, by the formulas of the NIfTI-1 header.
    fn by_qform(h: &[u8], v: DVec3) -> DVec3 {
        let [b, c, d] = [256, 260, 264].map(|at| float(h, at));
        let a = (1.0 - b * b - c * c - d * d).max(0.0).sqrt();
        let r = DMat3::from_cols(
            DVec3::new(a * a + b * b - c * c - d * d, 2.0 * (b * c + a * d), 2.0 * (b * d - a * c)),
            DVec3::new(2.0 * (b * c - a * d), a * a + c * c - b * b - d * d, 2.0 * (c * d + a * b)),
            DVec3::new(2.0 * (b * d + a * c), 2.0 * (c * d - a * b), a * a + d * d - b * b - c * c),
        );
        let step = DVec3::new(float(h, 80), float(h, 84), float(h, 76) * float(h, 88));
        let ras = r * (v * step) + DVec3::new(float(h, 268), float(h, 272), float(h, 276));
        DVec3::new(-ras.x, -ras.y, ras.z)
    }

    fn grid(steps: [DVec3; 3]) -> Geometry {
        Geometry::regular(PatientPoint::new(-120.5, 40.0, 333.0).expect("finite"), steps, [5, 4, 3])
            .expect("spans space")
    }

    #[test]
    fn both_forms_lead_to_the_same_point_of_the_patient() {
        let turned = glam::DQuat::from_rotation_z(0.4) * glam::DQuat::from_rotation_x(1.1);
        let oblique = [DVec3::X * 0.7, DVec3::Y * 0.9, DVec3::Z * 2.5].map(|v| turned * v);
        let sagittal = [DVec3::Y * 0.5, DVec3::NEG_Z * 0.5, DVec3::NEG_X * 3.0];
        let feet_first = [DVec3::NEG_X, DVec3::Y, DVec3::NEG_Z * 2.0];
        let left_handed = [DVec3::X, DVec3::Y, DVec3::NEG_Z * 2.0];
        for steps in [[DVec3::X, DVec3::Y, DVec3::Z * 2.0], oblique, sagittal, feet_first, left_handed] {
            let g = grid(steps);
            let h = write(g.clone()).expect("written");
            for v in [DVec3::ZERO, DVec3::new(4.0, 3.0, 2.0), DVec3::new(1.0, 3.0, 0.0)] {
                let p = g.patient_from_voxel(VoxelPoint(v)).vec();
                assert!(p.distance(by_sform(&h, v)) < 1e-3 && p.distance(by_qform(&h, v)) < 1e-3, "{steps:?} {v}");
            }
        }
    }

    #[test]
    fn a_sheared_grid_is_exact_in_the_sform() {
        let g = grid([DVec3::X, DVec3::Y, DVec3::new(0.0, 0.8, 2.4)]);
        let h = write(g.clone()).expect("written");
        let v = DVec3::new(4.0, 3.0, 2.0);
        let p = g.patient_from_voxel(VoxelPoint(v)).vec();
        assert!(p.distance(by_sform(&h, v)) < 1e-4);
        assert!(
            (by_qform(&h, v) - by_qform(&h, DVec3::ZERO)).distance(DVec3::new(4.0, 3.0, 2.0 * 6.4f64.sqrt())) < 1e-4
        );
    }

    #[test]
    fn voxels_carry_export_values_in_order() {
        let bytes = write(grid([DVec3::X, DVec3::Y, DVec3::Z])).expect("written");
        assert_eq!(bytes.len(), HEADER + 2 * 60);
        let voxel = |n: usize| u16::from_le_bytes([bytes[HEADER + 2 * n], bytes[HEADER + 2 * n + 1]]);
        let painted: Vec<_> = (0..60).map(|n| (n, voxel(n))).filter(|(_, v)| *v != 0).collect();
        assert_eq!(painted, [(3, 1), (4, 1), (5, 1), (6, 1), (30, 2)]);
        assert_eq!(
            (bytes[40], bytes[42], bytes[44], bytes[46], bytes[70..72] == 512i16.to_le_bytes()),
            (3, 5, 4, 3, true)
        );
    }

    #[test]
    fn uneven_slices_are_refused_with_the_remedy() {
        let at = |z| PatientPoint::new(0.0, 0.0, z).expect("finite");
        let steps = [DVec3::X, DVec3::Y, DVec3::Z * 3.0];
        let g = Geometry::uneven(vec![at(0.0), at(2.0), at(8.0)], steps, [5, 5]).expect("ascending");
        let e = write(g).expect_err("cannot be held").to_string();
        assert!(e.contains("1.2") && e.contains("evenly") && e.contains("json"), "{e}");
    }
}
