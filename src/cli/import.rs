//! `spondyl import`: the centres of vertebrae from another program's file, as one step of a case.

use super::{Failure, Outcome, say, write_out};
use crate::anatomy::VertebraLevel;
use crate::import::{AskScheme, LabelNames, levels_of, read_levels};
use crate::session::{Op, ScannedImages, Session};
use crate::study;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// Take the centres of vertebrae over from another program.
///
/// Reads VerSe centroids (JSON; positions in voxels of the series), label maps as NIfTI (VerSe, TotalSegmentator), and our
/// own case files. Names count before numbers; where a file only numbers its structures, --numbers says what they mean, and
/// label 25, which is L6 for some and S1 for others, has to be said. Levels that are there already move. One step, which
/// undo takes back; each level is answered with a line of JSON.
///
/// Example: spondyl import sub-01_ctd.json --images scans/ct --case reader-1.spondyl --reader reader-1
#[derive(Args)]
pub struct ImportArgs {
    /// The file to read, or a folder with a mask for each vertebra (vertebrae_C6.nii.gz, …).
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The images that the centres belong to: files, folders, a DICOMDIR, or a zip of such; may be given several times.
    #[arg(long, required = true, value_name = "PATH")]
    images: Vec<PathBuf>,
    /// The case file; made when it is not there yet, else continued.
    #[arg(long, value_name = "FILE.spondyl")]
    case: PathBuf,
    /// The series: its UID, a unique end of it, or its number in the list of `info`.
    #[arg(long, value_name = "UID|N")]
    series: Option<String>,
    /// Pseudonym of the reader (no name); of an existing case it must be the case's own.
    #[arg(long, value_name = "ID")]
    reader: Option<String>,
    /// What numbers mean in a label map without names.
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

/// Takes centres over.
///
/// # Errors
/// A sentence when the file cannot be read, its numbers have to be explained, or the step cannot be saved.
pub fn run(args: ImportArgs) -> Outcome {
    let found = read_levels(&args.file)?;
    let scan = study::scan(&args.images, &());
    let chosen = super::series::choose(&scan, args.series.as_deref())?;
    let images = ScannedImages::new(scan, chosen);
    let (key, identity) = images.primary_identity().ok_or_else(|| Failure::Failed("the series is gone".to_owned()))?;
    let verse = LabelNames::Verse { id_25: args.label_25 };
    let scheme = match args.numbers {
        Some(Numbering::Totalsegmentator) => Some(LabelNames::TotalSegmentator),
        Some(Numbering::Verse) => Some(verse),
        None => args.label_25.map(|_| verse),
    };
    let levels = levels_of(&found, scheme, Some(&identity.geometry)).map_err(|ask| {
        let how = match ask {
            AskScheme::Numbers(_) => ": --numbers verse or --numbers totalsegmentator",
            AskScheme::Label25 => ": --label-25 L6 or --label-25 S1",
            _ => "",
        };
        Failure::Failed(format!("{}: {ask}{how}", args.file.display()))
    })?;
    found.notes.iter().chain(&levels.notes).for_each(|n| say(&format!("spondyl: note: {n}")));
    let opened = Session::open_or_create(&args.case, args.reader.as_deref(), std::slice::from_ref(&identity))?;
    opened.notices.iter().for_each(|n| say(&format!("spondyl: note: {n}")));
    let mut session = opened.session;
    session.add_image(&key, identity)?;
    let op = Op::LabelVertebrae { centres_mm: levels.centres.clone(), source: Some(found.what.to_owned()) };
    let edit = session.perform(&op, &images)?;
    session.wait_durable(edit)?;
    for (level, at_mm) in &levels.centres {
        write_out(&format!("{}\n", serde_json::json!({"level": level, "at_mm": at_mm, "edit": edit})))?;
    }
    Ok(())
}
