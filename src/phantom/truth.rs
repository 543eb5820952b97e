//! What is true of the sample: where the levels are, the end plates' points, and which voxels the lesions fill.

use super::case::SampleCase;
use super::lesion::LESIONS;
use super::radiograph::Radiograph;
use super::scene::Phantom;
use super::vertebra::Vertebra;
use crate::anatomy::VertebraLevel;
use crate::document::HeightPoints;
use crate::space::{DVec3, Geometry, GeometryError, PatientPoint, VoxelIndex};
use serde::Serialize;

/// Everything; `truth.json`.
#[derive(Clone, Debug, Serialize)]
pub struct Truth {
    /// `spondyl-truth/1`.
    pub schema: &'static str,
    /// Of CT and MR.
    pub frame_of_reference_uid: String,
    /// The series whose grid the masks are on.
    pub series_instance_uid: String,
    /// That grid.
    pub geometry: Geometry,
    /// C2 to T2, head to feet.
    pub levels: Vec<LevelTruth>,
    /// Head to feet.
    pub lesions: Vec<LesionTruth>,
    /// The levels on the radiograph.
    pub radiograph: Vec<ProjectedLevel>,
}

/// One vertebra before the operation.
#[derive(Clone, Debug, Serialize)]
pub struct LevelTruth {
    /// Its level.
    pub level: VertebraLevel,
    /// Centre of the body, LPS mm.
    pub centre_mm: PatientPoint,
    /// End-plate points on the mid-sagittal plane, LPS mm.
    pub height_points_mm: HeightPoints,
    /// Heights in front, in the middle, behind: distances between those points.
    pub heights_mm: [f64; 3],
    /// Front and back of the free canal in the midline at the body's middle, LPS mm.
    pub canal_ap_mm: [PatientPoint; 2],
    /// Front and back of the cord there, LPS mm.
    pub cord_ap_mm: [PatientPoint; 2],
}

/// One lesion on the CT grid.
#[derive(Clone, Debug, Serialize)]
pub struct LesionTruth {
    /// Its handle in the script.
    pub label: &'static str,
    /// The vertebra that holds it.
    pub level: VertebraLevel,
    /// Voxels that it fills by half or more.
    pub voxels: usize,
    /// Their volume.
    pub volume_mm3: f64,
    /// Their mean position, LPS mm.
    pub centroid_mm: PatientPoint,
    /// The voxels.
    pub mask: Mask,
}

/// Voxels as run lengths in a box: skip, fill, skip, fill, …, columns fastest, then rows, then slices.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Mask {
    /// The box's first voxel.
    pub origin_ijk: [usize; 3],
    /// The box's size.
    pub size_ijk: [usize; 3],
    /// Alternating lengths; the last one is a fill.
    pub runs: Vec<usize>,
}

/// A vertebra on the radiograph, in pixels: (column, row), whole numbers at pixel centres.
#[derive(Clone, Debug, Serialize)]
pub struct ProjectedLevel {
    /// Its level.
    pub level: VertebraLevel,
    /// The body's middle; for C6 the cage's.
    pub centre_px: [f64; 2],
    /// End-plate points in the order of [`HeightPoints`]' fields; none for C6, whose body is gone.
    pub height_points_px: Option<[[f64; 2]; 6]>,
}

/// The levels that the case is about.
pub(super) fn levels() -> impl Iterator<Item = VertebraLevel> {
    LESIONS.iter().map(|l| l.level)
}

impl Truth {
    pub(super) fn of(case: &SampleCase, geometry: &Geometry) -> Result<Self, GeometryError> {
        let phantom = &case.presenting;
        let ct = super::headers::ct();
        let masks = phantom.lesion_voxels(geometry);
        let lesion = |(n, voxels): (usize, &Vec<usize>)| lesion_truth(n, voxels, geometry);
        Ok(Self {
            schema: "spondyl-truth/1",
            frame_of_reference_uid: ct.study.frame_of_reference_uid(),
            series_instance_uid: ct.uid(),
            geometry: geometry.clone(),
            levels: levels().filter_map(|l| phantom.vertebra(l)).map(|v| level_truth(phantom, v)).collect(),
            lesions: masks.iter().enumerate().map(lesion).collect(),
            radiograph: levels().filter_map(|l| projected(&case.operated, l)).collect(),
        })
    }

    /// As JSON, one level or lesion a line.
    ///
    /// # Errors
    /// Never in practice: everything is plain data.
    pub fn to_json(&self) -> serde_json::Result<String> {
        let one = serde_json::to_string::<Geometry>;
        let text = serde_json::to_string::<str>;
        Ok(format!(
            "{{\n\"schema\": {},\n\"frame_of_reference_uid\": {},\n\"series_instance_uid\": {},\n\"geometry\": {},\n\
             \"levels\": {},\n\"lesions\": {},\n\"radiograph\": {}\n}}\n",
            text(self.schema)?,
            text(&self.frame_of_reference_uid)?,
            text(&self.series_instance_uid)?,
            one(&self.geometry)?,
            lines(&self.levels)?,
            lines(&self.lesions)?,
            lines(&self.radiograph)?,
        ))
    }
}

impl Truth {
    /// The script of a careful reader (contract: one step a line).
    ///
    /// # Errors
    /// Never in practice: steps are plain data.
    pub fn script(&self) -> serde_json::Result<String> {
        super::script::of(self)
    }
}

