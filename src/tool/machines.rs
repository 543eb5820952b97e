//! The drawing tools as state machines, as data: what is sent, and what has been committed and is shown afterwards.

use super::tests::{at, pointer};
use super::*;
use crate::space::Plane;

/// One event, in short: `p` press, `d` drag, `r` release, `h` hover, `D` double click with a place in mm on the sagittal
/// plane; capitals with Alt; `+` Enter, `x` Escape.
fn event(text: &str) -> Event {
    let (letter, place) = text.split_at(1);
    let mut numbers = place.split(',').map(|n| n.parse().unwrap_or(0.0));
    let point = at(0.0, numbers.next().unwrap_or(0.0), numbers.next().unwrap_or(0.0));
    let phase = match letter {
        "+" => return Event::Accept,
        "x" => return Event::Cancel,
        "p" | "P" => Phase::Press,
        "d" => Phase::Drag,
        "r" | "R" => Phase::Release,
        "D" => Phase::DoubleClick,
        _ => Phase::Hover,
    };
    pointer(phase, point, letter == "P" || letter == "R")
}

/// A step in short.
fn short(op: &Op) -> String {
    match op {
        Op::Brush { lesion, body, mode, path_mm, .. } => {
            let who = body.map_or(lesion.clone(), |l| l.to_string());
            format!(
                "{} {who} {}",
                if *mode == crate::session::BrushMode::Paint { "paint" } else { "erase" },
                path_mm.len()
            )
        }
        Op::Contour { lesion, body, mode, points_mm, .. } => {
            let who = body.map_or(lesion.clone(), |l| l.to_string());
            let verb = if *mode == crate::session::ContourMode::Add { "add" } else { "cut" };
            format!("{verb} {who} {}", points_mm.len())
        }
        Op::Grow { lesion, reach_mm, .. } => format!("grow {lesion} {reach_mm}"),
        Op::Measure { measurement, .. } => format!("measure {measurement}"),
        other => format!("{other:?}"),
    }
}

struct Case {
    tool: fn() -> Box<dyn Tool>,
    lesion: Option<&'static str>,
    body: Option<VertebraLevel>,
    adjust: bool,
    events: &'static str,
    /// What was committed, in order.
    done: &'static str,
    /// How many things are drawn over the pane in the end.
    shown: usize,
}

