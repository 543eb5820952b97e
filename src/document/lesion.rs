//! One lesion as a reader describes it; the source of each vocabulary stands at its type.

use super::{ImageKey, Presence};
use crate::anatomy::VertebraLevel;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Identity of a lesion for ever, in every export.
pub type LesionId = Uuid;

/// A closed vocabulary: an enum whose words are spelled here once, for files, forms and scripts.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($word:ident = $text:literal,)+ } default $default:ident) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
        #[allow(missing_docs)]
        pub enum $name { $(#[serde(rename = $text)] $word,)+ }

        impl $name {
            /// Every word, in the order in which forms show them.
            pub const ALL: &[$name] = &[$($name::$word),+];

            /// The word as files spell it.
            pub fn word(self) -> &'static str {
                match self { $($name::$word => $text,)+ }
            }
        }

        impl Default for $name {
            fn default() -> Self { $name::$default }
        }
    };
}
pub(super) use words;

words! {
    /// What the lesion does to bone on CT.
    LesionKind { Lytic = "lytic", Blastic = "blastic", Mixed = "mixed", Indeterminate = "indeterminate", } default Lytic
}
words! {
    /// How much of the vertebra is involved; 50 % is the cut of SINS (Fisher 2010).
    Extent {
        SmallFocal = "small_focal", Multifocal = "multifocal", SubtotalLt50 = "subtotal_lt_50", SubtotalGe50 = "subtotal_ge_50",
        TotalBodyDestruction = "total_body_destruction", WholeVertebra = "whole_vertebra", NotAssessed = "not_assessed",
    } default NotAssessed
}
words! {
    /// Part of the vertebra, with the patient's side.
    Site {
        Body = "body", Dens = "dens", AnteriorArch = "anterior_arch", PosteriorArch = "posterior_arch",
        LateralMassLeft = "lateral_mass_left", LateralMassRight = "lateral_mass_right",
        PedicleLeft = "pedicle_left", PedicleRight = "pedicle_right", LaminaLeft = "lamina_left", LaminaRight = "lamina_right",
        FacetSuperiorLeft = "facet_superior_left", FacetSuperiorRight = "facet_superior_right",
        FacetInferiorLeft = "facet_inferior_left", FacetInferiorRight = "facet_inferior_right",
        TransverseProcessLeft = "transverse_process_left", TransverseProcessRight = "transverse_process_right",
        SpinousProcess = "spinous_process", CostovertebralLeft = "costovertebral_left", CostovertebralRight = "costovertebral_right",
        SacralAlaLeft = "sacral_ala_left", SacralAlaRight = "sacral_ala_right",
    } default Body
}
words! {
    /// Margin after Lodwick (1980, Radiology 134:577).
    Margin {
        Sclerotic1A = "geographic_sclerotic_1A", Sharp1B = "geographic_sharp_1B", IllDefined1C = "geographic_ill_defined_1C",
        MothEaten2 = "moth_eaten_2", Permeative3 = "permeative_3", NotAssessed = "not_assessed",
    } default NotAssessed
}
words! {
    /// MR signal against the named reference.
    MrSignal {
        Hypointense = "hypointense", Isointense = "isointense", Hyperintense = "hyperintense", Mixed = "mixed", NotAssessed = "not_assessed",
    } default NotAssessed
}
words! {
    /// Contrast enhancement.
    Enhancement {
        None = "none", Rim = "rim", Heterogeneous = "heterogeneous", Homogeneous = "homogeneous", NotAssessed = "not_assessed",
    } default NotAssessed
}
words! {
    /// What the lesion is thought to be.
    Nature {
        Metastasis = "metastasis", PrimaryMalignant = "primary_malignant", PrimaryBenign = "primary_benign", Myeloma = "myeloma",
        Infection = "infection", Indeterminate = "indeterminate", NotAssessed = "not_assessed",
    } default NotAssessed
}
words! {
    /// Role in RECIST 1.1 (Eisenhauer 2009): a lytic lesion is measurable only by a soft-tissue component of at least 10 mm.
    RecistRole { Target = "target", NonTarget = "non_target", New = "new", NotAssessed = "not_assessed", } default NotAssessed
}

words! {
    /// Where the cortex is broken.
    CortexPart {
        AnteriorWall = "anterior_wall", PosteriorWall = "posterior_wall", LeftWall = "left_wall", RightWall = "right_wall",
        SuperiorEndplate = "superior_endplate", InferiorEndplate = "inferior_endplate",
        PedicleLeft = "pedicle_left", PedicleRight = "pedicle_right", PosteriorElements = "posterior_elements",
    } default AnteriorWall
}
words! {
    /// Where soft tissue lies outside of the bone.
    SoftTissue {
        Prevertebral = "prevertebral", ParavertebralLeft = "paravertebral_left", ParavertebralRight = "paravertebral_right",
        Epidural = "epidural", ForaminalLeft = "foraminal_left", ForaminalRight = "foraminal_right",
    } default Prevertebral
}
words! {
    /// Layers of Weinstein, Boriani and Biagini (1997, Spine 22:1036).
    WbbLayer {
        A = "A_extraosseous_soft_tissue", B = "B_intraosseous_superficial", C = "C_intraosseous_deep",
        D = "D_extraosseous_extradural", E = "E_intradural",
    } default A
}

