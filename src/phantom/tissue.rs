//! What the phantom is made of, and how each stuff looks on CT, on T1- and T2-weighted MR and in X-ray projection.

/// Stuff at a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Tissue {
    Air,
    Lung,
    Skin,
    Fat,
    Muscle,
    Tongue,
    Mucosa,
    Ligament,
    Cartilage,
    Thyroid,
    Artery,
    Vein,
    Cortical,
    Spongy,
    VeinCanal,
    Tooth,
    Annulus,
    Nucleus,
    Csf,
    Cord,
    Myelopathy,
    Brain,
    Tumour,
    Fragment,
    Cement,
    Titanium,
}

/// Mean CT value (HU) and MR signals (arbitrary, 0..1000) of a tissue, and how strongly its texture shows (HU; MR in
/// the same proportion to its signal).
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    pub(super) hu: f64,
    pub(super) t1: f64,
    pub(super) t2: f64,
    pub(super) texture_hu: f64,
    pub(super) texture_mr: f64,
}

impl Tissue {
    /// The tissue's look. Spongy bone's CT value is its level's own and replaces `hu`.
    #[rustfmt::skip]
    pub(super) const fn look(self) -> Look {
        let [hu, t1, t2, texture_hu, texture_mr] = match self {
            Tissue::Air        => [-1000.0,   4.0,   4.0,   0.0, 0.0],
            Tissue::Lung       => [ -850.0,  20.0,  25.0,  60.0, 0.5],
            Tissue::Skin       => [   30.0, 420.0, 260.0,  10.0, 0.1],
            Tissue::Fat        => [  -98.0, 900.0, 640.0,  14.0, 0.08],
            Tissue::Muscle     => [   56.0, 300.0, 150.0,  12.0, 0.14],
            Tissue::Tongue     => [   48.0, 380.0, 230.0,  26.0, 0.20],
            Tissue::Mucosa     => [   45.0, 330.0, 420.0,   8.0, 0.1],
            Tissue::Ligament   => [   62.0,  90.0,  55.0,   8.0, 0.15],
            Tissue::Cartilage  => [   95.0, 280.0, 230.0,  25.0, 0.1],
            Tissue::Thyroid    => [  112.0, 380.0, 330.0,   8.0, 0.05],
            Tissue::Artery     => [   46.0,  60.0,  40.0,   0.0, 0.0],
            Tissue::Vein       => [   44.0, 120.0, 140.0,   0.0, 0.1],
            Tissue::Cortical   => [ 1020.0,  35.0,  25.0, 110.0, 0.1],
            Tissue::Spongy     => [  300.0, 520.0, 290.0, 100.0, 0.07],
            Tissue::VeinCanal  => [  150.0, 640.0, 420.0,  30.0, 0.05],
            Tissue::Tooth      => [ 1750.0,  20.0,  15.0,  90.0, 0.0],
            Tissue::Annulus    => [   95.0, 210.0,  95.0,   8.0, 0.1],
            Tissue::Nucleus    => [   82.0, 250.0, 400.0,   6.0, 0.06],
            Tissue::Csf        => [    8.0, 120.0, 940.0,   0.0, 0.02],
            Tissue::Cord       => [   38.0, 400.0, 330.0,   2.0, 0.03],
            Tissue::Myelopathy => [   35.0, 370.0, 520.0,   2.0, 0.05],
            Tissue::Brain      => [   36.0, 430.0, 370.0,   5.0, 0.12],
            Tissue::Tumour     => [   58.0, 215.0, 600.0,  13.0, 0.14],
            Tissue::Fragment   => [  620.0, 110.0, 160.0, 200.0, 0.2],
            Tissue::Cement     => [ 1500.0,   8.0,   8.0, 180.0, 0.0],
            Tissue::Titanium   => [ 3071.0,   5.0,   5.0,   0.0, 0.0],
        };
        Look { hu, t1, t2, texture_hu, texture_mr }
    }

    /// Linear attenuation at about 65 keV in 1/mm, from the CT value: water 0.0200, bone steeper than soft tissue
    /// (its calcium absorbs more at these energies); titanium and barium-filled cement as tabulated by NIST XCOM, rounded.
    pub(super) fn attenuation_per_mm(self, hu: f64) -> f64 {
        match self {
            Tissue::Air => 0.0,
            Tissue::Titanium => 0.29,
            Tissue::Cement => 0.13,
            _ if hu > 100.0 => 0.0224 + (hu - 100.0) * 3.9e-5,
            _ => 0.0200 * (1.0 + hu / 1000.0),
        }
    }
}
