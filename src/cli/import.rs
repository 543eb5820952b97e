//! `spondyl import`: what other programs, or another case of ours, drew and found, as steps of a case.

use super::onto::{Numbering, Onto};
use super::{Failure, Outcome, say, write_out};
use crate::anatomy::VertebraLevel;
use crate::document::{Document, ImageIdentity, ImageKey};
use crate::import::{
    AskScheme, Content, Found, FoundLevels, How, Offer, Target, content, levels_of, offered_lesions, read_levels,
};
use crate::session::{Op, ScannedImages, Session};
use crate::study;
use crate::volume::Kind;
use clap::Args;
use std::path::{Path, PathBuf};

/// Take drawings and centres of vertebrae over from other programs.
///
/// Lesions: DICOM segmentations (SEG) and structure sets (RTSTRUCT), label maps (NIfTI, NRRD), segmentations of 3D Slicer
/// (.seg.nrrd), and our own case files and JSON, which come back whole. They go onto the series whose voxels are the file's,
/// by frame of reference and grid; onto another grid only with --resample. What does not fit is said and left out. A lesion
/// that is in the case already, by identity or by name and level, gets the voxels on a series where it has none yet.
/// Vertebrae: centroids of VerSe (JSON; positions in voxels of the series), and label maps of vertebrae whose names say so
/// or with --numbers, which says what numbers mean; label 25, which is L6 for some and S1 for others, has to be said.
/// Each file is one step like any other: in the journal, and undo takes it back. Each file is answered with lines of JSON.
///
/// Example: spondyl import lesions.seg.dcm --images scans/ct --case reader-1.spondyl --reader reader-1
#[derive(Args)]
pub struct ImportArgs {
    /// The files to read, or a folder with a mask for each vertebra (vertebrae_C6.nii.gz, …).
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    #[command(flatten)]
    onto: Onto,
    /// Take drawings on other grids at the nearest voxel.
    #[arg(long)]
    resample: bool,
    /// The level of lesions of which the file does not say it; else the labelled vertebra nearest to them.
    #[arg(long, value_name = "LEVEL")]
    level: Option<VertebraLevel>,
    /// The numbers of a label map without names are lesions.
    #[arg(long, conflicts_with_all = ["numbers", "label_25"])]
    lesions: bool,
    /// The file is a label map of vertebrae, and this is what its numbers mean.
    #[arg(long, value_enum)]
    numbers: Option<Numbering>,
}

/// Takes files over.
///
/// # Errors
/// A sentence when a file cannot be read, its numbers have to be explained, nothing of it fits, or a step cannot be saved.
pub fn run(args: ImportArgs) -> Outcome {
    let found: Vec<(&Path, Found)> =
        args.files.iter().map(|f| Ok((f.as_path(), read_levels(f)?))).collect::<Result<_, Failure>>()?;
    let scan = study::scan(&args.onto.images, &());
    let in_space = |s: &study::Series| s.identity().kind != Kind::Projection;
    let several = args.onto.series.is_none() && scan.series.iter().filter(|s| in_space(s)).count() > 1;
    let chosen = match (scan.series.iter().position(in_space), &args.onto.series) {
        (Some(first), None) => first,
        _ => super::series::choose(&scan, args.onto.series.as_deref())?,
    };
    let targets = targets(&scan, several, chosen);
    let images = ScannedImages::new(scan, chosen);
    let (key, identity) = images.primary_identity().ok_or_else(|| Failure::Failed("the series is gone".to_owned()))?;
    let first = found.iter().find_map(|(_, f)| first_image(f, &targets)).unwrap_or((key, identity));
    // Whatever has to be asked is asked, and whatever does not fit is known, before a case is begun.
    let image = (!several).then_some(&first.1);
    let levels_in =
        |(path, f): &(&Path, Found)| of_vertebrae(f, &args).then(|| levels_in(path, f, &args, image)).transpose();
    let levels: Vec<Option<FoundLevels>> = found.iter().map(levels_in).collect::<Result<_, Failure>>()?;
    let (mut session, mut document) = args.onto.look(&first)?;
    let mut offers = Vec::new();
    for ((path, found), levels) in found.iter().zip(levels) {
        let offer = match levels {
            Some(levels) => Taken::Levels(levels),
            None => Taken::Lesions(Box::new(lesions(path, found, &args, &targets, &mut document, &images))),
        };
        offers.push((*path, found, offer));
    }
    if session.is_none() && offers.iter().any(|(_, _, taken)| taken.fits()) {
        session = Some(args.onto.open(&first)?);
    }
    let mut nothing = None;
    for (path, found, taken) in offers {
        let done = taken.fits();
        match taken {
            Taken::Levels(levels) => take_levels(found, levels, session.as_mut(), &images)?,
            Taken::Lesions(offer) => take_lesions(path, found, *offer, session.as_mut(), &images)?,
        }
        nothing = nothing.or((!done).then(|| path.display().to_string()));
    }
    match nothing {
        Some(path) => Err(Failure::Failed(format!("{path}: nothing of it fits; the notes above say why"))),
        None => Ok(()),
    }
}

