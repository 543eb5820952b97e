//! The command table: everything the program can do by name, key and hint. Menus, keys, the palette, the key page and
//! the README's table all read it; nothing else binds a key.

/// Names a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum CommandId {
    OpenFolder,
    OpenSample,
    Import,
    CompareReaders,
    Adjudicate,
    EndComparison,
    Export,
    SaveElsewhere,
    Figure,
    NextItem,
    FinishItem,
    Quit,
    Undo,
    Redo,
    History,
    NextDifference,
    PreviousDifference,
    TakeFirst,
    TakeSecond,
    LeaveDifference,
    NewLesion,
    DeleteLesion,
    NextLesion,
    LesionType,
    LesionExtent,
    Navigate,
    Vertebra,
    Brush,
    Grow,
    Contour,
    Length,
    Angle,
    Cobb,
    PointValue,
    Rectangle,
    Ellipse,
    Outline,
    KnownLength,
    NextMeasurement,
    DeleteMeasurement,
    Heights,
    BrushSmaller,
    BrushLarger,
    BrushTip,
    BrushRange,
    SampleRange,
    BoneRange,
    PaintOver,
    AdjustOutline,
    Interpolate,
    CopySlice,
    CopySliceBack,
    MergeLesions,
    SplitLesion,
    LockLesion,
    OutlineBody,
    BodySides,
    EditBody,
    FillHoles,
    RemoveIslands,
    Smooth,
    Enlarge,
    Shrink,
    Accept,
    AcceptLayer,
    Cancel,
    HideOverlays,
    NextPane,
    ToControls,
    MovePointer(PointerKey),
    PressPointer,
    MaximisePane,
    FitViews,
    SidePanels,
    RotatePicture,
    MirrorPicture,
    LayoutOne,
    LayoutOneAndTwo,
    LayoutFour,
    LayoutBeside(u8),
    StraightenPlanes,
    AlignToLevel,
    NativePlane,
    AlongSpine,
    SlabThicker,
    SlabThinner,
    SlabProjection,
    LinkPane,
    LinkZoom,
    Invert,
    Sigmoid,
    WindowBox,
    WindowFull,
    WindowPreset(u8),
    SliceBack,
    SliceForward,
    TenBack,
    TenForward,
    FirstSlice,
    LastSlice,
    LevelUp,
    LevelDown,
    Cine,
    SkipLevel,
    OtherDirection,
    Changes,
    Explain,
    Palette,
    Keys,
}

/// Where a key moves the pointer to, on the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum PointerKey {
    Left,
    Right,
    Up,
    Down,
}

/// Where a command stands in menus and on the key page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Group {
    File,
    Edit,
    Tools,
    View,
    Slices,
    Help,
}

impl Group {
    /// All groups in the order of the key page.
    pub const ALL: [Group; 6] = [Group::File, Group::Edit, Group::Tools, Group::View, Group::Slices, Group::Help];

    /// Heading.
    pub fn name(self) -> &'static str {
        match self {
            Group::File => "File",
            Group::Edit => "Edit",
            Group::Tools => "Tools",
            Group::View => "View",
            Group::Slices => "Slices and levels",
            Group::Help => "Help",
        }
    }
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Command {
    /// Its name for programs.
    pub id: CommandId,
    /// Its name for people.
    pub name: &'static str,
    /// What it does, in one line.
    pub hint: &'static str,
    /// Default keys, `Ctrl+Shift+Z` style; the first is shown. Empty: no key.
    pub keys: &'static [&'static str],
    /// Its place.
    pub group: Group,
}

const fn row(
    id: CommandId,
    group: Group,
    name: &'static str,
    keys: &'static [&'static str],
    hint: &'static str,
) -> Command {
    Command { id, name, hint, keys, group }
}

