//! Our own files: the journal of a case and its JSON.

use super::{CentreName, Found, FoundMask, ImportError, Place};
use crate::agree::Grid;
use crate::export::{Case, CaseFile, ImageRecord, LesionRecord, case_file, read_case_json};
use crate::session::{Access, Opened, Session};
use crate::space::{DVec3, Geometry, PatientPoint};
use std::collections::BTreeMap;
use std::path::Path;

/// Reads a case file, without its images.
pub fn journal(path: &Path) -> Result<Found, ImportError> {
    let Opened { session, notices } = Session::open(path, Access::Read)
        .map_err(|e| ImportError { path: path.display().to_string(), what: e.to_string() })?;
    let script = session.script();
    let case = Case {
        id: session.header().case_id,
        doc: session.document(),
        reader: &session.header().reader,
        active_seconds: session.active_time().as_secs_f64(),
        volumes: &BTreeMap::new(),
        script: &script,
        deidentified: None,
        utc: session.changed_utc(),
    };
    let mut found = of_case(case_file(&case)).map_err(|what| ImportError::new(path, what))?;
    found.what = "case file";
    found.notes.extend(notices);
    Ok(found)
}

/// Reads a case JSON.
pub fn json(path: &Path) -> Result<Found, ImportError> {
    read_case_json(path).and_then(of_case).map_err(|what| ImportError::new(path, what))
}

/// The grid of an image.
pub fn geometry_of(image: &ImageRecord) -> Result<Geometry, String> {
    let g = &image.grid;
    let bad = |e: &dyn std::fmt::Display| format!("the grid of series {} makes no sense: {e}", image.id.0);
    let steps: [DVec3; 3] = std::array::from_fn(|a| DVec3::from_array(g.direction[a]) * g.spacing_mm[a]);
    let size = g.size.map(|n| usize::try_from(n).unwrap_or(usize::MAX));
    if size.iter().try_fold(1usize, |all, n| all.checked_mul(*n)).is_none_or(|all| all > 1 << 36) {
        return Err(bad(&format!("{} x {} x {} voxels", size[0], size[1], size[2])));
    }
    let point = |p: [f64; 3]| PatientPoint::try_from(p).map_err(|e| bad(&e));
    match &g.slice_origins_mm {
        None => Geometry::regular(point(g.origin_mm)?, steps, size).map_err(|e| bad(&e)),
        Some(origins) => {
            let origins = origins.iter().map(|p| point(*p)).collect::<Result<Vec<_>, _>>()?;
            Geometry::uneven(origins, steps, [size[0], size[1]]).map_err(|e| bad(&e))
        }
    }
}

fn of_case(case: CaseFile) -> Result<Found, String> {
    let mut found = Found { what: "case JSON", ..Found::default() };
    let set = case.annotation_sets.first().ok_or("it holds no annotation set")?;
    found.reader = Some(set.reader.clone());
    for image in &case.images {
        found.grids.push(Grid {
            image: Some(image.id.clone()),
            frame: image.frame_of_reference_uid.clone(),
            geometry: geometry_of(image)?,
        });
    }
    for v in &set.vertebrae {
        if let Some(p) = v.centroid_mm.and_then(|p| PatientPoint::try_from(p).ok()) {
            found.centres.push((CentreName::Level(v.level), Place::Patient(p)));
        }
    }
    // Later timepoints hold the same lesions on other images.
    for v in case.annotation_sets.iter().flat_map(|s| &s.vertebrae) {
        for l in &v.lesions {
            let masks = masks_of(l, &found.grids)?;
            if let Some(known) = found.masks.iter_mut().find(|m| m.id == Some(l.id)) {
                let fresh = masks.into_iter().filter(|(g, _)| known.masks.iter().all(|(k, _)| k != g));
                known.masks.extend(fresh.collect::<Vec<_>>());
                continue;
            }
            let (name, value) = (l.label.clone(), Some(u32::from(l.label_value)));
            found.masks.push(FoundMask {
                name,
                value,
                level: Some(v.level),
                kind: Some(l.kind),
                id: Some(l.id),
                masks,
                outlines: None,
            });
        }
    }
    found.case = Some(Box::new(case));
    Ok(found)
}

fn masks_of(l: &LesionRecord, grids: &[Grid]) -> Result<Vec<(usize, Vec<u64>)>, String> {
    let mut masks = Vec::new();
    for geometry in std::iter::once(&l.geometry).chain(l.on_other_images.iter().map(|o| &o.geometry)) {
        let (Some(image), Some(mask)) = (&geometry.image, &geometry.mask) else { continue };
        let at = grids.iter().position(|g| g.image.as_ref() == Some(image));
        let at = at.ok_or_else(|| format!("lesion {}: there is no series {}", l.label, image.0))?;
        let size = grids[at].geometry.size().map(|n| n as u64);
        masks.push((at, mask.voxels(size).map_err(|e| format!("lesion {}: {e}", l.label))?));
    }
    Ok(masks)
}