/// What a file gives.
enum Taken {
    Levels(FoundLevels),
    Lesions(Box<Offer>),
}

impl Taken {
    fn fits(&self) -> bool {
        match self {
            Taken::Levels(levels) => !levels.centres.is_empty(),
            Taken::Lesions(offer) => offer.op.is_some(),
        }
    }
}

fn targets(scan: &study::Scan, several: bool, chosen: usize) -> Vec<Target> {
    let all = scan.series.iter().enumerate().filter(|(n, _)| several || *n == chosen);
    let all = all.map(|(_, s)| Target { key: scan.key_of(s), identity: s.identity() });
    all.filter(|t| t.identity.kind != Kind::Projection).collect()
}

/// The first series of the case: the one that the file was drawn on, where it is at hand.
fn first_image(found: &Found, targets: &[Target]) -> Option<(ImageKey, ImageIdentity)> {
    let of_case = found.case.iter().flat_map(|c| &c.images).map(|i| &i.id);
    let of_grids = found.grids.iter().filter_map(|g| g.image.as_ref());
    let named = of_case.chain(of_grids).find_map(|key| targets.iter().find(|t| t.key == *key))?;
    Some((named.key.clone(), named.identity.clone()))
}

/// Whether a file is taken as one of vertebrae and not of lesions.
fn of_vertebrae(found: &Found, args: &ImportArgs) -> bool {
    let scheme = args.numbers.is_some() || args.onto.label_25.is_some();
    // Numbers without names are asked about: vertebrae and lesions look alike.
    let may_be = found.case.is_none() && (scheme || content(found) != Content::Lesions);
    may_be && !args.lesions && args.level.is_none()
}

/// The levels that a file names, or what has to be asked first.
fn levels_in(
    path: &Path,
    found: &Found,
    args: &ImportArgs,
    image: Option<&ImageIdentity>,
) -> Result<FoundLevels, Failure> {
    let scheme = args.onto.names(args.numbers);
    levels_of(found, scheme, image.map(|i| &i.geometry)).map_err(|ask| {
        let how = match ask {
            AskScheme::Numbers(_) => ": --numbers verse or --numbers totalsegmentator, or --lesions",
            AskScheme::Label25 => ": --label-25 L6 or --label-25 S1",
            AskScheme::NoImage => ": several series are there; name one with --series",
            _ => "",
        };
        Failure::Failed(format!("{}: {ask}{how}", path.display()))
    })
}

fn take_levels(found: &Found, levels: FoundLevels, session: Option<&mut Session>, images: &ScannedImages) -> Outcome {
    found.notes.iter().chain(&levels.notes).for_each(|n| say(&format!("spondyl: note: {n}")));
    let Some(session) = session.filter(|_| !levels.centres.is_empty()) else { return Ok(()) };
    let op = Op::LabelVertebrae { centres_mm: levels.centres.clone(), source: Some(found.what.to_owned()) };
    let edit = session.perform(&op, images)?;
    session.wait_durable(edit)?;
    for (level, at_mm) in &levels.centres {
        write_out(&format!("{}\n", serde_json::json!({"level": level, "at_mm": at_mm, "edit": edit})))?;
    }
    Ok(())
}

/// What can be taken of a file's drawings; `document` then stands after it, for the next file.
fn lesions(
    path: &Path,
    found: &Found,
    args: &ImportArgs,
    targets: &[Target],
    document: &mut Document,
    images: &ScannedImages,
) -> Offer {
    let how = How { resample: args.resample, level: args.level };
    let offer = offered_lesions(found, targets, document, how, images);
    offer.notes.iter().for_each(|n| say(&format!("spondyl: note: {}: {n}", path.display())));
    document.clone_from(&offer.document);
    offer
}

fn take_lesions(
    path: &Path,
    found: &Found,
    offer: Offer,
    session: Option<&mut Session>,
    images: &ScannedImages,
) -> Outcome {
    let mut last = None;
    if let (Some(op), Some(session)) = (&offer.op, session) {
        let edit = session.perform(op, images)?;
        session.wait_durable(edit)?;
        last = Some(edit);
    }
    let answer = serde_json::json!({
        "file": path.display().to_string(), "what": found.what, "lesions": offer.lesions,
        "steps": offer.steps, "left_out": offer.notes.len(), "edit": last,
    });
    write_out(&format!("{answer}\n"))
}