/// Every command.
#[rustfmt::skip]
pub const COMMANDS: &[Command] = {
    use CommandId::*;
    use Group::*;
    &[
        row(OpenFolder, File, "Open folder…", &["Ctrl+O"], "Choose a folder, file, DICOMDIR or zip of images"),
        row(OpenSample, File, "Open the sample case", &[], "The bundled synthetic case: cervical spine, CT and MR"),
        row(Import, File, "Import from a file…", &["Ctrl+L"], "Lesions, vertebra centres, outlines of bodies: SEG, RTSTRUCT, NIfTI, NRRD, VerSe, a case; shown before it is taken"),
        row(CompareReaders, File, "Compare with another reader…", &["Ctrl+R"], "Both outlines over the images, and what the two differ about, the gravest first"),
        row(Adjudicate, File, "Settle differences in a third case", &[], "A case of its own that begins as the first reader has it; each difference is then taken from either, or left"),
        row(EndComparison, File, "End the comparison", &[], "Put the other readers away; your own case comes back"),
        row(Export, File, "Export…", &["Ctrl+E"], "Write this case for others: JSON, NIfTI, tables, DICOM SEG, SR and RTSTRUCT, a page"),
        row(SaveElsewhere, File, "Save elsewhere…", &["Ctrl+Shift+S"], "Save the whole case to another file and go on there"),
        row(Figure, File, "Figure…", &["Ctrl+P"], "Save or copy the panes as a PNG, up to four times as large"),
        row(NextItem, File, "Next item of the worklist", &["Ctrl+N"], "In a reading study: opens the next item that is not finished"),
        row(FinishItem, File, "Finish the item", &["Ctrl+Enter"], "In a reading study: the open item is finished, once its questions are answered; again to reopen it"),
        row(Quit, File, "Quit", &["Ctrl+Q"], "Close the window; everything drawn is already on disk"),
        row(Undo, Edit, "Undo", &["Ctrl+Z"], "Take back the last step, also across restarts"),
        row(Redo, Edit, "Redo", &["Ctrl+Shift+Z", "Ctrl+Y"], "Do the step again"),
        row(History, Edit, "History", &["Ctrl+H"], "Who did what and when, before and after; a way back to any step"),
        row(NextDifference, Edit, "Next difference", &["."], "Go to the next thing that the two readers differ about"),
        row(PreviousDifference, Edit, "Previous difference", &[","], "Go to the one before"),
        row(TakeFirst, Edit, "Take the first reader's", &["Alt+1"], "The open case says what the first reader says here; undo takes it back"),
        row(TakeSecond, Edit, "Take the second reader's", &["Alt+2"], "The open case says what the second reader says here; undo takes it back"),
        row(LeaveDifference, Edit, "Leave the difference", &["Alt+0"], "It stays as the open case has it; the journal notes that it was looked at"),
        row(NewLesion, Edit, "New lesion", &["L"], "Begin a lesion; the first stroke gives it its vertebra"),
        row(DeleteLesion, Edit, "Delete lesion", &["Delete"], "Remove the current lesion with its mask; undo brings it back"),
        row(NextLesion, Edit, "Next lesion", &["J"], "Make the next lesion current and go there"),
        row(LesionType, Edit, "Type of the lesion", &["T"], "Lytic, blastic, mixed, indeterminate: the next one of these"),
        row(LesionExtent, Edit, "Extent of the lesion", &["Shift+T"], "Small focus, several, under half, half and more, the whole body, the whole vertebra: the next"),
        row(Navigate, Tools, "Navigate", &["N"], "Left drag moves the crosshair; all panes follow"),
        row(Vertebra, Tools, "Label vertebrae", &["V"], "Click a body's centre; the next level is ready at once"),
        row(Brush, Tools, "Brush", &["B"], "Paint the current lesion; Alt erases, Shift+wheel or [ ] sizes the tip"),
        row(Grow, Tools, "Grow", &["G"], "Press in the lesion and drag to its edge; release to accept"),
        row(Contour, Tools, "Contour", &["C"], "Drag freehand or click corners; Enter closes, Alt subtracts"),
        row(Length, Tools, "Measure length", &["M"], "Drag between two points"),
        row(Angle, Tools, "Measure angle", &["A"], "Drag two lines in the same direction; the angle between them is kept"),
        row(Cobb, Tools, "Cobb's angle", &["Shift+A"], "Drag along two end plates, either way; the smaller angle is kept"),
        row(PointValue, Tools, "Value at a point", &["P"], "Click: the value there is kept"),
        row(Rectangle, Tools, "Rectangle", &["Q"], "Drag a region: area, mean, deviation, range and count of its voxels"),
        row(Ellipse, Tools, "Ellipse", &["E"], "Drag a region: area, mean, deviation, range and count of its voxels"),
        row(Outline, Tools, "Outline", &["D"], "Draw a region by hand: area, mean, deviation, range and count of its voxels"),
        row(KnownLength, Tools, "Scale by a known length", &[], "On a radiograph: drag along something whose length is known, and say it"),
        row(NextMeasurement, Edit, "Next measurement", &["Shift+M"], "Make the next measurement current and go there"),
        row(DeleteMeasurement, Edit, "Delete measurement", &["Shift+Delete"], "Remove the current measurement; undo brings it back"),
        row(Heights, Tools, "Six-point heights", &["H"], "Click three points on each end plate: front, middle, back"),
        row(BrushSmaller, Tools, "Smaller brush", &["["], "Half a millimetre less"),
        row(BrushLarger, Tools, "Larger brush", &["]"], "Half a millimetre more"),
        row(BrushTip, Tools, "Disc or sphere", &["X"], "Paint in this slice only, or in all directions"),
        row(BrushRange, Tools, "Value range on or off", &["R"], "Paint only values inside the range"),
        row(SampleRange, Tools, "Value range from here", &["S"], "The range becomes what lies under the brush's tip: mean ± 2 standard deviations"),
        row(BoneRange, Tools, "Value range from this bone", &["Shift+S"], "The range becomes what is darker than the bone around the pointer"),
        row(PaintOver, Tools, "What painting may take", &["Shift+Q"], "Free voxels, other lesions' too, only inside or only outside the outlined bodies"),
        row(AdjustOutline, Tools, "Edit outlines first", &["Shift+E"], "A contour stays open: drag its points, Enter keeps it"),
        row(Interpolate, Tools, "Fill between slices", &["K"], "Shows the layers between those drawn; again: with rounded ends; Enter keeps them, Escape drops them"),
        row(CopySlice, Tools, "Copy to the next slice", &["Ctrl+D"], "What the lesion has in this slice is drawn in the next one, which is shown"),
        row(CopySliceBack, Tools, "Copy to the slice before", &["Ctrl+Shift+D"], "What the lesion has in this slice is drawn in the one before, which is shown"),
        row(MergeLesions, Tools, "Merge the lesion here", &["Ctrl+M"], "The lesion under the pointer becomes part of the current one"),
        row(SplitLesion, Tools, "Split the piece here", &["Ctrl+Shift+M"], "The current lesion's piece under the pointer becomes a lesion of its own"),
        row(LockLesion, Tools, "Lock or unlock", &["Shift+K"], "The current lesion's voxels cannot be changed until it is unlocked"),
        row(OutlineBody, Tools, "Outline the body", &["O"], "Outlines the body of the vertebra at the crosshair: on CT from its centre, elsewhere from its six height points"),
        row(BodySides, Tools, "Outline from side to side", &["Shift+O"], "After the six height points: drag from one side of the body to the other"),
        row(EditBody, Tools, "Draw the body", &["Shift+B"], "Brush and contour change the outline of the body at the crosshair; again for the lesion"),
        row(FillHoles, Tools, "Fill holes", &[], "Hollows that the current lesion closes on all sides become its own"),
        row(RemoveIslands, Tools, "Remove islands", &[], "Pieces of the current lesion under 20 mm³ go; the largest stays"),
        row(Smooth, Tools, "Smooth", &[], "Rounds the current lesion's surface"),
        row(Enlarge, Tools, "Enlarge by 0.5 mm", &[], "Moves the current lesion's surface outwards"),
        row(Shrink, Tools, "Shrink by 0.5 mm", &[], "Moves the current lesion's surface inwards"),
        row(Accept, Tools, "Accept", &["Enter"], "Close the contour, keep what is offered, take the suggested level"),
        row(AcceptLayer, Tools, "Accept this slice", &["Shift+Enter"], "Of the layers between those drawn, keep the one shown; the others stay on offer"),
        row(Cancel, Tools, "Cancel", &["Escape"], "Drop what is being drawn"),
        row(HideOverlays, View, "Hide overlays", &["Space"], "While held, nothing covers the image"),
        row(NextPane, View, "Next pane", &["Tab"], "Give the keys to the next pane"),
        row(ToControls, View, "Keyboard to the controls", &["F6"], "Tab goes on there, Enter or Space presses; F6 or Esc comes back to the images"),
        row(MovePointer(PointerKey::Left), Tools, "Pointer left", &["Alt+ArrowLeft"], "A pointer moved by keys, from the crosshair on, for every tool"),
        row(MovePointer(PointerKey::Right), Tools, "Pointer right", &["Alt+ArrowRight"], "A pointer moved by keys, from the crosshair on, for every tool"),
        row(MovePointer(PointerKey::Up), Tools, "Pointer up", &["Alt+ArrowUp"], "A pointer moved by keys, from the crosshair on, for every tool"),
        row(MovePointer(PointerKey::Down), Tools, "Pointer down", &["Alt+ArrowDown"], "A pointer moved by keys, from the crosshair on, for every tool"),
        row(PressPointer, Tools, "Pointer press, release", &["Alt+Enter"], "Presses where the keys' pointer is; again to release, after a drag or at once"),
        row(MaximisePane, View, "Maximise pane", &["F11"], "One pane fills the window; again for the layout (or double click)"),
        row(FitViews, View, "Fit", &["F"], "Show everything in every pane"),
        row(SidePanels, View, "Side panels", &["F9"], "Hide series, levels and forms, so that the images have the window; again to show them"),
        row(RotatePicture, View, "Rotate the picture", &["Shift+R"], "A quarter turn clockwise; the letters go along"),
        row(MirrorPicture, View, "Mirror the picture", &["Shift+H"], "Left becomes right on the screen; the letters go along"),
        row(LayoutOne, View, "Layout: one pane", &["Ctrl+1"], "One pane"),
        row(LayoutOneAndTwo, View, "Layout: one and two", &["Ctrl+2"], "One large pane, two beside it"),
        row(LayoutFour, View, "Layout: two by two", &["Ctrl+3"], "Sagittal, axial, coronal, and the slices as acquired"),
        row(LayoutBeside(2), View, "Layout: two series", &["Ctrl+4"], "Two series side by side"),
        row(LayoutBeside(3), View, "Layout: three series", &["Ctrl+5"], "Three series side by side"),
        row(LayoutBeside(4), View, "Layout: four series", &["Ctrl+6"], "Four series side by side"),
        row(StraightenPlanes, View, "Straighten planes", &["Z"], "Turned, rotated and mirrored panes look as they did at first"),
        row(AlignToLevel, View, "Align to the vertebra", &["Y"], "Turns the axial pane into the plane of the vertebra at the crosshair, the coronal along it"),
        row(NativePlane, View, "Slices as acquired", &["Shift+N"], "The active pane shows the series as it was acquired"),
        row(AlongSpine, View, "Along the spine", &["U"], "The active pane shows the spine straightened, through the labelled levels; again for the plane"),
        row(SlabThicker, View, "Thicker slab", &["Shift+ArrowUp"], "5 mm more, to 50 mm"),
        row(SlabThinner, View, "Thinner slab", &["Shift+ArrowDown"], "5 mm less, to the plane alone"),
        row(SlabProjection, View, "Slab shows", &["Shift+P"], "The largest, the mean or the smallest value in the slab"),
        row(LinkPane, View, "Link the pane", &["Shift+L"], "Its crosshair follows the other panes, or stands alone"),
        row(LinkZoom, View, "Link zoom and pan", &["Shift+Z"], "Its zoom and pan follow the other panes, or stand alone"),
        row(Invert, View, "Invert grey", &["I"], "White on black, black on white"),
        row(Sigmoid, View, "Sigmoid window", &[], "The window's ends fade out instead of being cut; again for the straight one"),
        row(WindowBox, View, "Window from a box", &["W"], "Drag a box: its values set the window"),
        row(WindowFull, View, "Full range", &["0"], "Window over all values"),
        row(WindowPreset(1), View, "Window preset 1", &["1"], "CT: spine bone 1800/400. MR: automatic"),
        row(WindowPreset(2), View, "Window preset 2", &["2"], "Hard bone 1200/400"),
        row(WindowPreset(3), View, "Window preset 3", &["3"], "Bone 2500/480"),
        row(WindowPreset(4), View, "Window preset 4", &["4"], "Soft tissue 400/40"),
        row(WindowPreset(5), View, "Window preset 5", &["5"], "Lung 1500/-600"),
        row(WindowPreset(6), View, "Window preset 6", &["6"], "Brain 80/40"),
        row(WindowPreset(7), View, "Window preset 7", &["7"], "Automatic: 0.5 to 99.5 percentile"),
        row(WindowPreset(8), View, "Window preset 8", &["8"], "First window stored in the file"),
        row(WindowPreset(9), View, "Window preset 9", &["9"], "Second window stored in the file"),
        row(SliceBack, Slices, "Previous slice", &["ArrowUp", "ArrowLeft"], "In the pane under the pointer"),
        row(SliceForward, Slices, "Next slice", &["ArrowDown", "ArrowRight"], "In the pane under the pointer"),
        row(TenBack, Slices, "Ten slices back", &["PageUp"], "In the pane under the pointer"),
        row(TenForward, Slices, "Ten slices on", &["PageDown"], "In the pane under the pointer"),
        row(FirstSlice, Slices, "First slice", &["Home"], "In the pane under the pointer"),
        row(LastSlice, Slices, "Last slice", &["End"], "In the pane under the pointer"),
        row(LevelUp, Slices, "Level up", &["Ctrl+ArrowUp"], "Go to the next labelled vertebra towards the head"),
        row(LevelDown, Slices, "Level down", &["Ctrl+ArrowDown"], "Go to the next labelled vertebra towards the feet"),
        row(Cine, Slices, "Cine", &["Shift+C"], "Slices go by of themselves; again to stop"),
        row(SkipLevel, Slices, "Skip a level", &["Backslash"], "Numbering: the next click labels one level further on"),
        row(OtherDirection, Slices, "Number the other way", &["Shift+V"], "Numbering goes towards the head instead of the feet, and back"),
        row(Changes, Slices, "Changes between timepoints…", &["Ctrl+T"], "Volume, type, loss of height, scores and implants, level by level"),
        row(Explain, Help, "How figures come about", &["Shift+F1"], "Every figure of the level at the crosshair, with its formula and source"),
        row(Palette, Help, "Find a command", &["Ctrl+K"], "Type a few letters, Enter runs it"),
        row(Keys, Help, "All keys", &["F1", "?"], "Every command with its key"),
    ]
};

impl CommandId {
    /// This command's row.
    pub fn command(self) -> &'static Command {
        // Every id has a row: proved by a test.
        COMMANDS.iter().find(|c| c.id == self).unwrap_or(&COMMANDS[0])
    }
}

/// The table as Markdown, for the README.
pub fn markdown_table() -> String {
    let mut out = String::from("| key | command | what it does |\n|---|---|---|\n");
    for c in COMMANDS.iter().filter(|c| !c.keys.is_empty()) {
        let keys: Vec<String> = c.keys.iter().map(|k| format!("`{k}`")).collect();
        out += &format!("| {} | {} | {} |\n", keys.join(" "), c.name, c.hint);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn no_key_and_no_id_stands_twice() {
        let mut seen = BTreeMap::new();
        for c in COMMANDS {
            assert_eq!(c.id.command().name, c.name, "two rows for {:?}", c.id);
            for k in c.keys {
                assert_eq!(seen.insert(*k, c.name), None, "{k} is bound twice");
            }
        }
    }
}
