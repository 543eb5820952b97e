//! Steps that come from elsewhere, planned one after the other and carried out as one.

use super::lesions::check_label;
use super::{Refusal, Step};
use crate::document::Document;
use crate::session::{Images, Op};

/// Plans the steps, each on what those before it made of the document.
pub fn plan(
    source: &str,
    about: Option<&str>,
    steps: &[Op],
    document: &Document,
    images: &dyn Images,
) -> Result<Step, Refusal> {
    let words = [Some(source), about].into_iter().flatten();
    words.filter(|w| !w.is_empty()).try_for_each(check_label)?;
    let mut after = document.clone();
    let (mut edits, mut whole) = (Vec::new(), Vec::new());
    for step in steps {
        if matches!(step, Op::TakeOver { .. }) {
            return Err(Refusal::Nonsense("one step taken over cannot hold another".to_owned()));
        }
        let planned = super::plan(step, &after, images)?;
        for edit in &planned.edits {
            after.apply(edit.clone()).map_err(|e| Refusal::Nonsense(e.to_string()))?;
        }
        edits.extend(planned.edits);
        whole.push(planned.op);
    }
    let name = name(source, about, steps);
    let op = Op::TakeOver { source: source.to_owned(), about: about.map(str::to_owned), steps: whole };
    Ok(Step { op, edits, name })
}

/// What the undo menu calls it.
fn name(source: &str, about: Option<&str>, steps: &[Op]) -> String {
    match about {
        Some(about) if steps.is_empty() => format!("Leave {about}"),
        Some(about) => format!("Take {about} as {source} has it"),
        None => {
            let count = |of: fn(&Op) -> bool| steps.iter().filter(|s| of(s)).count();
            let said = [
                (count(|s| matches!(s, Op::AddLesion { .. })), "lesions"),
                (count(|s| matches!(s, Op::Mask { body: Some(_), .. })), "bodies"),
            ];
            let said: Vec<String> = said.iter().filter(|s| s.0 > 0).map(|(n, what)| format!("{n} {what}")).collect();
            let said = if said.is_empty() { format!("{} steps", steps.len()) } else { said.join(", ") };
            format!("Take over {said} from {source}")
        }
    }
}
