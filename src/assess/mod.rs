//! Pure clinical computation over a document: figures of lesions, heights and collapse of vertebral bodies, and the
//! scores that surgeons and radiologists use. Nothing here draws, stores or decides; a figure that cannot be known is
//! absent, and a score with an unanswered part is a range.

mod canal;
mod change;
mod destroyed;
mod diameter;
mod epidural;
mod heights;
mod lesion;
mod levels;
mod measure;
mod numbering;
mod recist;
mod reference;
mod sins;

pub use canal::{Canal, canal};
pub use change::{LevelChange, LevelSummary, after_surgery, changes};
pub use destroyed::{BodyReference, Destroyed, body_image, body_volumes, destroyed};
pub use epidural::{Escc, EsccQuestion, escc, escc_path};
pub use heights::{
    Collapse, CollapseReference, Genant, GenantShape, Heights, collapse, genant, heights, segmental_kyphosis_deg,
    translation_mm,
};
pub use lesion::{LesionStats, ValueStats, lesion_stats, stats_of_voxels, voxels_by_label};
pub use levels::{LevelSpan, is_in_frame, lesion_span, lesions_at, main_image, span_of_voxels};
pub use measure::{Measured, measure, measured, region_voxels};
pub use numbering::{chain_findings, is_anchored, missing};
pub use recist::measurable;
pub use reference::{BoneReference, bone_reference};
pub use sins::{Category, Component, Components, NotScored, Sins, Source, sins, sins_with};

#[cfg(test)]
mod tests {
    //! What the tests of this room share.
    use crate::document::HeightPoints;
    pub use crate::document::test_documents::with_grid as doc_with_grid;
    use crate::space::PatientPoint;

    /// End-plate points of a body with these anterior, middle and posterior heights around height `z`, 30 mm deep, moved
    /// by `y` and tipped forward (front down) by an angle in degrees.
    pub fn body(heights: [f64; 3], z: f64, tip_deg: f64, y: f64) -> HeightPoints {
        let (sin, cos) = tip_deg.to_radians().sin_cos();
        let at = |depth: f64, half: f64| {
            let (b, c) = (depth * cos - half * sin, depth * sin + half * cos);
            PatientPoint::new(2.0, y + b, z + c).expect("finite")
        };
        let [a, m, p] = heights.map(|h| 0.5 * h);
        HeightPoints {
            sup_ant: at(-15.0, a),
            sup_mid: at(0.0, m),
            sup_post: at(15.0, p),
            inf_ant: at(-15.0, -a),
            inf_mid: at(0.0, -m),
            inf_post: at(15.0, -p),
        }
    }
}
