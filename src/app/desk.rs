//! What lies at the reader's hand: the active tool, its settings, the current lesion and the level to be labelled next.

use super::reading::Reading;
use crate::anatomy::VertebraLevel;
use crate::document::Document;
use crate::session::{CommandId, Op};
use crate::tool::{
    AngleTool, BrushTool, ContourTool, GrowTool, HeightsTool, LengthTool, PointTool, RegionKind, RegionTool, Scene,
    Settings, SidesTool, Tool, VertebraTool,
};

/// Which way numbering goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Towards the feet.
    Down,
    /// Towards the head.
    Up,
}

/// Which forms stand below the ladder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Page {
    /// The current lesion's.
    Lesion,
    /// The current level's.
    Level,
    /// The questions of a reading study.
    Questions,
    /// Those of the count, the timepoints and the patient.
    Case,
}

/// See the module.
pub struct Desk {
    /// The tool's command.
    pub tool_id: CommandId,
    /// The tool; none while the crosshair is moved or a window box is drawn.
    pub tool: Option<Box<dyn Tool>>,
    /// Brush settings.
    pub settings: Settings,
    /// The range that R switches on, kept while it is off.
    pub range: [f64; 2],
    /// Label of the current lesion.
    pub lesion: Option<String>,
    /// Label of the current measurement.
    pub measurement: Option<String>,
    /// The level whose body's outline the brush and the contour draw, instead of the lesion.
    pub body: Option<VertebraLevel>,
    /// A step that is shown and waits for Enter.
    pub offer: Option<Op>,
    /// What the next click labels.
    pub next_level: Option<VertebraLevel>,
    /// The forms that are shown.
    pub page: Page,
    /// Where numbering goes.
    pub direction: Direction,
    /// A level without a centre that was chosen in the ladder.
    pub spoken: Option<VertebraLevel>,
}

impl Default for Desk {
    fn default() -> Self {
        Desk {
            tool_id: CommandId::Navigate,
            tool: None,
            settings: Settings::default(),
            range: [-50.0, 180.0],
            lesion: None,
            measurement: None,
            body: None,
            offer: None,
            next_level: None,
            page: Page::Level,
            direction: Direction::Down,
            spoken: None,
        }
    }
}

impl Desk {
    /// Takes up a tool; the one before is put away.
    pub fn take_up(&mut self, id: CommandId) {
        self.tool_id = id;
        self.tool = match id {
            CommandId::Vertebra => Some(Box::<VertebraTool>::default()),
            CommandId::Brush => Some(Box::<BrushTool>::default()),
            CommandId::Grow => Some(Box::<GrowTool>::default()),
            CommandId::Contour => Some(Box::<ContourTool>::default()),
            CommandId::Length | CommandId::KnownLength => Some(Box::<LengthTool>::default()),
            CommandId::Angle => Some(Box::<AngleTool>::default()),
            CommandId::Cobb => Some(Box::new(AngleTool::cobb())),
            CommandId::PointValue => Some(Box::<PointTool>::default()),
            CommandId::Rectangle => Some(Box::new(RegionTool::new(RegionKind::Rectangle))),
            CommandId::Ellipse => Some(Box::new(RegionTool::new(RegionKind::Ellipse))),
            CommandId::Outline => Some(Box::new(RegionTool::new(RegionKind::Freehand))),
            CommandId::BodySides => Some(Box::<SidesTool>::default()),
            CommandId::Heights => Some(Box::<HeightsTool>::default()),
            _ => None,
        };
    }

    /// What shape steps change: a lesion's handle, or an empty one and the level whose body is drawn.
    pub fn target(&self) -> Option<(String, Option<VertebraLevel>)> {
        match self.body {
            Some(level) => Some((String::new(), Some(level))),
            None => self.lesion.clone().map(|l| (l, None)),
        }
    }

    /// Whether the tool draws into the current lesion.
    pub fn draws(&self) -> bool {
        matches!(self.tool_id, CommandId::Brush | CommandId::Grow | CommandId::Contour)
    }

    /// What the tool may look at.
    pub fn scene<'a>(&'a self, reading: &'a Reading) -> Scene<'a> {
        Scene {
            document: reading.document(),
            image: &reading.key,
            identity: Some(reading.identity()),
            lesion: self.lesion.as_deref(),
            body: self.body,
            next_level: self.next_level,
            settings: &self.settings,
        }
    }

    /// The current lesion's label, if the document still has it.
    pub fn current<'a>(
        &self,
        document: &'a Document,
    ) -> Option<(crate::document::LesionId, &'a crate::document::Lesion)> {
        self.lesion.as_deref().and_then(|l| document.lesion_by_label(l))
    }
}
