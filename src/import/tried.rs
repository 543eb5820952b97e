//! Which of the steps that a file gives can be carried out, found out on a copy of the document: nothing is written before
//! the reader, or the command line, knows.

use crate::document::{Document, Edit};
use crate::session::{Images, Op, plan};

/// The steps that can be carried out one after the other, and a sentence for each that cannot.
#[derive(Clone, Debug, Default)]
pub struct Tried {
    /// Steps.
    pub ops: Vec<Op>,
    /// Refusals.
    pub refused: Vec<String>,
    /// The document after them.
    pub document: Document,
}

/// Tries steps on a copy of a document. What belongs to a lesion that was refused is left out with it.
pub fn tried(ops: Vec<Op>, document: &Document, images: &dyn Images) -> Tried {
    let mut after = document.clone();
    let mut out = Tried::default();
    let mut lost: Vec<String> = Vec::new();
    for op in ops {
        if op.lesion().is_some_and(|l| lost.iter().any(|name| name == l)) {
            continue;
        }
        if let Some(key) = op.image().flatten().filter(|key| !after.images.contains_key(key)) {
            let identity = images.identity(key).map(Box::new);
            // A key that is free takes any image.
            let _ = identity.map(|value| after.apply(Edit::Image { key: key.clone(), value: Some(value) }));
        }
        let applied = plan(&op, &after, images).map_err(|e| e.to_string()).and_then(|step| {
            step.edits.into_iter().try_for_each(|e| after.apply(e).map(drop)).map_err(|e| e.to_string())
        });
        match applied {
            Ok(()) => out.ops.push(op),
            Err(why) => {
                let named = op.lesion().filter(|l| !l.is_empty()).map_or(String::new(), |l| format!("{l}: "));
                out.refused.push(format!("{named}a step was refused: {why}"));
                if let Op::AddLesion { lesion, .. } = op {
                    lost.push(lesion);
                }
            }
        }
    }
    out.document = after;
    out
}
