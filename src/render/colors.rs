//! Colors of lesions, the same in the window and in rendered pictures.

use crate::document::Lesion;

/// Colors in the order of label values: Okabe and Ito's, distinguishable by color-blind readers, without black and the
/// blue that the window keeps for the active thing.
pub const LESION_COLORS: [[u8; 3]; 8] = [
    [230, 159, 0],
    [0, 158, 115],
    [240, 228, 66],
    [213, 94, 0],
    [204, 121, 167],
    [120, 170, 255],
    [160, 220, 90],
    [255, 150, 140],
];

/// The color of a lesion, red, green, blue: the reader's, else the palette's by its label value.
pub fn lesion_color(lesion: &Lesion) -> [u8; 3] {
    let nth = usize::from(lesion.label_value.saturating_sub(1)) % LESION_COLORS.len();
    lesion.color.unwrap_or(LESION_COLORS[nth])
}

/// On the screen the outlines of vertebral bodies follow the lesions: a level's value is this plus its
/// [`VertebraLevel::label_value`](crate::anatomy::VertebraLevel::label_value).
pub const BODY_LABELS: u16 = 65_500;

/// The color of every body's outline, red, green, blue, opacity: pale, for it lies under what matters.
pub const BODY_COLOR: [u8; 4] = [150, 205, 210, 120];
