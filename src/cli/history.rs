//! `spondyl history`: the audit trail of a case file: who, when, what, before and after.

use super::{Outcome, say, write_out};
use crate::session::{Access, Audit, AuditRow, Opened, Session, What};
use crate::study::visible;
use clap::Args;
use serde_json::json;
use std::fmt::Write;
use std::path::PathBuf;

/// List every entry of a case file: who, when, what, before and after.
///
/// Steps that were taken back are marked. The order is that of the entries, whatever the clock said.
///
/// Example: spondyl history case.spondyl
#[derive(Args)]
pub struct HistoryArgs {
    /// The case file.
    #[arg(value_name = "FILE.spondyl")]
    case: PathBuf,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// Lists the entries.
///
/// # Errors
/// When the case cannot be read.
pub fn run(args: HistoryArgs) -> Outcome {
    let Opened { session, notices } = Session::open(&args.case, Access::Read)?;
    notices.iter().for_each(|n| say(&format!("spondyl: note: {n}")));
    let mut audit = Audit::default();
    audit.follow(&session);
    let seconds = session.active_time().as_secs_f64();
    if args.json {
        let entries: Vec<_> = audit.rows().iter().map(|r| with_standing(r, &audit)).collect();
        let all = json!({"schema": "spondyl-history/1", "case_id": session.header().case_id,
            "reader": session.header().reader, "active_seconds": seconds, "entries": entries});
        return write_out(&(serde_json::to_string_pretty(&all)? + "\n"));
    }
    let mut out = String::new();
    for row in audit.rows() {
        // Writing into a String does not fail.
        let _ = line(&mut out, row, &audit);
    }
    let _ = writeln!(out, "active reading time: {}", spoken(seconds));
    write_out(&out)
}

fn with_standing(row: &AuditRow, audit: &Audit) -> serde_json::Value {
    let mut value = serde_json::to_value(row).unwrap_or_default();
    if row.what == What::Step {
        value["stands"] = audit.stands(row.seq).into();
    }
    value
}

fn line(out: &mut String, row: &AuditRow, audit: &Audit) -> std::fmt::Result {
    let name = visible(&row.name);
    let what = match row.what {
        What::Open => "opened the case".to_owned(),
        What::Image => "brought a series into the case".to_owned(),
        What::Step if !audit.stands(row.seq) => format!("{name} (taken back)"),
        What::Step => name.into_owned(),
        What::Undo => format!("took back {}: {name}", row.of.unwrap_or_default()),
        What::Redo => format!("did again {}: {name}", row.of.unwrap_or_default()),
        What::Time => "read".to_owned(),
    };
    let when = row.utc.get(..19).unwrap_or(&row.utc).replace('T', " ");
    writeln!(out, "{:>6}  {when}  {}  {what}", row.seq, visible(&row.reader))?;
    for c in &row.changes {
        let of = if c.field.is_empty() { c.of.clone() } else { format!("{}: {}", c.of, c.field) };
        let value = |v: &Option<String>| v.as_deref().map_or("–".to_owned(), |v| visible(v).into_owned());
        writeln!(out, "        {}: {} → {}", visible(&of), value(&c.before), value(&c.after))?;
    }
    match &row.note {
        Some(note) => writeln!(out, "        note: {}", visible(note)),
        None => Ok(()),
    }
}

fn spoken(seconds: f64) -> String {
    let s = seconds.round() as u64;
    if s < 60 { format!("{s} s") } else { format!("{} min {} s", s / 60, s % 60) }
}
