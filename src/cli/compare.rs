//! `spondyl compare`: how far readers agree, as a pure function of their files.

use super::{Failure, Outcome, say, write_out};
use crate::agree::{Agreement, CaseReadings, Estimate, Options, Resampling, agreement, agreement_tables, page};
use crate::export::{json_text, write_whole};
use crate::import::{self, Found, files_below, reader_name, reading_of};
use crate::study::visible;
use clap::{Args, ValueEnum};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};

/// Agreement between readers' files of the same images, or between readers and a reference.
///
/// Each argument is one reader: a file (*.spondyl, case JSON, NIfTI label map) or a folder of such, one a case; files of
/// several folders belong together by their path below the folder, without the ending. Masks are compared where their
/// voxels coincide, also when files count them in another order; nothing is resampled.
///
/// Figures: Dice, IoU, Hausdorff distances, ASSD, surface Dice, volume difference; lesions found and missed; presence at
/// each level (Cohen, Fleiss, Gwet, Krippendorff); numbers (ICC, Bland-Altman). Their definitions are in the output.
///
/// Example: spondyl compare reader-1.spondyl reader-2.spondyl -o agreement/
#[derive(Args)]
pub struct CompareArgs {
    /// Two or more readers.
    #[arg(value_name = "FILE|FOLDER", num_args = 2.., required = true)]
    readers: Vec<PathBuf>,
    /// The first reader is the reference that every other is held against.
    #[arg(long)]
    reference: bool,
    #[command(flatten)]
    figures: FigureArgs,
    /// What a level means that a reader of the case did not mark while another did.
    #[arg(long, value_enum, default_value = "absent")]
    unmarked: Unmarked,
    /// Print the comparison as JSON (schema `spondyl-agreement/1`).
    #[arg(long)]
    json: bool,
    /// Also write agreement.json, three tables and agreement.html into this folder.
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
}

