//! The attributes that are read, by tag, keyword and value representation (DICOM PS3.6), and how messages name them.

use dicom::core::Tag;
use dicom::core::dictionary::{DataDictionary, DataDictionaryEntry};
use dicom::dictionary_std::StandardDataDictionary;
use std::fmt;

/// A tag as one number: group in the upper half, element in the lower.
pub type TagNumber = u32;

/// An attribute of the standard that is read here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Attribute {
    /// Its tag.
    pub tag: TagNumber,
    /// Its keyword.
    pub keyword: &'static str,
    /// Its value representation; used where the file gives none or says `UN`.
    pub vr: [u8; 2],
}

impl fmt::Display for Attribute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({:04X},{:04X})", self.keyword, self.tag >> 16, self.tag & 0xFFFF)
    }
}

/// How a message names any tag: keyword and number where the standard knows it, else the number alone.
pub fn tag_name(tag: TagNumber) -> String {
    let number = format!("({:04X},{:04X})", tag >> 16, tag & 0xFFFF);
    match StandardDataDictionary.by_tag(Tag((tag >> 16) as u16, tag as u16)) {
        Some(entry) if (tag >> 16).is_multiple_of(2) => format!("{} {number}", entry.alias()),
        _ => number,
    }
}

macro_rules! attributes {
    ($($name:ident $tag:literal $keyword:literal $vr:literal;)*) => {
        $(
            #[doc = $keyword]
            pub const $name: Attribute = Attribute { tag: $tag, keyword: $keyword, vr: *$vr };
        )*
        /// All of them, by ascending tag.
        pub const ALL: &[Attribute] = &[$($name),*];
    };
}

