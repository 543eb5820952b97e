//! Surface elements of the 256 ways in which eight voxels can meet, as the surface-distance package (DeepMind 2018,
//! Apache-2.0) has them: the surface Dice of Nikolov (2018, arXiv:1809.04430) is defined by this very table, so it is
//! data and not ours to improve.

use crate::space::DVec3;

/// Area vectors of the triangles in a cell of unit steps. Bit 7 of `code` is the voxel with the lowest three indices, bit 0
/// the one with the highest; the third index counts fastest.
pub fn triangles(code: u8) -> impl Iterator<Item = DVec3> {
    let entry = TABLE.split_ascii_whitespace().nth(usize::from(code)).unwrap_or_default().as_bytes();
    entry.chunks_exact(3).map(|n| DVec3::from_array([0, 1, 2].map(|a| (f64::from(n[a]) - f64::from(b'e')) / 8.0)))
}

/// One word a code; three letters a triangle, `e` is 0 and each letter an eighth; `-` has none.
const TABLE: &str = "\
- fff ddf ccegge fdf cecgeg fdfddf ieegggfff dff fffdff cegceg ieeccgddf gcegce ieegcgdfd aeecggdff ieeiee fdd \
eccegg ddffdd eaegggfff fdffdd eeagggddd ddffdffdd dddcccgggfff dfffdd ecceggdff cegcegfdd fffhhhecgceg \
fddgcegce hhhegcdddcge aeedddcccfff aeedddccc fdf ffffdf ecgegc eaeffdggc fdffdf fdfcecgeg ecgegcfdf \
bbheggffdcec dfffdf ffffdfdff eeiccgddf ggcggcffdddf fdfgcegce ieegcgdfdfdf egchbbdffgge aeeccgddf gcecge \
eiecggfdd eiefdfcgc eieeae gcecgefdf bbbcegdddcge fffeaecccddd eaecccddd dffgcecge eieggcddfddf bhbccedfdceg \
eieggcddf gcecgegcegce ccecceddf fffccecce ccecce ddf fffddf ddfddf ddfccegge ecgecg eeigcgfdf ecgecgddf \
hbheccdfdgge ddfdff fffddfdff ddfcegceg ieeccgddfddf eiecgcfdf cgccgcdfddfd cechbbegcdff ieecgcfdf ceggec \
eeicggdff ddfceggec cecbhhccedff eeaggcddf eeieei ffffffgggeei fffgggeei ceggecdff eeigcgfdffdf cegcegceggec \
fdfgeggeg gegbbhcgeddf eeigcgfdf fffgeggeg geggeg ddffdf fffddffdf ddfecgegc eaeffdggcddf ecgecgfdf eeigcgfdffdf \
ecgecgecgegc eggeggfdd dfffdfddf dfffdfddffff eeiccgddfddf ffffdffdd eiecgcfdffdf fffddffdd ecceggfff ffffdd \
ieegccfdd cggdffcggfdd hbheggdfdceg eaecggdff bbhgceeggddf dffcggeei fffeggegg eggegg ieegggffffff fdfddffff \
cecgegfff ffffdf cceggefff fffddf ffffff fff fff ffffff fffddf cceggefff ffffdf cecgegfff fdfddffff ieegggffffff \
eggegg fffeggegg dffcggeei bbhgceeggddf eaecggdff hbheggdfdceg cggdffcggfdd ieegccfdd ffffdd ecceggfff fffddffdd \
eiecgcfdffdf ffffdffdd eeiccgddfddf dfffdfddffff dfffdfddf eggeggfdd ecceggeggegg eeigcgfdffdf ecgecgfdf \
eaeffdggcddf ddfecgegc fffddffdf ddffdf geggeg fffgeggeg eeigcgfdf gegbbhcgeddf fdfgeggeg cecgeggeggeg \
eeigcgfdffdf ceggecdff fffgggeei ffffffgggeei eeieei eeaggcddf cecbhhccedff ddfceggec eeicggdff ceggec ieecgcfdf \
cechbbegcdff cgccgcdfddfd eiecgcfdf ieeccgddfddf ddfcegceg fffddfdff ddfdff hbheccdfdgge ecgecgddf eeigcgfdf \
ecgecg ddfccegge ddfddf fffddf ddf ccecce fffccecce ccecceddf ccecceccegge eieggcddf bhbccedfdceg eieggcddfddf \
dffgcecge eaecccddd fffeaecccddd bbbcegdddcge gcecgefdf eieeae eiefdfcgc eiecggfdd gcecge aeeccgddf egchbbdffgge \
ieegcgdfdfdf fdfgcegce ggcggcffdddf eeiccgddf ffffdfdff dfffdf bbheggffdcec ecgegcfdf fdfcecgeg fdffdf eaeffdggc \
ecgegc ffffdf fdf aeedddccc aeedddcccfff hhhegcdddcge fddgcegce fffhhhecgceg cegcegfdd ecceggdff dfffdd \
dddcccgggfff ddffdffdd eeagggddd fdffdd eaegggfff ddffdd eccegg fdd ieeiee aeecggdff ieegcgdfd gcegce ieeccgddf \
cegceg fffdff dff ieegggfff fdfddf cecgeg fdf ccegge ddf fff -";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_its_entry() {
        assert_eq!(TABLE.split_ascii_whitespace().count(), 256);
        assert!((0..=255).all(|c| (triangles(c).count() == 0) == (c == 0 || c == 255)));
        // A flat wall between four voxels and four is one square.
        let wall: f64 = triangles(0b1111_0000).map(|t| t.length()).sum();
        assert!((wall - 1.0).abs() < 1e-12, "{wall}");
    }
}