const CASES: &[Case] = {
    const fn case(tool: fn() -> Box<dyn Tool>, events: &'static str, done: &'static str, shown: usize) -> Case {
        Case { tool, lesion: Some("a"), body: None, adjust: false, events, done, shown }
    }
    fn brush() -> Box<dyn Tool> {
        Box::<BrushTool>::default()
    }
    fn contour() -> Box<dyn Tool> {
        Box::<ContourTool>::default()
    }
    fn grow() -> Box<dyn Tool> {
        Box::<GrowTool>::default()
    }
    fn length() -> Box<dyn Tool> {
        Box::<LengthTool>::default()
    }
    &[
        // Brush: away, hovering, painting.
        case(brush, "", "", 0),
        case(brush, "h1,1", "", 1),
        case(brush, "h1,1 x", "", 0),
        case(brush, "p0,0 d5,0", "", 1),
        case(brush, "p0,0 d5,0 r9,0", "paint a 3", 1),
        case(brush, "P0,0 R0,0", "erase a 1", 1),
        case(brush, "p0,0 d5,0 x r9,0", "", 1),
        case(brush, "p0,0 + d5,0 r5,0", "paint a 2", 1),
        case(brush, "r5,0", "", 1),
        case(brush, "p0,0 p3,3 r9,0", "paint a 2", 1),
        Case { lesion: None, ..case(brush, "p0,0 r5,0", "", 1) },
        Case { body: Some(VertebraLevel::L3), ..case(brush, "p0,0 r5,0", "paint L3 2", 1) },
        // Contour: idle, pressed, polygon, adjusting.
        case(contour, "h1,1", "", 0),
        case(contour, "p0,0 r0,0", "", 1),
        case(contour, "p0,0 r0,0 p9,0 r9,0 p9,9 r9,9 +", "add a 3", 0),
        case(contour, "p0,0 r0,0 p9,0 r9,0 p9,9 r9,9 D9,9", "add a 3", 0),
        case(contour, "p0,0 r0,0 p9,0 r9,0 p9,9 r9,9 p0,1 r0,1", "add a 3", 0),
        case(contour, "p0,0 r0,0 p9,0 r9,0 +", "", 0),
        case(contour, "p0,0 r0,0 p9,0 r9,0 x +", "", 0),
        case(contour, "P0,0 d9,0 d9,9 R0,9", "cut a 3", 0),
        Case { body: Some(VertebraLevel::L3), ..case(contour, "p0,0 d9,0 d9,9 r0,9", "add L3 3", 0) },
        Case { adjust: true, ..case(contour, "p0,0 d9,0 d9,9 r0,9", "", 4) },
        Case { adjust: true, ..case(contour, "p0,0 d9,0 d9,9 r0,9 p9,0 d12,0 r14,0 +", "add a 3", 0) },
        Case { adjust: true, ..case(contour, "p0,0 d9,0 d9,9 r0,9 p4,0 r4,-3 +", "add a 4", 0) },
        Case { adjust: true, ..case(contour, "p0,0 d9,0 d9,9 r0,9 p4,0 r4,-3 P4,-3 +", "add a 3", 0) },
        Case { adjust: true, ..case(contour, "p0,0 d9,0 d9,9 r0,9 x +", "", 0) },
        Case { lesion: None, ..case(contour, "p0,0 d9,0 d9,9 r0,9", "", 0) },
        // Grow: waiting, reaching.
        case(grow, "h1,1", "", 0),
        case(grow, "p0,0 d6,8", "", 2),
        case(grow, "p0,0 d6,8 r6,8", "grow a 10", 0),
        case(grow, "p0,0 r0.5,0", "", 0),
        case(grow, "p0,0 d6,8 x r6,8", "", 0),
        case(grow, "p0,0 d6,8 r6,8 p1,1 r1,6", "grow a 10; grow a 5", 0),
        Case { lesion: None, ..case(grow, "p0,0 r6,8", "", 0) },
        // Length.
        case(length, "p0,0 d6,8 r6,8", "measure Length 1", 0),
        case(length, "p0,0 d6,8 x r6,8", "", 0),
    ]
};

#[test]
fn every_tool_does_what_its_table_says() {
    let (document, image) = (Document::default(), ImageKey("1.2.3".into()));
    for c in CASES {
        let settings = Settings { adjust: c.adjust, ..Settings::default() };
        let scene = Scene {
            document: &document,
            image: &image,
            identity: None,
            lesion: c.lesion,
            body: c.body,
            next_level: None,
            settings: &settings,
        };
        let mut tool = (c.tool)();
        let outcomes: Vec<Outcome> = c.events.split_whitespace().map(|e| tool.event(event(e), &scene)).collect();
        let done: Vec<String> =
            outcomes.iter().filter_map(|o| if let Outcome::Commit(op) = o { Some(short(op)) } else { None }).collect();
        assert_eq!(done.join("; "), c.done, "committed after {:?}", c.events);
        assert_eq!(tool.preview(&scene).len(), c.shown, "shown after {:?}: {:?}", c.events, tool.preview(&scene));
        assert!(!tool.hint(&scene).is_empty());
    }
}

#[test]
fn a_stroke_belongs_to_the_plane_it_began_on() {
    let (document, image, settings) = (Document::default(), ImageKey("1.2.3".into()), Settings::default());
    let scene = Scene {
        document: &document,
        image: &image,
        identity: None,
        lesion: Some("a"),
        body: None,
        next_level: None,
        settings: &settings,
    };
    let mut tool = BrushTool::default();
    tool.event(event("p0,0"), &scene);
    let elsewhere = Event::Pointer {
        phase: Phase::Release,
        at: at(0.0, 4.0, 0.0),
        plane: DrawPlane::Named(Plane::Axial),
        axes: [crate::space::DVec3::X, crate::space::DVec3::Y],
        alt: false,
    };
    let done = tool.event(elsewhere, &scene);
    assert!(matches!(done, Outcome::Commit(Op::Brush { plane: DrawPlane::Named(Plane::Sagittal), .. })), "{done:?}");
}