attributes! {
    GROUP_LENGTH 0x0002_0000 "FileMetaInformationGroupLength" b"UL";
    MEDIA_SOP_CLASS 0x0002_0002 "MediaStorageSOPClassUID" b"UI";
    MEDIA_SOP_INSTANCE 0x0002_0003 "MediaStorageSOPInstanceUID" b"UI";
    TRANSFER_SYNTAX 0x0002_0010 "TransferSyntaxUID" b"UI";
    DIRECTORY_RECORDS 0x0004_1220 "DirectoryRecordSequence" b"SQ";
    REFERENCED_FILE_ID 0x0004_1500 "ReferencedFileID" b"CS";
    CHARACTER_SET 0x0008_0005 "SpecificCharacterSet" b"CS";
    IMAGE_TYPE 0x0008_0008 "ImageType" b"CS";
    SOP_CLASS 0x0008_0016 "SOPClassUID" b"UI";
    SOP_INSTANCE 0x0008_0018 "SOPInstanceUID" b"UI";
    STUDY_DATE 0x0008_0020 "StudyDate" b"DA";
    ACQUISITION_TIME 0x0008_0032 "AcquisitionTime" b"TM";
    CONTENT_TIME 0x0008_0033 "ContentTime" b"TM";
    MODALITY 0x0008_0060 "Modality" b"CS";
    SERIES_DESCRIPTION 0x0008_103E "SeriesDescription" b"LO";
    PATIENT_NAME 0x0010_0010 "PatientName" b"PN";
    PATIENT_ID 0x0010_0020 "PatientID" b"LO";
    SLICE_THICKNESS 0x0018_0050 "SliceThickness" b"DS";
    REPETITION_TIME 0x0018_0080 "RepetitionTime" b"DS";
    ECHO_TIME 0x0018_0081 "EchoTime" b"DS";
    INVERSION_TIME 0x0018_0082 "InversionTime" b"DS";
    ECHO_NUMBERS 0x0018_0086 "EchoNumbers" b"IS";
    SPACING_BETWEEN_SLICES 0x0018_0088 "SpacingBetweenSlices" b"DS";
    TRIGGER_TIME 0x0018_1060 "TriggerTime" b"DS";
    IMAGER_PIXEL_SPACING 0x0018_1164 "ImagerPixelSpacing" b"DS";
    FLIP_ANGLE 0x0018_1314 "FlipAngle" b"DS";
    EFFECTIVE_ECHO_TIME 0x0018_9082 "EffectiveEchoTime" b"FD";
    DIFFUSION_B_VALUE 0x0018_9087 "DiffusionBValue" b"FD";
    DIFFUSION_ORIENTATION 0x0018_9089 "DiffusionGradientOrientation" b"FD";
    STUDY_INSTANCE 0x0020_000D "StudyInstanceUID" b"UI";
    SERIES_INSTANCE 0x0020_000E "SeriesInstanceUID" b"UI";
    SERIES_NUMBER 0x0020_0011 "SeriesNumber" b"IS";
    ACQUISITION_NUMBER 0x0020_0012 "AcquisitionNumber" b"IS";
    INSTANCE_NUMBER 0x0020_0013 "InstanceNumber" b"IS";
    PATIENT_ORIENTATION 0x0020_0020 "PatientOrientation" b"CS";
    IMAGE_POSITION 0x0020_0032 "ImagePositionPatient" b"DS";
    IMAGE_ORIENTATION 0x0020_0037 "ImageOrientationPatient" b"DS";
    FRAME_OF_REFERENCE 0x0020_0052 "FrameOfReferenceUID" b"UI";
    TEMPORAL_POSITION 0x0020_0100 "TemporalPositionIdentifier" b"IS";
    STACK_ID 0x0020_9056 "StackID" b"SH";
    FRAME_CONTENT 0x0020_9111 "FrameContentSequence" b"SQ";
    PLANE_POSITION 0x0020_9113 "PlanePositionSequence" b"SQ";
    PLANE_ORIENTATION 0x0020_9116 "PlaneOrientationSequence" b"SQ";
    TEMPORAL_INDEX 0x0020_9128 "TemporalPositionIndex" b"UL";
    CARDIAC_DELAY 0x0020_9153 "NominalCardiacTriggerDelayTime" b"FD";
    FRAME_ACQUISITION_NUMBER 0x0020_9156 "FrameAcquisitionNumber" b"US";
    DIMENSION_INDEX_VALUES 0x0020_9157 "DimensionIndexValues" b"UL";
    SAMPLES_PER_PIXEL 0x0028_0002 "SamplesPerPixel" b"US";
    PHOTOMETRIC 0x0028_0004 "PhotometricInterpretation" b"CS";
    PLANAR 0x0028_0006 "PlanarConfiguration" b"US";
    NUMBER_OF_FRAMES 0x0028_0008 "NumberOfFrames" b"IS";
    ROWS 0x0028_0010 "Rows" b"US";
    COLUMNS 0x0028_0011 "Columns" b"US";
    PIXEL_SPACING 0x0028_0030 "PixelSpacing" b"DS";
    BITS_ALLOCATED 0x0028_0100 "BitsAllocated" b"US";
    BITS_STORED 0x0028_0101 "BitsStored" b"US";
    HIGH_BIT 0x0028_0102 "HighBit" b"US";
    PIXEL_REPRESENTATION 0x0028_0103 "PixelRepresentation" b"US";
    PADDING_VALUE 0x0028_0120 "PixelPaddingValue" b"US";
    PADDING_LIMIT 0x0028_0121 "PixelPaddingRangeLimit" b"US";
    BURNED_IN 0x0028_0301 "BurnedInAnnotation" b"CS";
    SPACING_CALIBRATION 0x0028_0A02 "PixelSpacingCalibrationType" b"CS";
    WINDOW_CENTER 0x0028_1050 "WindowCenter" b"DS";
    WINDOW_WIDTH 0x0028_1051 "WindowWidth" b"DS";
    RESCALE_INTERCEPT 0x0028_1052 "RescaleIntercept" b"DS";
    RESCALE_SLOPE 0x0028_1053 "RescaleSlope" b"DS";
    RESCALE_TYPE 0x0028_1054 "RescaleType" b"LO";
    WINDOW_EXPLANATION 0x0028_1055 "WindowCenterWidthExplanation" b"LO";
    VOI_FUNCTION 0x0028_1056 "VOILUTFunction" b"CS";
    RED_PALETTE_DESCRIPTOR 0x0028_1101 "RedPaletteColorLookupTableDescriptor" b"US";
    GREEN_PALETTE_DESCRIPTOR 0x0028_1102 "GreenPaletteColorLookupTableDescriptor" b"US";
    BLUE_PALETTE_DESCRIPTOR 0x0028_1103 "BluePaletteColorLookupTableDescriptor" b"US";
    RED_PALETTE 0x0028_1201 "RedPaletteColorLookupTableData" b"OW";
    GREEN_PALETTE 0x0028_1202 "GreenPaletteColorLookupTableData" b"OW";
    BLUE_PALETTE 0x0028_1203 "BluePaletteColorLookupTableData" b"OW";
    LOSSY_COMPRESSION 0x0028_2110 "LossyImageCompression" b"CS";
    MODALITY_LUTS 0x0028_3000 "ModalityLUTSequence" b"SQ";
    LUT_DESCRIPTOR 0x0028_3002 "LUTDescriptor" b"US";
    LUT_EXPLANATION 0x0028_3003 "LUTExplanation" b"LO";
    MODALITY_LUT_TYPE 0x0028_3004 "ModalityLUTType" b"LO";
    LUT_DATA 0x0028_3006 "LUTData" b"OW";
    VOI_LUTS 0x0028_3010 "VOILUTSequence" b"SQ";
    PIXEL_MEASURES 0x0028_9110 "PixelMeasuresSequence" b"SQ";
    FRAME_VOI 0x0028_9132 "FrameVOILUTSequence" b"SQ";
    PIXEL_TRANSFORMATION 0x0028_9145 "PixelValueTransformationSequence" b"SQ";
    UNITS 0x0054_1001 "Units" b"CS";
    SHARED_GROUPS 0x5200_9229 "SharedFunctionalGroupsSequence" b"SQ";
    PER_FRAME_GROUPS 0x5200_9230 "PerFrameFunctionalGroupsSequence" b"SQ";
    OVERLAY_ROWS 0x6000_0010 "OverlayRows" b"US";
    OVERLAY_COLUMNS 0x6000_0011 "OverlayColumns" b"US";
    OVERLAY_FRAMES 0x6000_0015 "NumberOfFramesInOverlay" b"IS";
    OVERLAY_ORIGIN 0x6000_0050 "OverlayOrigin" b"SS";
    OVERLAY_FIRST_FRAME 0x6000_0051 "ImageFrameOrigin" b"US";
    OVERLAY_BITS_ALLOCATED 0x6000_0100 "OverlayBitsAllocated" b"US";
    OVERLAY_BIT_POSITION 0x6000_0102 "OverlayBitPosition" b"US";
    OVERLAY_DATA 0x6000_3000 "OverlayData" b"OW";
    OFFSET_TABLE 0x7FE0_0001 "ExtendedOffsetTable" b"OV";
    OFFSET_TABLE_LENGTHS 0x7FE0_0002 "ExtendedOffsetTableLengths" b"OV";
    FLOAT_PIXELS 0x7FE0_0008 "FloatPixelData" b"OF";
    DOUBLE_PIXELS 0x7FE0_0009 "DoubleFloatPixelData" b"OD";
    PIXEL_DATA 0x7FE0_0010 "PixelData" b"OW";
}

