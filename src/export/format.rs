//! The formats by name: what `--format` takes, what the window's dialog offers, and how their files are called.

/// A file format for others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Format {
    /// The case JSON.
    Json,
    /// Label maps.
    Nifti,
    /// Tables.
    Csv,
    /// The steps that lead to the document.
    Script,
    /// DICOM Segmentation.
    Seg,
    /// DICOM Segmentation of the vertebral bodies.
    Bodies,
    /// DICOM structured report, TID 1500.
    Sr,
    /// DICOM RT Structure Set.
    Rtstruct,
    /// Markups of 3D Slicer.
    Markups,
    /// Centroids as VerSe has them.
    Verse,
    /// Tables as Parquet.
    Parquet,
    /// Masks slice by slice, for learners in two dimensions.
    Coco,
    /// Surfaces.
    Stl,
    /// A page for people.
    Html,
}

/// How a format is called and what it is for.
struct Row {
    format: Format,
    /// What `--format` takes.
    name: &'static str,
    /// Its file in a folder; of a format of several files, one after the other.
    file: &'static str,
    /// What a file of it ends with; empty where it has several files of different names.
    ending: &'static str,
    /// What it holds, for a person.
    what: &'static str,
}

const ROWS: [Row; 14] = [
    row(Format::Json, "json", "case.json", ".json", "everything said and measured, with contours and masks"),
    row(Format::Nifti, "nifti", "lesions.nii.gz", ".nii.gz", "label map of the lesions on the grid of their series"),
    row(
        Format::Csv,
        "csv",
        "lesions.csv, vertebrae.csv, measurements.csv",
        "",
        "tidy tables of lesions, vertebrae and measurements",
    ),
    row(Format::Script, "script", "script.jsonl", ".jsonl", "the steps, to replay with `spondyl annotate`"),
    row(
        Format::Seg,
        "seg",
        "lesions.seg.dcm",
        ".dcm",
        "DICOM Segmentation: one segment a lesion, for PACS and viewers",
    ),
    row(
        Format::Bodies,
        "bodies",
        "bodies.seg.dcm",
        ".dcm",
        "DICOM Segmentation of outlined vertebral bodies: one segment a level",
    ),
    row(
        Format::Sr,
        "sr",
        "report.sr.dcm",
        ".dcm",
        "DICOM structured report (TID 1500): measurements, findings, scores",
    ),
    row(Format::Rtstruct, "rtstruct", "lesions.rtstruct.dcm", ".dcm", "DICOM RT Structure Set: outlines for planning"),
    row(Format::Markups, "markups", "markups.mrk.json", ".mrk.json", "3D Slicer markups: centres, lengths, angles"),
    row(Format::Verse, "verse", "centroids.json", ".json", "vertebra centres in voxels, as VerSe has them"),
    row(
        Format::Parquet,
        "parquet",
        "lesions.parquet, vertebrae.parquet, measurements.parquet",
        "",
        "the same tables with types, for many cases at once",
    ),
    row(Format::Coco, "coco", "coco.json", ".json", "masks slice by slice as run lengths, for learners in 2-D"),
    row(Format::Stl, "stl", "lesion-1.stl, …", "", "the surface of each lesion and outlined body, LPS millimetres"),
    row(Format::Html, "html", "report.html", ".html", "one page with figures and tables that opens offline"),
];

const fn row(format: Format, name: &'static str, file: &'static str, ending: &'static str, what: &'static str) -> Row {
    Row { format, name, file, ending, what }
}

impl Format {
    /// Every format, in the order of lists.
    pub fn all() -> impl Iterator<Item = Format> {
        ROWS.iter().map(|r| r.format)
    }

    /// The format of a name.
    pub fn named(name: &str) -> Option<Format> {
        ROWS.iter().find(|r| r.name == name).map(|r| r.format)
    }

    fn row(self) -> &'static Row {
        ROWS.iter().find(|r| r.format == self).unwrap_or(&ROWS[0])
    }

    /// What `--format` takes.
    pub fn name(self) -> &'static str {
        self.row().name
    }

    /// Its file or files in a folder.
    pub fn file_name(self) -> &'static str {
        self.row().file
    }

    /// What it holds.
    pub fn what(self) -> &'static str {
        self.row().what
    }

    /// What a file of this format ends with; `None` where it has several files of different names.
    pub(super) fn ending(self) -> Option<&'static str> {
        Some(self.row().ending).filter(|e| !e.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_format_has_one_row_and_a_name_of_its_own() {
        let names: std::collections::BTreeSet<_> = Format::all().map(Format::name).collect();
        assert_eq!(names.len(), ROWS.len());
        for format in Format::all() {
            assert_eq!(Format::named(format.name()), Some(format));
            assert!(format.ending().is_none_or(|e| format.file_name().ends_with(e)));
        }
    }
}
