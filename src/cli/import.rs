//! `spondyl import`: what other programs, or another case of ours, drew and found, as steps of a case.

use super::{Failure, Outcome, say, write_out};
use crate::anatomy::VertebraLevel;
use crate::import::{self, AskScheme, Found, FoundLevels, How, LabelNames, Target, levels_of, read_levels, steps};
use crate::session::{Op, ScannedImages, Session};
use crate::study;
use crate::volume::Kind;
use clap::{Args, ValueEnum};
use std::path::{Path, PathBuf};

/// Take drawings and centres of vertebrae over from other programs.
///
/// Lesions: DICOM segmentations (SEG) and structure sets (RTSTRUCT), label maps (NIfTI, NRRD), segmentations of 3D Slicer
/// (.seg.nrrd), and our own case files and JSON, which come back whole. They go onto the series whose voxels are the file's,
/// by frame of reference and grid; onto another grid only with --resample. What does not fit is said and left out.
/// Vertebrae: centroids of VerSe (JSON; positions in voxels of the series), and label maps of vertebrae whose names say so
/// or with --numbers, which says what numbers mean; label 25, which is L6 for some and S1 for others, has to be said.
/// Steps like any others: in the journal, and undo takes them back. Each file is answered with lines of JSON.
///
/// Example: spondyl import lesions.seg.dcm --images scans/ct --case reader-1.spondyl --reader reader-1
#[derive(Args)]
pub struct ImportArgs {
    /// The files to read, or a folder with a mask for each vertebra (vertebrae_C6.nii.gz, …).
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The images that they belong to: files, folders, a DICOMDIR, or a zip of such; may be given several times.
    #[arg(long, required = true, value_name = "PATH")]
    images: Vec<PathBuf>,
    /// The case file; made when it is not there yet, else continued.
    #[arg(long, value_name = "FILE.spondyl")]
    case: PathBuf,
    /// The series: its UID, a unique end of it, or its number in the list of `info`. Without it each drawing finds its own.
    #[arg(long, value_name = "UID|N")]
    series: Option<String>,
    /// Pseudonym of the reader (no name); of an existing case it must be the case's own.
    #[arg(long, value_name = "ID")]
    reader: Option<String>,
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
    /// What VerSe's label 25 is here.
    #[arg(long, value_name = "LEVEL")]
    label_25: Option<VertebraLevel>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Numbering {
    /// 1 to 7 C1 to C7, 8 to 19 T1 to T12, 20 to 24 L1 to L5, 28 T13.
    Verse,
    /// TotalSegmentator v2, task total: 26 S1, 27 L5 … 50 C1.
    Totalsegmentator,
}

/// Takes files over.
///
/// # Errors
/// A sentence when a file cannot be read, its numbers have to be explained, nothing of it fits, or a step cannot be saved.
pub fn run(args: ImportArgs) -> Outcome {
    let found: Vec<(&Path, Found)> =
        args.files.iter().map(|f| Ok((f.as_path(), read_levels(f)?))).collect::<Result<_, Failure>>()?;
    let scan = study::scan(&args.images, &());
    let in_space = |s: &study::Series| s.identity().kind != Kind::Projection;
    let several = args.series.is_none() && scan.series.iter().filter(|s| in_space(s)).count() > 1;
    let chosen = match (scan.series.iter().position(in_space), &args.series) {
        (Some(first), None) => first,
        _ => super::series::choose(&scan, args.series.as_deref())?,
    };
    let targets = targets(&scan, several, chosen);
    let images = ScannedImages::new(scan, chosen);
    let (key, identity) = images.primary_identity().ok_or_else(|| Failure::Failed("the series is gone".to_owned()))?;
    let first = found.iter().find_map(|(_, f)| first_image(f, &targets)).unwrap_or((key, identity));
    // Whatever has to be asked is asked before a case is begun.
    let image = (!several).then_some(&first.1);
    let levels_in =
        |(path, f): &(&Path, Found)| of_vertebrae(f, &args).then(|| levels_in(path, f, &args, image)).transpose();
    let levels: Vec<Option<FoundLevels>> = found.iter().map(levels_in).collect::<Result<_, Failure>>()?;
    let opened = Session::open_or_create(&args.case, args.reader.as_deref(), std::slice::from_ref(&first.1))?;
    opened.notices.iter().for_each(|n| say(&format!("spondyl: note: {n}")));
    let mut session = opened.session;
    session.add_image(&first.0, first.1.clone())?;
    let mut nothing = None;
    for ((path, found), levels) in found.iter().zip(&levels) {
        let done = match levels {
            Some(levels) => take_levels(found, levels, &mut session, &images)?,
            None => take_lesions(path, found, &args, &targets, &mut session, &images)?,
        };
        nothing = nothing.or((!done).then(|| path.display().to_string()));
    }
    match nothing {
        Some(path) => Err(Failure::Failed(format!("{path}: nothing of it fits; the notes above say why"))),
        None => Ok(()),
    }
}

fn targets(scan: &study::Scan, several: bool, chosen: usize) -> Vec<Target> {
    let all = scan.series.iter().enumerate().filter(|(n, _)| several || *n == chosen);
    let all = all.map(|(_, s)| Target { key: scan.key_of(s), identity: s.identity() });
    all.filter(|t| t.identity.kind != Kind::Projection).collect()
}

/// The first series of the case: the one that the file was drawn on, where it is at hand.
fn first_image(
    found: &Found,
    targets: &[Target],
) -> Option<(crate::document::ImageKey, crate::document::ImageIdentity)> {
    let of_case = found.case.iter().flat_map(|c| &c.images).map(|i| &i.id);
    let of_grids = found.grids.iter().filter_map(|g| g.image.as_ref());
    let named = of_case.chain(of_grids).find_map(|key| targets.iter().find(|t| t.key == *key))?;
    Some((named.key.clone(), named.identity.clone()))
}

/// Whether a file speaks of vertebrae and not of lesions.
fn of_vertebrae(found: &Found, args: &ImportArgs) -> bool {
    let vertebra = |m: &import::FoundMask| m.kind.is_none() && import::level_named(&m.name).is_some();
    let unnamed = |m: &import::FoundMask| m.name.is_empty();
    let scheme = args.numbers.is_some() || args.label_25.is_some();
    let lesions = args.lesions || args.level.is_some();
    let masks = &found.masks;
    // Numbers without names are asked about: vertebrae and lesions look alike.
    found.case.is_none() && !lesions && (scheme || masks.iter().all(vertebra) || masks.iter().all(unnamed))
}

/// The levels that a file names, or what has to be asked first.
fn levels_in(
    path: &Path,
    found: &Found,
    args: &ImportArgs,
    image: Option<&crate::document::ImageIdentity>,
) -> Result<FoundLevels, Failure> {
    let verse = LabelNames::Verse { id_25: args.label_25 };
    let scheme = match args.numbers {
        Some(Numbering::Totalsegmentator) => Some(LabelNames::TotalSegmentator),
        Some(Numbering::Verse) => Some(verse),
        None => args.label_25.map(|_| verse),
    };
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

fn take_levels(
    found: &Found,
    levels: &FoundLevels,
    session: &mut Session,
    images: &ScannedImages,
) -> Result<bool, Failure> {
    found.notes.iter().chain(&levels.notes).for_each(|n| say(&format!("spondyl: note: {n}")));
    let op = Op::LabelVertebrae { centres_mm: levels.centres.clone(), source: Some(found.what.to_owned()) };
    let edit = session.perform(&op, images)?;
    session.wait_durable(edit)?;
    for (level, at_mm) in &levels.centres {
        write_out(&format!("{}\n", serde_json::json!({"level": level, "at_mm": at_mm, "edit": edit})))?;
    }
    Ok(!levels.centres.is_empty())
}

fn take_lesions(
    path: &Path,
    found: &Found,
    args: &ImportArgs,
    targets: &[Target],
    session: &mut Session,
    images: &ScannedImages,
) -> Result<bool, Failure> {
    let how = How { resample: args.resample, level: args.level };
    let taken = steps(found, targets, session.document(), how);
    let (mut last, mut lost, mut refused): (_, Option<String>, _) = (None, None, 0);
    for op in &taken.ops {
        // What belongs to a lesion that was refused is not tried.
        if lost.is_some() && op.lesion() == lost.as_deref() {
            continue;
        }
        match session.perform(op, images) {
            Ok(edit) => last = Some(edit),
            Err(e) => {
                refused += 1;
                say(&format!("spondyl: note: {}: a step was refused: {e}", path.display()));
                lost = matches!(op, Op::AddLesion { .. }).then(|| op.lesion().map(str::to_owned)).flatten();
            }
        }
    }
    if let Some(edit) = last {
        session.wait_durable(edit)?;
    }
    taken.notes.iter().for_each(|n| say(&format!("spondyl: note: {}: {n}", path.display())));
    let answer = serde_json::json!({
        "file": path.display().to_string(), "what": found.what, "lesions": taken.lesions,
        "steps": taken.ops.len() - refused, "left_out": taken.notes.len() + refused, "edit": last,
    });
    write_out(&format!("{answer}\n"))?;
    Ok(last.is_some())
}