/// How the figures of any comparison are computed.
#[derive(Args)]
pub(super) struct FigureArgs {
    /// Tolerances of the surface Dice, mm, separated by commas.
    #[arg(long, value_name = "MM", value_delimiter = ',', default_values_t = [1.0, 2.0])]
    tau_mm: Vec<f64>,
    /// Resamples of the bootstrap intervals; 0 leaves them out.
    #[arg(long, value_name = "N", default_value_t = 1000)]
    bootstrap: usize,
    /// Seed of the bootstrap.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

impl FigureArgs {
    /// The options of a comparison in which a level that a reader did not mark is absent; no reader is the reference.
    pub(super) fn options(&self) -> Result<Options, Failure> {
        if let Some(bad) = self.tau_mm.iter().find(|t| !t.is_finite() || **t < 0.0) {
            return Err(Failure::Usage(format!("--tau-mm is {bad}; a tolerance is a length from 0 mm on")));
        }
        if self.bootstrap > 100_000 {
            return Err(Failure::Usage(format!(
                "--bootstrap is {}; at most 100000 resamples are drawn",
                self.bootstrap
            )));
        }
        let bootstrap = Resampling { samples: self.bootstrap, seed: self.seed };
        Ok(Options { tau_mm: self.tau_mm.clone(), bootstrap, reference_first: false, unmarked_missing: false })
    }
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Unmarked {
    /// The reader saw nothing there.
    Absent,
    /// The reader did not rate it.
    Missing,
}

/// Compares.
///
/// # Errors
/// When a file cannot be read, nothing belongs together, or the output cannot be written.
pub fn run(args: CompareArgs) -> Outcome {
    let options = Options {
        reference_first: args.reference,
        unmarked_missing: args.unmarked == Unmarked::Missing,
        ..args.figures.options()?
    };
    let (readers, cases, mut notes) = gather(&args.readers)?;
    let mut compared = agreement(&readers, &cases, &options);
    notes.append(&mut compared.notes);
    compared.notes = notes;
    deliver(&compared, args.json, args.output.as_deref())
}

/// Prints a comparison, and writes it to a folder where one is given.
pub(super) fn deliver(compared: &Agreement, json: bool, folder: Option<&Path>) -> Outcome {
    compared.notes.iter().for_each(|n| say(&format!("spondyl: note: {n}")));
    if let Some(folder) = folder {
        write_files(compared, folder)?;
    }
    match json {
        true => write_out(&String::from_utf8_lossy(&json_text(compared)?)),
        false => write_out(&summary(compared)),
    }
}

/// Writes a comparison to a folder: JSON, tables, page.
pub(super) fn write_files(compared: &Agreement, folder: &Path) -> Outcome {
    std::fs::create_dir_all(folder)
        .map_err(|e| Failure::Failed(format!("{}: the folder cannot be made: {e}", folder.display())))?;
    write_whole(&folder.join("agreement.json"), &json_text(compared)?)?;
    for (name, bytes) in agreement_tables(compared)? {
        write_whole(&folder.join(name), &bytes)?;
    }
    write_whole(&folder.join("agreement.html"), page(compared).as_bytes())?;
    Ok(())
}

type Gathered = (Vec<String>, Vec<CaseReadings>, Vec<String>);

/// Readers, cases and notes from the arguments. A file that cannot be read costs its reader that case, and is said; where
/// every reader is one file it is an error.
fn gather(arguments: &[PathBuf]) -> Result<Gathered, Failure> {
    let folders = arguments.iter().filter(|p| p.is_dir()).count();
    if folders != 0 && folders != arguments.len() {
        return Err(Failure::Usage("give files of one case, or folders of cases, not both".to_owned()));
    }
    let mut notes = Vec::new();
    if folders == 0 {
        let found = arguments.iter().map(|p| import::read(p)).collect::<Result<Vec<_>, _>>()?;
        let names = arguments.iter().zip(&found).map(|(p, f)| reader_name(f, p)).collect();
        found
            .iter()
            .zip(arguments)
            .for_each(|(f, p)| notes.extend(f.notes.iter().map(|n| format!("{}: {n}", p.display()))));
        let readings = found.iter().map(|f| Some(reading_of(f))).collect();
        return Ok((unique(names), vec![CaseReadings { name: "case".to_owned(), readings }], notes));
    }
    let listed = arguments.iter().map(|p| files_below(p)).collect::<Result<Vec<_>, _>>()?;
    let mut names: Vec<Option<String>> = vec![None; arguments.len()];
    let all: BTreeSet<&String> = listed.iter().flatten().map(|(name, _)| name).collect();
    let mut cases = Vec::new();
    for name in all {
        let files: Vec<Option<&PathBuf>> =
            listed.iter().map(|l| l.iter().find(|(n, _)| n == name).map(|(_, p)| p)).collect();
        if files.iter().flatten().count() < 2 {
            notes.push(format!("case {name}: only one reader has it"));
            continue;
        }
        let mut readings = Vec::new();
        for (reader, file) in files.into_iter().enumerate() {
            let found = file.and_then(|p| read_or_note(p, &mut notes));
            if let Some(f) = found.as_ref().filter(|_| names[reader].is_none()) {
                names[reader].clone_from(&f.reader);
            }
            readings.push(found.map(|f| reading_of(&f)));
        }
        cases.push(CaseReadings { name: name.clone(), readings });
    }
    if cases.is_empty() {
        return Err(Failure::Failed(
            "no case is in two of the folders: files belong together by their path below the folder, without the ending"
                .to_owned(),
        ));
    }
    let folder_name = |p: &PathBuf| p.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    let names = names.into_iter().zip(arguments).map(|(n, p)| n.unwrap_or_else(|| folder_name(p))).collect();
    Ok((unique(names), cases, notes))
}

/// What a file holds. One that cannot be read costs its reader that case, and is said.
pub(super) fn read_or_note(path: &Path, notes: &mut Vec<String>) -> Option<Found> {
    import::read(path).map_err(|e| notes.push(e.to_string())).ok()
}

/// Readers of one name become `name`, `name (2)`, ….
fn unique(names: Vec<String>) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for name in names {
        let numbered = (1..).map(|n| if n == 1 { name.clone() } else { format!("{name} ({n})") });
        out.extend(numbered.into_iter().find(|n| !out.contains(n)));
    }
    out
}

fn shown(e: &Estimate) -> String {
    match (e.value, e.ci95) {
        (None, _) => "undefined".to_owned(),
        (Some(v), None) => format!("{v:.3}"),
        (Some(v), Some([low, high])) => format!("{v:.3} [{low:.3}, {high:.3}]"),
    }
}

/// A page of text for the terminal.
fn summary(a: &Agreement) -> String {
    let mut out = String::new();
    // Writing into a String does not fail.
    for p in &a.pairs {
        let figure = |name: &str| p.lesions.get(name).map_or_else(|| "undefined".to_owned(), shown);
        let _ = writeln!(out, "{} - {}: {} case(s)", visible(&p.a), visible(&p.b), p.cases);
        let _ = writeln!(out, "  lesions of both   Dice {}   HD95 {} mm", figure("dice"), figure("hd95_mm"));
        for d in &p.detection {
            let f1 = d.f1.map_or_else(|| "undefined".to_owned(), |v| format!("{v:.3}"));
            let _ = writeln!(
                out,
                "  {:<14}    TP {}  FP {}  FN {}  F1 {f1}",
                d.criterion.name().replace('_', " "),
                d.tp,
                d.fp,
                d.fn_
            );
        }
    }
    let _ = writeln!(
        out,
        "lesion at a level   {} levels   Fleiss kappa {}   Gwet AC1 {}   Krippendorff alpha {}",
        a.presence.items,
        shown(&a.presence.fleiss_kappa),
        shown(&a.presence.gwet_ac1),
        shown(&a.presence.krippendorff_alpha)
    );
    for n in &a.numbers {
        let _ = writeln!(out, "{:<28} {} items   ICC(A,1) {}", n.name, n.items, shown(&n.icc_a1));
    }
    out
}
