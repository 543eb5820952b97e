//! What one reader says of one case, as far as it can be compared with what another says.

use crate::anatomy::VertebraLevel;
use crate::document::{ImageKey, LesionKind};
use crate::space::{Geometry, GridMap, PatientPoint};
use std::collections::BTreeMap;

/// A grid that masks lie on.
#[derive(Clone, Debug)]
pub struct Grid {
    /// The series, where the file names it.
    pub image: Option<ImageKey>,
    /// FrameOfReferenceUID (0020,0052), where the file names it.
    pub frame: Option<String>,
    /// The voxels.
    pub geometry: Geometry,
}

impl Grid {
    /// The map from the other's voxels to these; `None` where they do not coincide or lie in another frame of reference.
    pub fn from_other(&self, other: &Grid) -> Option<GridMap> {
        let frames = self.frame.as_ref().zip(other.frame.as_ref()).is_none_or(|(x, y)| x == y);
        frames.then(|| GridMap::between(&other.geometry, &self.geometry)).flatten()
    }
}

/// One lesion as one reader drew it.
#[derive(Clone, Debug)]
pub struct LesionReading {
    /// The reader's name for it.
    pub label: String,
    /// Its level, where the file says so.
    pub level: Option<VertebraLevel>,
    /// What it does to bone, where the file says so.
    pub kind: Option<LesionKind>,
    /// Voxels: index into [`Reading::grids`], ascending flat indices.
    pub masks: Vec<(usize, Vec<u64>)>,
}

impl LesionReading {
    /// Its voxels on a grid; none where it has none there.
    pub fn on(&self, grid: usize) -> &[u64] {
        self.masks.iter().find(|(g, _)| *g == grid).map_or(&[], |(_, flat)| flat)
    }
}

/// One level as one reader judged it.
#[derive(Clone, Debug, Default)]
pub struct LevelReading {
    /// Whether a lesion is there; `None` where the reader said that it cannot be judged.
    pub present: Option<bool>,
    /// Centre of the body.
    pub centre: Option<PatientPoint>,
    /// Judgements: name to category.
    pub grades: BTreeMap<&'static str, usize>,
    /// Figures: name to value.
    pub figures: BTreeMap<&'static str, f64>,
}

/// What one reader says of one case.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// The grids that masks lie on.
    pub grids: Vec<Grid>,
    /// Lesions.
    pub lesions: Vec<LesionReading>,
    /// Levels that were labelled, spoken of, or hold a lesion. Empty for label maps, which know none.
    pub levels: BTreeMap<VertebraLevel, LevelReading>,
    /// Drawn measurements: name and unit to value.
    pub measurements: BTreeMap<(String, String), f64>,
}

impl Reading {
    /// The pair of grids (ours, theirs) whose voxels coincide and that hold most voxels of both, with the map to ours.
    pub fn common_grid(&self, other: &Reading) -> Option<(usize, usize, GridMap)> {
        let painted = |r: &Reading, g: usize| r.lesions.iter().map(|l| l.on(g).len()).sum::<usize>();
        let pairs = (0..self.grids.len()).flat_map(|a| (0..other.grids.len()).map(move |b| (a, b)));
        pairs
            .filter_map(|(a, b)| Some((a, b, self.grids[a].from_other(&other.grids[b])?)))
            .max_by_key(|(a, b, _)| (painted(self, *a) + painted(other, *b), std::cmp::Reverse((*a, *b))))
    }
}

/// One case as every reader read it.
#[derive(Clone, Debug)]
pub struct CaseReadings {
    /// The case's name.
    pub name: String,
    /// What each reader said, in the readers' order; `None` where a reader has not read it.
    pub readings: Vec<Option<Reading>>,
}