/// A JSON array with a line for each element.
fn lines<T: Serialize>(elements: &[T]) -> serde_json::Result<String> {
    let each: Vec<String> = elements.iter().map(serde_json::to_string).collect::<Result<_, _>>()?;
    Ok(format!("[\n  {}\n]", each.join(",\n  ")))
}

fn level_truth(phantom: &Phantom, v: &Vertebra) -> LevelTruth {
    let thousandths = |p: DVec3| PatientPoint::ORIGIN.moved(DVec3::from_array(p.to_array().map(rounded)));
    let [canal_ap_mm, cord_ap_mm] = phantom.midline_diameters(v).map(|ends| ends.map(thousandths));
    let [sup_ant, sup_mid, sup_post, inf_ant, inf_mid, inf_post] = v.body.height_points().map(|q| in_patient(v, q));
    LevelTruth {
        level: v.level,
        centre_mm: in_patient(v, DVec3::ZERO),
        height_points_mm: HeightPoints { sup_ant, sup_mid, sup_post, inf_ant, inf_mid, inf_post },
        heights_mm: [(sup_ant, inf_ant), (sup_mid, inf_mid), (sup_post, inf_post)]
            .map(|(up, down)| rounded(up.distance_mm(down))),
        canal_ap_mm,
        cord_ap_mm,
    }
}

/// A point of a vertebra's own frame in the patient, to a thousandth of a millimetre.
fn in_patient(v: &Vertebra, q: DVec3) -> PatientPoint {
    let p = Phantom::patient_from_model(v.frame.patient_from_local(q));
    PatientPoint::ORIGIN.moved(DVec3::from_array(p.to_array().map(rounded)))
}

fn rounded(v: f64) -> f64 {
    (v * 1000.0).round() / 1000.0
}

fn lesion_truth(index: usize, voxels: &[usize], geometry: &Geometry) -> LesionTruth {
    let at = |flat: &usize| VoxelIndex::from_flat(*flat, geometry.size());
    let sum = voxels.iter().fold(DVec3::ZERO, |sum, v| sum + geometry.patient_from_voxel(at(v).center()).vec());
    let mean = sum / voxels.len().max(1) as f64;
    LesionTruth {
        label: LESIONS[index].handle,
        level: LESIONS[index].level,
        voxels: voxels.len(),
        volume_mm3: rounded(voxels.len() as f64 * geometry.voxel_volume_mm3().unwrap_or(0.0)),
        centroid_mm: PatientPoint::ORIGIN.moved(DVec3::from_array(mean.to_array().map(rounded))),
        mask: Mask::of(&voxels.iter().map(|v| at(v).0).collect::<Vec<_>>()),
    }
}

impl Mask {
    /// The smallest box around some voxels, given in grid order, and their runs in it.
    fn of(voxels: &[[usize; 3]]) -> Self {
        let Some(first) = voxels.first() else { return Self { origin_ijk: [0; 3], size_ijk: [0; 3], runs: vec![] } };
        let low = voxels.iter().fold(*first, |low, v| std::array::from_fn(|a| low[a].min(v[a])));
        let high = voxels.iter().fold(*first, |high, v| std::array::from_fn(|a| high[a].max(v[a])));
        let size: [usize; 3] = std::array::from_fn(|a| high[a] + 1 - low[a]);
        let (mut runs, mut end) = (vec![], 0);
        for v in voxels {
            let at = VoxelIndex(std::array::from_fn(|a| v[a] - low[a])).flat(size);
            match runs.last_mut() {
                Some(fill) if at == end => *fill += 1,
                _ => runs.extend([at - end, 1]),
            }
            end = at + 1;
        }
        Self { origin_ijk: low, size_ijk: size, runs }
    }

    /// The voxels again, in grid order.
    pub fn voxels(&self) -> Vec<VoxelIndex> {
        let mut voxels = Vec::new();
        let mut at = 0;
        for pair in self.runs.chunks_exact(2) {
            at += pair[0];
            voxels.extend((at..at + pair[1]).map(|flat| {
                let inside = VoxelIndex::from_flat(flat, self.size_ijk).0;
                VoxelIndex(std::array::from_fn(|a| inside[a] + self.origin_ijk[a]))
            }));
            at += pair[1];
        }
        voxels
    }
}

fn projected(phantom: &Phantom, level: VertebraLevel) -> Option<ProjectedLevel> {
    let v = phantom.vertebra(level)?;
    let pixel = |q: DVec3| {
        let p = Phantom::patient_from_model(v.frame.patient_from_local(q));
        Radiograph::SAMPLE.pixel_from_patient(p).map(|x| (x * 10.0).round() / 10.0)
    };
    let gone = level == VertebraLevel::C6;
    let height_points_px = (!gone).then(|| v.body.height_points().map(pixel));
    Some(ProjectedLevel { level, centre_px: pixel(DVec3::ZERO), height_points_px })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_give_their_voxels_back() {
        let voxels = [[4, 2, 1], [5, 2, 1], [3, 3, 1], [4, 3, 1], [4, 2, 3]];
        let mask = Mask::of(&voxels);
        assert_eq!((mask.origin_ijk, mask.size_ijk), ([3, 2, 1], [3, 2, 3]));
        assert_eq!(mask.runs, [1, 4, 8, 1]);
        assert!(mask.voxels().iter().map(|v| v.0).eq(voxels));
        assert!(Mask::of(&[]).voxels().is_empty());
    }
}
