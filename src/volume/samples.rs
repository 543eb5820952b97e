//! Stored samples in their narrowest exact type, and the rescale that gives them units.

/// Stored samples, columns fastest, then rows, then slices. 32-bit integers, floats, and anything that a table maps to
/// more than 16 bits are held as the rescaled `F32` (their rescale is then the identity).
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs)]
pub enum Samples {
    U8(Vec<u8>),
    I16(Vec<i16>),
    U16(Vec<u16>),
    F32(Vec<f32>),
}

impl Samples {
    /// The stored sample at a flat index.
    pub fn get(&self, flat: usize) -> f64 {
        match self {
            Samples::U8(v) => f64::from(v[flat]),
            Samples::I16(v) => f64::from(v[flat]),
            Samples::U16(v) => f64::from(v[flat]),
            Samples::F32(v) => f64::from(v[flat]),
        }
    }

    /// The samples as bytes in memory.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Samples::U8(v) => v,
            Samples::I16(v) => bytemuck::cast_slice(v),
            Samples::U16(v) => bytemuck::cast_slice(v),
            Samples::F32(v) => bytemuck::cast_slice(v),
        }
    }

    /// How many samples there are.
    pub fn len(&self) -> usize {
        match self {
            Samples::U8(v) => v.len(),
            Samples::I16(v) => v.len(),
            Samples::U16(v) => v.len(),
            Samples::F32(v) => v.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The samples of one slice, borrowed.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(missing_docs)]
pub enum SliceSamples<'a> {
    U8(&'a [u8]),
    I16(&'a [i16]),
    U16(&'a [u16]),
    F32(&'a [f32]),
}

impl SliceSamples<'_> {
    /// A copy that outlives the loader's memory.
    pub fn to_samples(self) -> Samples {
        match self {
            SliceSamples::U8(v) => Samples::U8(v.to_vec()),
            SliceSamples::I16(v) => Samples::I16(v.to_vec()),
            SliceSamples::U16(v) => Samples::U16(v.to_vec()),
            SliceSamples::F32(v) => Samples::F32(v.to_vec()),
        }
    }
}

/// Stored value to units: `stored × slope + intercept` (PS3.3 C.11.1.1.2).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rescale {
    /// RescaleSlope (0028,1053).
    pub slope: f64,
    /// RescaleIntercept (0028,1052).
    pub intercept: f64,
}

impl Rescale {
    /// Leaves values as they are stored.
    pub const IDENTITY: Rescale = Rescale { slope: 1.0, intercept: 0.0 };

    /// The rescaled value.
    pub fn apply(self, stored: f64) -> f64 {
        stored * self.slope + self.intercept
    }
}

/// One rescale for every slice, or each its own (PET, enhanced objects).
#[derive(Clone, Debug, PartialEq)]
pub enum Rescales {
    /// The same for all.
    Uniform(Rescale),
    /// One a slice.
    PerSlice(Vec<Rescale>),
}

impl Rescales {
    /// The rescale of slice `k`.
    pub fn of_slice(&self, k: usize) -> Rescale {
        match self {
            Rescales::Uniform(r) => *r,
            Rescales::PerSlice(v) => v.get(k).copied().unwrap_or(Rescale::IDENTITY),
        }
    }
}
