//! Orientation letters at a pane's edges, from its true directions.

use crate::space::DVec3;

/// Letters for a direction in the patient: one where it runs along an axis, two where it is oblique by more than 20°.
pub fn orientation_letters(direction: DVec3) -> String {
    const LETTERS: [(char, char); 3] = [('L', 'R'), ('P', 'A'), ('S', 'I')];
    let mut axes: Vec<usize> = vec![0, 1, 2];
    axes.sort_by(|a, b| direction[*b].abs().total_cmp(&direction[*a].abs()));
    let sine_of_20_degrees = 0.342;
    axes.iter()
        .take(2)
        .enumerate()
        .filter(|(n, a)| *n == 0 || direction[**a].abs() > sine_of_20_degrees)
        .map(|(_, a)| if direction[*a] >= 0.0 { LETTERS[*a].0 } else { LETTERS[*a].1 })
        .collect()
}

/// Letters of a direction on a picture that lies nowhere, from what its file says of its rows and columns
/// (PatientOrientation (0020,0020), letters to the right and down); `stored` are the picture's own right and down.
/// Nothing where the direction is neither. Head and feet are S and I here, as on other panes.
pub fn stored_letters(sides: &[Box<str>; 2], stored: [DVec3; 2], direction: DVec3) -> Option<String> {
    const ALONG: f64 = 0.9;
    let (n, dot) = (0..2).map(|n| (n, direction.dot(stored[n]))).find(|(_, dot)| dot.abs() > ALONG)?;
    let letter = |l: char| match (l, dot > 0.0) {
        ('L', true) | ('R', false) => 'L',
        ('R', true) | ('L', false) => 'R',
        ('A', true) | ('P', false) => 'A',
        ('P', true) | ('A', false) => 'P',
        ('H', true) | ('F', false) => 'S',
        _ => 'I',
    };
    Some(sides[n].chars().map(letter).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_letters_go_along_when_a_picture_is_turned_and_mirrored() {
        let sides: [Box<str>; 2] = ["P".into(), "F".into()];
        let letters = |d| stored_letters(&sides, [DVec3::X, DVec3::Y], d);
        assert_eq!(letters(DVec3::X).as_deref(), Some("P"));
        assert_eq!(letters(DVec3::NEG_X).as_deref(), Some("A"));
        assert_eq!(letters(DVec3::Y).as_deref(), Some("I"));
        assert_eq!(letters(DVec3::NEG_Y).as_deref(), Some("S"));
        let frame = crate::view::Frame { right: DVec3::X, down: DVec3::Y };
        let turned = frame.quarter_turned(1).mirrored();
        assert_eq!(letters(turned.right).as_deref(), Some("I"), "what was above is on the right, mirrored on the left");
        assert_eq!(letters(turned.down).as_deref(), Some("P"));
        assert_eq!(letters(DVec3::new(0.7, 0.7, 0.0)), None);
    }

    #[test]
    fn letters_follow_lps() {
        assert_eq!(orientation_letters(DVec3::X), "L");
        assert_eq!(orientation_letters(DVec3::NEG_Y), "A");
        assert_eq!(orientation_letters(DVec3::NEG_Z), "I");
        assert_eq!(orientation_letters(DVec3::new(0.1, 0.9, -0.43).normalize()), "PI");
    }
}
