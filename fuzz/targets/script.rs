//! A script of any bytes on a small series: a step is refused and changes nothing, or it stands, can be undone and is in
//! the file.
#![no_main]

mod common;

use libfuzzer_sys::fuzz_target;
use spondyl::document::{ImageIdentity, ImageKey, SliceIdentity};
use spondyl::session::{Access, Header, Images, Op, Session};
use spondyl::space::{DVec3, Geometry, PatientPoint};
use spondyl::volume::{Kind, Rescale, Rescales, Samples, Volume};
use std::sync::{Arc, OnceLock};

struct Series(Arc<Volume>);

fn series() -> &'static Series {
    static SERIES: OnceLock<Series> = OnceLock::new();
    SERIES.get_or_init(|| {
        let size = [24, 20, 10];
        let steps = [DVec3::X * 0.9, DVec3::Y * 1.1, DVec3::Z * 2.2];
        let origin = PatientPoint::new(-10.0, -12.0, 40.0).expect("finite");
        Series(Arc::new(Volume {
            geometry: Geometry::regular(origin, steps, size).expect("three steps at right angles"),
            kind: Kind::Volume,
            samples: Samples::U8((0..size.iter().product::<usize>()).map(|n| (n * 7919 % 251) as u8).collect()),
            rescales: Rescales::Uniform(Rescale { slope: 1.0, intercept: -100.0 }),
            units: "HU".to_owned(),
            inverted: false,
            voi: Vec::new(),
            padding: None,
        }))
    })
}

impl Images for Series {
    fn volume(&self, _: &ImageKey) -> Option<Arc<Volume>> {
        Some(self.0.clone())
    }

    fn identity(&self, key: &ImageKey) -> Option<ImageIdentity> {
        (Some(key) == self.primary().as_ref()).then(|| ImageIdentity {
            study_instance_uid: "1.2.3".to_owned(),
            series_instance_uid: "1.2.3.4".to_owned(),
            frame_of_reference_uid: None,
            sop_class_uid: "1.2.840.10008.5.1.4.1.1.2".to_owned(),
            modality: "CT".to_owned(),
            kind: Kind::Volume,
            spacing_origin: Default::default(),
            calibration: None,
            geometry: self.0.geometry.clone(),
            units: "HU".to_owned(),
            slices: (0..10).map(|n| SliceIdentity { sop_instance_uid: format!("1.2.3.4.{n}"), frame: None }).collect(),
            fingerprint: "f".repeat(64),
            findings: Vec::new(),
        })
    }

    fn primary(&self) -> Option<ImageKey> {
        Some(ImageKey("1.2.3.4".to_owned()))
    }
}

/// A line longer than this is one of the cases that cost time and find nothing.
const LINES: usize = 24;

fuzz_target!(|data: &[u8]| {
    let path = common::folder().join("script.spondyl");
    let _ = std::fs::remove_file(&path);
    let header = Header::new("fuzz", &series().identity(&ImageKey("1.2.3.4".to_owned())));
    let mut session = Session::create(&path, header).expect("memory").session;
    for line in data.split(|b| *b == b'\n').take(LINES) {
        let Ok(op) = Op::from_line(line) else { continue };
        let (before, generation) = (session.document().clone(), session.generation());
        let turns = matches!(op, Op::Undo {} | Op::Redo {});
        let images = before.images.len();
        match session.perform(&op, series()) {
            Err(why) => {
                assert!(!why.to_string().is_empty());
                let brought = session.document().images.len() > images; // a refused step may have brought its series
                assert!(brought || (before == *session.document() && generation == session.generation()), "{why}");
            }
            Ok(_) if turns || session.document().images.len() > images => {}
            Ok(_) => {
                let after = session.document().clone();
                session.undo().expect("what was done can be undone");
                assert!(before == *session.document(), "undo gives back what was there");
                session.redo().expect("and redo brings it again");
                assert!(after == *session.document());
            }
        }
    }
    let (said, script) = (session.document().clone(), session.script());
    drop(session);
    let again = Session::open(&path, Access::Read).expect("what was written can be read").session;
    assert!(said == *again.document(), "the file says what was on the screen");
    assert_eq!(script, again.script());
});