/// What a statement rests on: an image of the case, and the finding in words.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// The series; null where none of the case shows it.
    pub image: Option<ImageKey>,
    /// The finding, in words; must not identify the patient.
    pub finding: String,
}

/// Signals on MR, each against `reference`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct MrSignals {
    /// T1-weighted, against normal marrow.
    pub t1_vs_normal_marrow: MrSignal,
    /// T2-weighted.
    pub t2: MrSignal,
    /// STIR or fat-suppressed T2.
    pub stir: MrSignal,
    /// Diffusion-weighted.
    pub dwi: MrSignal,
    /// After contrast.
    pub enhancement: Enhancement,
    /// The tissue compared with, in the reader's words (normal marrow, disc, muscle).
    pub reference: Option<String>,
}

/// What is known of the tissue.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Histology {
    /// Whether tissue of this very lesion was examined.
    pub confirmed: Option<bool>,
    /// How (surgical specimen, biopsy, …).
    pub method: Option<String>,
    /// The diagnosis in words.
    pub diagnosis: Option<String>,
    /// Stains: name to `positive` or `negative`.
    pub ihc: BTreeMap<String, String>,
}

/// One lesion.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Lesion {
    /// The script's handle or the reader's name; unique in the document.
    pub label: String,
    /// Its value in label maps, 1…; fixed for the lesion's life.
    pub label_value: u16,
    /// The vertebra it was assigned to.
    pub vertebra: VertebraLevel,
    /// The vertebra was left to be found: the first voxels settle it. Absent in files once it is settled.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub vertebra_pending: bool,
    /// Lytic, blastic, ….
    #[serde(rename = "type")]
    pub kind: LesionKind,
    /// The reader's colour, sRGB; null takes the palette's.
    pub color: Option<[u8; 3]>,
    /// How much of the vertebra.
    pub extent: Extent,
    /// Parts involved; empty when not assessed.
    pub sites: Vec<Site>,
    /// Margin.
    pub margin: Margin,
    /// Cortex broken.
    pub cortical_breach: Presence,
    /// Soft tissue beyond the bone.
    pub soft_tissue_component: Presence,
    /// Long axis of the soft-tissue component, mm.
    pub soft_tissue_long_axis_mm: Option<f64>,
    /// Where the cortex is broken; empty when not assessed.
    #[serde(default)]
    pub cortical_breach_at: Vec<CortexPart>,
    /// Where the soft tissue lies; empty when not assessed.
    #[serde(default)]
    pub soft_tissue_at: Vec<SoftTissue>,
    /// Radial zones 1…12 of Weinstein, Boriani and Biagini (1997, Spine 22:1036), counted from the middle of the spinous
    /// process over the patient's left; empty when not assessed.
    #[serde(default)]
    pub wbb_zones: Vec<u8>,
    /// Their layers; empty when not assessed.
    #[serde(default)]
    pub wbb_layers: Vec<WbbLayer>,
    /// What the statements rest on.
    #[serde(default)]
    pub evidence: Vec<Evidence>,
    /// MR.
    pub mr: MrSignals,
    /// What it is thought to be.
    pub nature: Nature,
    /// Tissue.
    pub histology: Histology,
    /// RECIST 1.1.
    pub recist_role: RecistRole,
    /// The reader's remark; must not identify the patient.
    pub remark: Option<String>,
    /// The reader whose version it is, where it was taken over from another reader.
    #[serde(default)]
    pub taken_from: Option<String>,
    /// Its voxels are not to be changed. Absent in files while they may.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub locked: bool,
}

impl Lesion {
    /// Fields that no `set` may change.
    pub const FIXED: &[&str] = &["label_value", "vertebra_pending"];

    /// A lesion of which nothing but level and kind is known.
    pub fn new(label: String, label_value: u16, vertebra: VertebraLevel, kind: LesionKind) -> Self {
        Lesion {
            label,
            label_value,
            vertebra,
            vertebra_pending: false,
            kind,
            color: None,
            extent: Extent::default(),
            sites: Vec::new(),
            margin: Margin::default(),
            cortical_breach: Presence::default(),
            soft_tissue_component: Presence::default(),
            soft_tissue_long_axis_mm: None,
            cortical_breach_at: Vec::new(),
            soft_tissue_at: Vec::new(),
            wbb_zones: Vec::new(),
            wbb_layers: Vec::new(),
            evidence: Vec::new(),
            mr: MrSignals::default(),
            nature: Nature::default(),
            histology: Histology::default(),
            recist_role: RecistRole::default(),
            remark: None,
            taken_from: None,
            locked: false,
        }
    }
}
