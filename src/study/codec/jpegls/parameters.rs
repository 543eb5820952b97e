//! The numbers that steer JPEG-LS coding (T.87 sections A.1, A.2 and C.2.4.1).

use super::super::CodecError;

/// An LSE segment of preset parameters; 0 stands for the default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Presets {
    maximum: u32,
    thresholds: [u32; 3],
    reset: u32,
}

impl Presets {
    /// Reads an LSE segment.
    pub fn read(&mut self, body: &[u8]) -> Result<(), CodecError> {
        match body {
            [1, rest @ ..] if rest.len() >= 10 => {
                let word = |i: usize| u32::from(rest[2 * i]) << 8 | u32::from(rest[2 * i + 1]);
                *self = Presets { maximum: word(0), thresholds: [word(1), word(2), word(3)], reset: word(4) };
                Ok(())
            }
            [2 | 3, ..] => Err(CodecError::unsupported("JPEG-LS with a mapping table")),
            [4, ..] => Err(CodecError::unsupported("JPEG-LS of more than 65535 rows or columns")),
            _ => Err(CodecError::damaged("a JPEG-LS preset segment is invalid")),
        }
    }
}

/// What a scan is coded with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Parameters {
    /// MAXVAL, the largest sample value.
    pub maximum: i32,
    /// NEAR, how far a sample may be off.
    pub near: i32,
    /// T1, T2, T3: the limits between gradients that count as alike.
    pub thresholds: [i32; 3],
    /// RESET, after how many samples a context is halved.
    pub reset: i32,
    /// RANGE, the number of prediction errors that differ.
    pub range: i32,
    /// Bits of a prediction error.
    pub error_bits: u32,
    /// LIMIT, the longest code.
    pub limit: u32,
}

impl Parameters {
    /// Fills in the defaults of C.2.4.1.1 and checks what the stream has preset.
    pub fn new(precision: u32, near: u32, presets: &Presets) -> Result<Self, CodecError> {
        let maximum = if presets.maximum == 0 { (1 << precision) - 1 } else { presets.maximum as i32 };
        let near = near as i32;
        let defaults = default_thresholds(maximum, near);
        let thresholds: [i32; 3] = std::array::from_fn(|i| match presets.thresholds[i] {
            0 => defaults[i],
            preset => preset as i32,
        });
        let reset = if presets.reset == 0 { 64 } else { presets.reset as i32 };
        let [t1, t2, t3] = thresholds;
        let sound = (1..1 << precision).contains(&maximum)
            && near <= (maximum / 2).min(255)
            && near < t1
            && t1 <= t2
            && t2 <= t3
            && t3 <= maximum
            && (3..=maximum.max(255)).contains(&reset);
        if !sound {
            return Err(CodecError::damaged(format!(
                "the JPEG-LS parameters MAXVAL {maximum}, NEAR {near}, T1 {t1}, T2 {t2}, T3 {t3}, RESET {reset} do not go together"
            )));
        }
        let range = (maximum + 2 * near) / (2 * near + 1) + 1;
        let bits = ceil_log2(maximum + 1).max(2);
        Ok(Parameters {
            maximum,
            near,
            thresholds,
            reset,
            range,
            error_bits: ceil_log2(range),
            limit: 2 * (bits + bits.max(8)),
        })
    }

    /// The class of every gradient, -4 to 4 (A.3.3), at the gradient's lowest 17 bits.
    pub fn gradient_classes(&self) -> Box<[i8; 1 << 17]> {
        let mut classes = Box::new([0; 1 << 17]);
        let [t1, t2, t3] = self.thresholds;
        for (class, from, to) in [(1, self.near + 1, t1), (2, t1, t2), (3, t2, t3), (4, t3, self.maximum + 1)] {
            let (from, to) = (from as usize, to as usize);
            classes[from..to].fill(class);
            classes[(1 << 17) - to + 1..=(1 << 17) - from].fill(-class);
        }
        classes
    }
}

/// C.2.4.1.1.1.
fn default_thresholds(maximum: i32, near: i32) -> [i32; 3] {
    let (t1, t2, t3) = if maximum >= 128 {
        let factor = (maximum.min(4095) + 128) / 256;
        (factor + 2 + 3 * near, factor * 4 + 3 + 5 * near, factor * 17 + 4 + 7 * near)
    } else {
        let factor = 256 / (maximum + 1);
        ((3 / factor + 3 * near).max(2), (7 / factor + 5 * near).max(3), (21 / factor + 7 * near).max(4))
    };
    let clamp = |value: i32, lowest: i32| if value > maximum || value < lowest { lowest } else { value };
    let t1 = clamp(t1, near + 1);
    let t2 = clamp(t2, t1);
    [t1, t2, clamp(t3, t2)]
}

fn ceil_log2(value: i32) -> u32 {
    i32::BITS - (value - 1).leading_zeros()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Table C.3 of T.87 for 8 bits, and the formulas for others.
    #[test]
    fn defaults() {
        let of = |precision, near| Parameters::new(precision, near, &Presets::default()).unwrap();
        assert_eq!(of(8, 0).thresholds, [3, 7, 21]);
        assert_eq!(of(12, 0).thresholds, [18, 67, 276]);
        assert_eq!(of(16, 0).thresholds, [18, 67, 276]);
        assert_eq!(of(8, 3).thresholds, [12, 22, 42]);
        assert_eq!((of(8, 0).range, of(8, 0).error_bits, of(8, 0).limit), (256, 8, 32));
        assert_eq!((of(16, 0).range, of(16, 0).error_bits, of(16, 0).limit), (65536, 16, 64));
        assert_eq!((of(8, 3).range, of(8, 3).error_bits), (38, 6));
    }

    #[test]
    fn classes_are_odd() {
        let parameters = Parameters::new(8, 2, &Presets::default()).unwrap();
        let classes = parameters.gradient_classes();
        let class = |gradient: i32| classes[gradient as usize & 0x1FFFF];
        assert!((0..=255).all(|gradient| class(gradient) == -class(-gradient)));
        let [t1, t2, t3] = parameters.thresholds;
        assert_eq!([2, 3, t1 - 1, t1, t2 - 1, t2, t3 - 1, t3, 255].map(class), [0, 1, 1, 2, 2, 3, 3, 4, 4]);
    }

    #[test]
    fn presets_are_checked() {
        let mut presets = Presets::default();
        presets.read(&[1, 0x0F, 0xFF, 0, 9, 0, 5, 0, 20, 0, 64]).unwrap();
        assert!(Parameters::new(12, 0, &presets).is_err());
        presets.read(&[1, 0x1F, 0xFF, 0, 0, 0, 0, 0, 0, 0, 0]).unwrap();
        assert!(Parameters::new(12, 0, &presets).is_err());
        assert!(Parameters::new(12, 255, &Presets::default()).is_ok());
        assert!(Parameters::new(2, 3, &Presets::default()).is_err());
        assert!(presets.read(&[1, 2, 3]).is_err() && presets.read(&[2]).is_err());
    }
}