/// The attribute of a tag, when it is one that is read here.
pub fn attribute(tag: TagNumber) -> Option<Attribute> {
    ALL.binary_search_by_key(&tag, |a| a.tag).ok().map(|at| ALL[at])
}

#[cfg(test)]
mod tests {
    use super::*;
    use dicom::core::dictionary::VirtualVr;

    #[test]
    fn every_attribute_agrees_with_the_dictionary() {
        assert!(ALL.windows(2).all(|w| w[0].tag < w[1].tag));
        for a in ALL {
            let entry = StandardDataDictionary.by_tag(Tag((a.tag >> 16) as u16, a.tag as u16)).unwrap();
            assert_eq!(entry.alias(), a.keyword);
            let own = std::str::from_utf8(&a.vr).unwrap();
            match entry.vr() {
                VirtualVr::Exact(vr) => assert_eq!(vr.to_string(), own, "{a}"),
                _ => assert!(["US", "OW"].contains(&own), "{a}"),
            }
        }
    }

    #[test]
    fn messages_name_known_and_unknown_tags() {
        assert_eq!(PIXEL_SPACING.to_string(), "PixelSpacing (0028,0030)");
        assert_eq!(tag_name(0x0040_A730), "ContentSequence (0040,A730)");
        assert_eq!(tag_name(0x0009_1010), "(0009,1010)");
    }
}
