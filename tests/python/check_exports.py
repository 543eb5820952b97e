#!/usr/bin/env python3
"""Exports and imports held against independent readers: dciodvfy, dsrdump, highdicom, dcmqi, pydicom, nibabel, SimpleITK,
pynrrd, pyarrow, pycocotools, rt-utils; MONAI where an interpreter with PyTorch is named.

    check_exports.py SPONDYL [FOLDER]

Makes small synthetic series (axial, sheared, oblique; rows x columns no multiple of 8), draws on them through scripts,
exports every format and compares voxels and numbers with the case JSON. Prints a line a check; exit code 1 when one fails.
"""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

import dcmqi_reads
import numpy as np
import pydicom
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

SIZE = (41, 37, 14)  # columns, rows, slices: 41 * 37 = 1517 is no multiple of 8
FAILED = []
# The environment variable that names a Python with MONAI and PyTorch, and the cases that it trains on: it starts slowly.
LEARNER = "SPONDYL_LEARNER_PYTHON"
TRAINED_ON = ["oblique"]
# Codes of vertebrae from public sources, where they are beside the repository.
CODES = pathlib.Path(__file__).resolve().parents[3] / "shared" / "design" / "vertebra_codes.json"


def check(name, ok, why=""):
    print(("ok    " if ok else "FAIL  ") + name + (f": {why}" if not ok and why else ""), flush=True)
    if not ok:
        FAILED.append(name)


def attempt(name, what):
    try:
        what()
    except Exception as e:  # one reader that cannot read costs its own checks only
        check(name, False, f"{type(e).__name__}: {e}")


def write_series(folder, steps, seed, study, frame):
    """A CT series on the grid origin + i a + j b + k c."""
    folder.mkdir(parents=True)
    a, b, c = (np.array(s, float) for s in steps)
    origin = np.array([-14.0, -8.0, 100.0])
    values = np.random.default_rng(seed).integers(-200, 900, size=SIZE[::-1], dtype=np.int16)
    series = generate_uid(entropy_srcs=[f"series {seed}"])
    for k in range(SIZE[2]):
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID = CTImageStorage
        meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=[f"instance {seed} {k}"])
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        d = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
        d.SOPClassUID, d.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
        d.StudyInstanceUID, d.SeriesInstanceUID, d.FrameOfReferenceUID = study, series, frame
        d.Modality, d.PatientName, d.PatientID, d.PatientBirthDate, d.PatientSex = "CT", "A^B", "1", "", "F"
        d.StudyDate, d.StudyTime, d.StudyID, d.AccessionNumber, d.ReferringPhysicianName = "20200101", "120000", "1", "", ""
        d.SeriesNumber, d.InstanceNumber, d.PositionReferenceIndicator = seed, k + 1, ""
        d.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
        d.ImagePositionPatient = [float(f"{x:.9g}") for x in origin + k * c]
        d.ImageOrientationPatient = [float(f"{x:.12g}") for x in [*(a / np.linalg.norm(a)), *(b / np.linalg.norm(b))]]
        d.PixelSpacing = [float(np.linalg.norm(b)), float(np.linalg.norm(a))]
        d.SliceThickness = float(np.linalg.norm(c))
        d.Rows, d.Columns = SIZE[1], SIZE[0]
        d.SamplesPerPixel, d.PhotometricInterpretation = 1, "MONOCHROME2"
        d.BitsAllocated, d.BitsStored, d.HighBit, d.PixelRepresentation = 16, 16, 15, 1
        d.RescaleSlope, d.RescaleIntercept, d.RescaleType = 1, 0, "HU"
        d.PixelData = values[k].tobytes()
        d.save_as(folder / f"{k:04}.dcm", enforce_file_format=True)
    return series, (origin, a, b, c), values


def point(grid, i, j, k):
    origin, a, b, c = grid
    return [float(x) for x in origin + i * a + j * b + k * c]


class Case:
    def __init__(self, spondyl, folder, steps_by_series):
        self.spondyl, self.folder = spondyl, folder
        self.images = folder / "images"
        study, frame = generate_uid(entropy_srcs=["study", folder.name]), generate_uid(entropy_srcs=["frame", folder.name])
        self.series = [write_series(self.images / str(n), s, n + 1, study, frame) for n, s in enumerate(steps_by_series)]
        script = []
        grid = self.series[0][1]
        for n, level in enumerate(["C5", "C6", "C7"]):
            script.append({"op": "label_vertebra", "level": level, "at_mm": point(grid, 20, 18, 11 - 4 * n)})
        heights = [[15, 30], [20, 30], [25, 30], [15, 10], [20, 11], [25, 10]]
        names = ["sup_ant", "sup_mid", "sup_post", "inf_ant", "inf_mid", "inf_post"]
        at = {name: point(grid, 20, i, 5 + j / 10) for name, (i, j) in zip(names, heights)}
        script.append({"op": "heights", "level": "C6", "points_mm": at})
        for label, level, kind in [("a", "C6", "lytic"), ("b, \u00e4", "C7", "mixed")]:
            script.append({"op": "add_lesion", "lesion": label, "vertebra": level, "kind": kind})
        for n, (series, grid, _) in enumerate(self.series):
            for label, where, radius in [("a", (12, 14, 6), 6.1), ("b, \u00e4", (28, 20, 9), 4.3)]:
                brush = {"op": "brush", "lesion": label, "plane": "axial", "path_mm": [point(grid, *where)],
                         "radius_mm": radius + n, "tip": "sphere", "mode": "paint", "range": None, "image": series}
                script.append(brush)
                # A hole inside one slice, and voxels that touch at corners only.
                hole = {**brush, "radius_mm": 1.3, "mode": "erase", "tip": "disc"}
                script.append(hole)
        for level, where in [("C5", (20, 18, 11)), ("C6", (20, 18, 7))]:
            script.append({"op": "brush", "body": level, "plane": "axial", "path_mm": [point(self.series[0][1], *where)],
                           "radius_mm": 4.2, "tip": "sphere", "mode": "paint", "range": None, "image": self.series[0][0]})
        for target, field, value in [
            ({"lesion": "a"}, "margin", "permeative_3"), ({"lesion": "a"}, "nature", "metastasis"),
            ({"lesion": "a"}, "sites", ["body", "transverse_process_left"]),
            ({"vertebra": "C6"}, "cord_compression", "present"), ({"vertebra": "C6"}, "escc_grade", "2"),
            ({"vertebra": "C6"}, "sins_pain", 3), ({"vertebra": "C6"}, "fracture", "present"),
        ]:
            script.append({"op": "set", "target": target, "field": field, "value": value})
        grid = self.series[0][1]
        length = {"kind": "length", "points_mm": [point(grid, 3, 4, 5), point(grid, 13, 4, 5)]}
        angle = {"kind": "angle", "a_mm": [point(grid, 3, 4, 5), point(grid, 9, 4, 5)],
                 "b_mm": [point(grid, 3, 9, 5), point(grid, 9, 15, 5)]}
        for label, shape in [("canal", length), ("wedge", angle)]:
            script.append({"op": "measure", "measurement": label, "shape": shape, "level": "C6", "image": self.series[0][0]})
        (folder / "steps.jsonl").write_text("".join(json.dumps(s) + "\n" for s in script))
        self.case = folder / "case.spondyl"
        self.run("annotate", self.images, "--series", self.series[0][0], "--case", self.case, "--reader", "reader-1",
                 "--script", folder / "steps.jsonl", "--quiet")
        self.out = folder / "out"
        self.run("export", self.case, "--images", self.images, "--format", ALL, "-o", self.out)
        self.json = json.loads((self.out / "case.json").read_text())
        self.lesions = [l for v in self.json["annotation_sets"][0]["vertebrae"] for l in v["lesions"]]

    def run(self, *args):
        done = subprocess.run([str(self.spondyl), *map(str, args)], capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"{args}: {done.stderr}")
        return done.stdout

    def files(self, ending):
        return sorted(self.out.glob(f"*{ending}"))

    def masks(self, series):
        """The lesions' masks on a series as (slices, rows, columns) arrays, by id; from the JSON's own runs."""
        found = {}
        for l in self.lesions:
            for g in [l["geometry"], *(o["geometry"] for o in l["on_other_images"])]:
                if g["image"] != series or g["mask"] is None:
                    continue
                found[l["id"]] = self.whole(g["mask"])
        return found

    def whole(self, mask):
        """The run lengths of a box as an array of the whole grid."""
        (w, h, d), (i, j, k) = mask["size_ijk"], mask["origin_ijk"]
        runs = np.array(mask["runs"])
        box = np.zeros(w * h * d, bool)
        flat = np.repeat(np.tile([False, True], len(runs) // 2), runs)
        box[: len(flat)] = flat
        whole = np.zeros(SIZE[::-1], bool)
        whole[k : k + d, j : j + h, i : i + w] = box.reshape(d, h, w)
        return whole


ALL = "json,nifti,csv,script,seg,bodies,sr,rtstruct,markups,verse,coco,stl,html,parquet"


def tool(name, *args):
    if shutil.which(name) is None:
        print(f"skip  {name} is not installed")
        return None
    return subprocess.run([name, *map(str, args)], capture_output=True, text=True)


def check_validators(what, case):
    for f in case.files(".dcm"):
        done = tool("dciodvfy", "-new", f)
        if done:
            errors = [l for l in (done.stdout + done.stderr).splitlines() if l.startswith("Error")]
            check(f"{what}: dciodvfy finds no error in {f.name}", not errors, "; ".join(errors[:3]))
        if f.name.endswith(".sr.dcm"):
            done = tool("dsrdump", f)
            if done:
                check(f"{what}: dsrdump reads {f.name}", done.returncode == 0, done.stderr)


def lesion_segs(case):
    return [f for f in case.files(".seg.dcm") if f.name.startswith("lesions")]


def check_bodies(what, case):
    """Outlines of bodies in every format that holds them: the same voxels everywhere."""
    import highdicom as hd
    import nibabel

    seg = hd.seg.segread(str(case.out / "bodies.seg.dcm"))
    series = case.series[0][0]
    uids = [i["sop_instance_uid"] for i in next(m for m in case.json["images"] if m["series_instance_uid"] == series)["instances"]]
    pixels = seg.get_pixels_by_source_instance(uids, ignore_spatial_locations=False, assert_missing_frames_are_empty=True)
    nifti = np.asarray(nibabel.load(case.out / "bodies.nii.gz").dataobj)
    codes = json.loads(CODES.read_text()) if CODES.is_file() else None
    check(f"{what}: a segment a body", seg.number_of_segments == 2)
    for n, level, verse in [(1, "C5", 5), (2, "C6", 6)]:
        d = seg.get_segment_description(n)
        same = np.array_equal(pixels[..., n - 1].astype(bool), (nifti == verse).transpose(2, 1, 0))
        check(f"{what}: highdicom and nibabel read the same body of {level}", same and pixels[..., n - 1].any())
        told = next(v for v in case.json["annotation_sets"][0]["vertebrae"] if v["level"] == level)["body"]
        figures = (told["image"], told["label_value"], told["voxels"], told["origin"])
        hand = {"source": "hand", "corrected": False}
        check(f"{what}: the JSON tells of the body of {level}", figures == (series, verse, (nifti == verse).sum(), hand), figures)
        there = {uids[k] for k in np.flatnonzero((nifti == verse).any((0, 1)))}
        check(f"{what}: outlines in every slice of the body of {level}", {c["sop_instance_uid"] for c in told["contours"]} == there)
        region = d.AnatomicRegionSequence[0]
        if codes:
            known = next(v for v in codes["vertebrae"] if v["level"] == level)
            sct = {str(known[k]) for k in known if "sct" in k and known[k]}
            check(f"{what}: codes of {level}", region.CodeValue in str(sct) and d.SegmentedPropertyTypeCodeSequence[0].CodeValue in str(sct), sct)
        data = (case.out / f"body-{level}.stl").read_bytes()
        facets = np.frombuffer(data[84:], np.dtype([("normal", "<f4", 3), ("v", "<f4", (3, 3)), ("attribute", "<u2")]))
        v = facets["v"].astype(float)
        volume = np.einsum("ij,ij->i", v[:, 0], np.cross(v[:, 1], v[:, 2])).sum() / 6
        grid = case.series[0][1]
        voxel = abs(np.linalg.det(np.stack(grid[1:], axis=1)))
        check(f"{what}: the surface holds the body of {level}", abs(volume / ((nifti == verse).sum() * voxel) - 1) < 0.15, volume)


def check_seg(what, case):
    import highdicom as hd

    by_series = {}
    for f in lesion_segs(case):
        seg = hd.seg.segread(str(f))
        by_series[str(seg.ReferencedSeriesSequence[0].SeriesInstanceUID)] = seg
    for series, _, _ in case.series:
        seg, masks = by_series[series], case.masks(series)
        sources = {d.SOPInstanceUID: d for d in map(pydicom.dcmread, case.images.glob("*/*.dcm")) if d.SeriesInstanceUID == series}
        uids = [i["sop_instance_uid"] for i in next(m for m in case.json["images"] if m["series_instance_uid"] == series)["instances"]]
        pixels = seg.get_pixels_by_source_instance(uids, ignore_spatial_locations=False, assert_missing_frames_are_empty=True)
        check(f"{what}: highdicom finds every lesion's segment", len(masks) == seg.number_of_segments)
        for n in seg.segment_numbers:
            d = seg.get_segment_description(n)
            lesion = next(l for l in case.lesions if l["id"] == d.TrackingID)
            same = np.array_equal(pixels[..., n - 1].astype(bool), masks[d.TrackingID])
            check(f"{what}: highdicom reads the voxels of {lesion['label']!r}", same)
            check(f"{what}: tracking ids are the JSON's", d.TrackingUID == lesion["tracking_uid"])
        # Frame by frame with pydicom alone: bits, positions.
        raw = pydicom.dcmread(lesion_segs(case)[0]) if len(case.series) == 1 else None
        if raw is not None:
            check(f"{what}: pydicom unpacks as many pixels", raw.pixel_array.sum() == sum(m.sum() for m in masks.values()))
        for n, group in enumerate(seg.PerFrameFunctionalGroupsSequence):
            source = group.DerivationImageSequence[0].SourceImageSequence[0].ReferencedSOPInstanceUID
            there = np.array(sources[source].ImagePositionPatient, float)
            if np.abs(np.array(group.PlanePositionSequence[0].ImagePositionPatient, float) - there).max() > 1e-6:
                check(f"{what}: frame {n} lies on its source", False)
                break
        else:
            check(f"{what}: every frame lies on its source", True)
    again = case.folder / "again"
    case.run("export", case.case, "--images", case.images, "--format", "seg,bodies,sr,rtstruct", "-o", again)
    same = all((again / f.name).read_bytes() == f.read_bytes() for f in case.files(".dcm"))
    check(f"{what}: what is exported again is the same, UIDs and all", same)


def check_slicer(what, case):
    dcmqi_reads.check_dcmqi(check, what, case, SIZE)


def check_sr(what, case):
    import highdicom as hd
    from pydicom.sr.codedict import codes

    sr = hd.sr.srread(str(case.out / "report.sr.dcm"))
    groups = sr.content.get_volumetric_roi_measurement_groups()
    placed = [(l, m) for l in case.lesions for m in [l, *l["on_other_images"]] if m["geometry"]["mask"]]
    check(f"{what}: highdicom finds a group for each lesion on each series", len(groups) == len(placed))
    segs = {str(pydicom.dcmread(f).SOPInstanceUID): pydicom.dcmread(f) for f in case.files(".seg.dcm")}
    for l, m in placed:
        mine = [g for g in groups if g.tracking_identifier == l["id"]]
        volumes = [g.get_measurements(codes.SCT.Volume)[0].value for g in mine]
        check(f"{what}: volume of {l['label']!r}", m["measurements"]["volume_mm3"] in volumes, volumes)
        means = []
        for g in mine:
            for x in g.get_measurements(codes.DCM.AttenuationCoefficient):
                if x.derivation and x.derivation.value == "373098007":
                    means.append(x.value)
        check(f"{what}: mean of {l['label']!r}", m["measurements"]["mean"] in means, means)
        for g in mine:
            segment = g.referenced_segment
            seg = segs[str(segment.referenced_sop_instance_uid)]
            number = segment.referenced_segment_numbers[0] if hasattr(segment, "referenced_segment_numbers") else None
            if number is not None:
                tracked = next(s for s in seg.SegmentSequence if s.SegmentNumber == number).TrackingID
                check(f"{what}: the group of {l['label']!r} refers to its segment", tracked == l["id"])
    levels = {g.tracking_identifier: g for g in sr.content.get_image_measurement_groups()}
    numbers = {(m.name.value): m.value for m in levels["C6"].get_measurements()}
    c6 = next(v for v in case.json["annotation_sets"][0]["vertebrae"] if v["level"] == "C6")
    check(f"{what}: collapse of C6", numbers.get("COLLAPSE") == c6["fracture"]["collapse_percent"], numbers)
    check(f"{what}: pain of the SINS", numbers.get("SINS_PAIN") == 3)
    sins = (numbers.get("SINS_TOTAL_MIN"), numbers.get("SINS_TOTAL_MAX"))
    check(f"{what}: an open SINS is a range", sins == (c6["sins"]["total_min"], c6["sins"]["total_max"]), sins)
    said = {e.name.value: e.value.value for e in levels["C6"].get_qualitative_evaluations()}
    check(f"{what}: epidural grade of C6", "ESCC_2" in said.values(), said)


def check_rtstruct(what, case):
    import cv2

    for f in case.files(".rtstruct.dcm"):
        d = pydicom.dcmread(f)
        study = d.ReferencedFrameOfReferenceSequence[0].RTReferencedStudySequence[0]
        series = str(study.RTReferencedSeriesSequence[0].SeriesInstanceUID)
        (_, (origin, a, b, c), _) = next(s for s in case.series if s[0] == series)
        to_voxel = np.linalg.inv(np.stack([a, b, c], axis=1))
        masks = {l["label"]: case.masks(series)[l["id"]] for l in case.lesions}
        names = {r.ROINumber: r.ROIName for r in d.StructureSetROISequence}
        for roi in d.ROIContourSequence:
            whole = np.zeros(SIZE[::-1], np.uint8)
            for contour in roi.ContourSequence:
                points = np.array(contour.ContourData, float).reshape(-1, 3)
                ijk = (to_voxel @ (points - origin).T).T
                k = int(round(ijk[:, 2].mean()))
                # Voxel edges lie at halves: doubled and shifted they are whole, and centres odd; OpenCV fills even-odd.
                fine = np.zeros((2 * SIZE[1] + 1, 2 * SIZE[0] + 1), np.uint8)
                cv2.fillPoly(fine, [np.rint(2 * ijk[:, :2] + 1).astype(np.int32)], 1)
                whole[k] ^= fine[1::2, 1::2]
            check(f"{what}: outlines of {names[roi.ReferencedROINumber]!r} hold its voxels",
                  np.array_equal(whole.astype(bool), masks[names[roi.ReferencedROINumber]]))
        from rt_utils import RTStructBuilder

        folder = next(p for p in case.images.iterdir() if pydicom.dcmread(next(p.glob("*.dcm"))).SeriesInstanceUID == series)
        rt = RTStructBuilder.create_from(dicom_series_path=str(folder), rt_struct_path=str(f))
        check(f"{what}: rt-utils reads {f.name}", sorted(rt.get_roi_names()) == sorted(masks))


def check_nifti(what, case):
    import nibabel
    import SimpleITK as sitk

    for n, f in enumerate(sorted(case.out.glob("lesions*.nii.gz"))):
        image = nibabel.load(f)
        data = np.asarray(image.dataobj)
        lps = np.diag([-1, -1, 1, 1]) @ image.affine
        series = [s for s in case.series if np.allclose(lps[:3, :3], np.stack(s[1][1:], axis=1), atol=1e-4)]
        check(f"{what}: the affine of {f.name} is a series'", len(series) >= 1)
        for s in series[:1]:
            for l in case.lesions:
                mask = case.masks(s[0]).get(l["id"])
                if mask is not None:
                    check(f"{what}: nibabel reads {l['label']!r}", np.array_equal(data == l["label_value"], mask.transpose(2, 1, 0)))
        if "sheared" not in what:  # ITK takes no sheared grids
            array = sitk.GetArrayFromImage(sitk.ReadImage(str(f)))
            check(f"{what}: SimpleITK reads the same voxels of {f.name}", np.array_equal(array.transpose(2, 1, 0), data))


def check_tables(what, case):
    import pandas as pd

    lesions = pd.read_csv(case.out / "lesions.csv")
    check(f"{what}: pandas reads a row a lesion", sorted(lesions["id"]) == sorted(l["id"] for l in case.lesions))
    for name in ["lesions", "vertebrae", "measurements"]:
        use = pd.read_csv(case.out / f"{name}.csv")["intended_use"]
        check(f"{what}: every row of {name}.csv says what it is for", use.str.startswith("research use only").all())
    import pyarrow.parquet as pq

    for name in ["lesions", "vertebrae", "measurements"]:
        as_csv = pd.read_csv(case.out / f"{name}.csv", dtype=str)
        as_parquet = pq.read_table(case.out / f"{name}.parquet").to_pandas()
        same = list(as_csv.columns) == list(as_parquet.columns) and len(as_csv) == len(as_parquet)
        for column in as_csv.columns if same else []:
            a, b = as_csv[column], as_parquet[column]
            both = a.isna() & (b.isna() | (b == ""))
            if b.dtype == float:
                same &= bool((both | np.isclose(a.astype(float), b, rtol=0, atol=0)).all())
            else:
                same &= bool((both | (a.astype(str) == b.astype(str))).all())
            if not same:
                check(f"{what}: column {column} of {name}.parquet", False, f"{list(a)[:3]} {list(b)[:3]}")
                break
        check(f"{what}: pyarrow reads {name}.parquet as pandas reads the CSV", same)


def check_markups_structure(what, m):
    """What markups-schema v1.0.3 of 3D Slicer asks of a file. The schema itself is not copied here; these are its required
    names, its types and its closed lists."""
    text, boolean, number = (str,), (bool,), (int, float)
    of_markup = {"type": text, "name": text, "description": text, "coordinateSystem": text, "coordinateUnits": text,
                 "locked": boolean, "fixedNumberOfControlPoints": boolean, "labelFormat": text,
                 "lastUsedControlPointNumber": (int,), "controlPoints": (list,), "measurements": (list,)}
    of_point = {"id": text, "label": text, "description": text, "associatedNodeID": text, "position": (list,),
                "orientation": (list,), "selected": boolean, "locked": boolean, "visibility": boolean, "positionStatus": text}
    of_figure = {"name": text, "enabled": boolean, "value": number, "units": text, "printFormat": text}
    bad = []
    if not m.get("@schema", "").endswith("markups-schema-v1.0.3.json#") or not m.get("markups"):
        bad.append("no schema or no markups")

    def fields(thing, known, where):
        bad.extend(f"{where}: {k} is unknown" for k in thing if k not in known)
        bad.extend(f"{where}: {k} is {v!r}" for k, v in thing.items() if k in known and not isinstance(v, known[k]))

    for x in m["markups"]:
        fields(x, of_markup, x.get("name"))
        if x["type"] not in ["Fiducial", "Line", "Angle", "Curve", "ClosedCurve", "Plane", "ROI"]:
            bad.append(f"type {x['type']}")
        if x["coordinateSystem"] not in ["LPS", "RAS"]:
            bad.append(x["coordinateSystem"])
        for p in x["controlPoints"]:
            fields(p, of_point, x["name"])
            sizes = len(p["position"]) == 3 and len(p["orientation"]) == 9
            if not sizes or p["positionStatus"] not in ["undefined", "preview", "defined"]:
                bad.append(f"{x['name']}: point {p['id']}")
        for f in x["measurements"]:
            fields(f, of_figure, x["name"])
    check(f"{what}: markups are as the schema of 3D Slicer says", not bad, bad[:3])


def check_markups(what, case):
    m = json.loads((case.out / "markups.mrk.json").read_text())
    by_type = {}
    for x in m["markups"]:
        by_type.setdefault(x["type"], []).append(x)
    check_markups_structure(what, m)
    centres = {p["label"]: p["position"] for p in by_type["Fiducial"][0]["controlPoints"]}
    vertebrae = {v["level"]: v["centroid_mm"] for v in case.json["annotation_sets"][0]["vertebrae"] if v["centroid_mm"]}
    check(f"{what}: markups hold the centres", centres == vertebrae)
    value = {d["label"]: d["value"] for d in case.json["annotation_sets"][0]["measurements"]}
    a, b, c = (np.array(p["position"]) for p in by_type["Angle"][0]["controlPoints"])
    u, v = a - b, c - b
    angle = np.degrees(np.arccos(u @ v / np.linalg.norm(u) / np.linalg.norm(v)))
    check(f"{what}: the angle's points make its angle", abs(angle - value["wedge"]) < 1e-5, f"{angle} {value['wedge']}")
    line = [x for x in by_type["Line"] if x["name"] == "canal"][0]["controlPoints"]
    length = np.linalg.norm(np.array(line[0]["position"]) - np.array(line[1]["position"]))
    check(f"{what}: the line's points make its length", abs(length - value["canal"]) < 1e-5)


def check_verse(what, case):
    import nibabel

    centroids = json.loads((case.out / "centroids.json").read_text())
    image = nibabel.load(case.out / "lesions.nii.gz")
    check(f"{what}: axes are those of the label map", "".join(centroids[0]["direction"]) == "".join(nibabel.aff2axcodes(image.affine)))
    by_id = {v["verse_id"]: v["centroid_mm"] for v in case.json["annotation_sets"][0]["vertebrae"]}
    for c in centroids[1:]:
        ras = image.affine @ [c["X"], c["Y"], c["Z"], 1]
        lps = np.array([-ras[0], -ras[1], ras[2]])
        check(f"{what}: centre {c['label']}", np.abs(lps - by_id[c["label"]]).max() < 1e-2, f"{lps} {by_id[c['label']]}")


def check_coco(what, case):
    from pycocotools.coco import COCO

    coco = COCO(str(case.out / "coco.json"))
    for series, _, _ in case.series:
        masks, found = case.masks(series), {}
        for image in coco.dataset["images"]:
            if image["series_instance_uid"] != series:
                continue
            for a in coco.imgToAnns[image["id"]]:
                whole = found.setdefault(a["attributes"]["lesion"], np.zeros(SIZE[::-1], bool))
                whole[image["slice"]] = coco.annToMask(a).astype(bool)
                check(f"{what}: area of annotation {a['id']}", coco.annToMask(a).sum() == a["area"])
        check(f"{what}: pycocotools reads the voxels", found.keys() == masks.keys() and all(np.array_equal(found[k], masks[k]) for k in masks))


def check_stl(what, case):
    for l in case.lesions:
        data = (case.out / f"lesion-{l['label_value']}.stl").read_bytes()
        (n,) = np.frombuffer(data[80:84], "<u4")
        facets = np.frombuffer(data[84:], np.dtype([("normal", "<f4", 3), ("v", "<f4", (3, 3)), ("attribute", "<u2")]))
        v = facets["v"].astype(float)
        volume = np.einsum("ij,ij->i", v[:, 0], np.cross(v[:, 1], v[:, 2])).sum() / 6
        check(f"{what}: facets of {l['label']!r}", len(facets) == n)
        check(f"{what}: the surface holds {l['label']!r}", abs(volume / l["measurements"]["volume_mm3"] - 1) < 0.15, volume)


def check_load(what, case):
    """The printed loader, in an interpreter of its own, as somebody would use it with nibabel and pandas."""
    (case.folder / "load.py").write_text(case.run("schema", "--python"))
    code = f"""
import sys; sys.path.insert(0, {str(case.folder)!r})
import nibabel, numpy as np, pandas as pd
from load import load, affine
case = load({str(case.out / 'case.json')!r})
table = pd.DataFrame([{{"id": l["id"], "level": l["level"], **l["measurements"]}} for l in case["lesions"]])
assert len(table) == {len(case.lesions)} and table["volume_mm3"].gt(0).all()
for l in case["lesions"]:
    assert l["mask"].sum() == l["measurements"]["voxels"], l["label"]
image = case["lesions"][0]["image"]
nifti = nibabel.load({str(case.out / 'lesions.nii.gz')!r})
assert np.allclose(np.diag([-1, -1, 1, 1]) @ nifti.affine, affine(image), atol=1e-3)
data = np.asarray(nifti.dataobj)
for l in case["lesions"]:
    if l["image"]["id"] == image["id"]:
        assert np.array_equal(l["mask"], data == l["label_value"]), l["label"]
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    check(f"{what}: load.py gives masks and figures", done.returncode == 0, done.stderr[-600:])


def check_snippets(what, case):
    """The blocks of docs/python.md, each in an interpreter of its own beside the export, and those that train with MONAI in
    one that has PyTorch, beside a cohort of this case."""
    text = (pathlib.Path(__file__).resolve().parents[2] / "docs" / "python.md").read_text()
    (case.folder / "cases").mkdir()
    shutil.copy(case.case, case.folder / "cases" / "one.spondyl")
    (case.folder / "images-of-cases").mkdir()
    (case.folder / "images-of-cases" / "one").symlink_to(case.images)
    case.run("cohort", case.folder / "cases", "--images", case.folder / "images-of-cases", "--style", "decathlon",
             "-o", case.folder / "cohort")
    for n, block in enumerate(text.split("```python\n")[1:], 1):
        code = block.split("```")[0]
        python = os.environ.get(LEARNER) if "monai" in code else sys.executable
        if python is None:
            print(f"skip  snippet {n} trains with MONAI: {LEARNER} names no Python that has it")
        elif python == sys.executable or what in TRAINED_ON:
            done = subprocess.run([python, "-c", code], capture_output=True, text=True, cwd=case.folder)
            check(f"{what}: snippet {n} of docs/python.md", done.returncode == 0, done.stderr[-600:])


def check_html(what, case):
    text = (case.out / "report.html").read_text()
    check(f"{what}: the page asks nobody", not any(w in text for w in ["http:", "https:", "<script", "src="]))
    check(f"{what}: the page has its figures", text.count("<figure>") >= len(case.lesions))
    agreement = case.folder / "agreement"
    case.run("compare", case.out / "case.json", case.case, "-o", agreement)
    for page in [case.out / "report.html", agreement / "agreement.html"]:
        check_in_browser(f"{what}: {page.name}", page)


def opened_in_browser(page):
    """What a real browser makes of a page: its DOM, the lines of its console, and the requests that the page itself caused.
    None without a browser. Host names resolve to nothing, so that nothing leaves the machine either way."""
    browser = next((b for b in ["chromium", "chromium-browser", "google-chrome"] if shutil.which(b)), None)
    if browser is None:
        return None
    with tempfile.TemporaryDirectory(prefix="spondyl-browser-") as home:
        log = pathlib.Path(home) / "net.json"
        quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
                 "--no-first-run", "--no-default-browser-check", "--host-resolver-rules=MAP * ~NOTFOUND"]
        command = [browser, "--headless", "--no-sandbox", "--disable-gpu", *quiet, f"--user-data-dir={home}/profile",
                   "--enable-logging=stderr", f"--log-net-log={log}", "--dump-dom", page.resolve().as_uri()]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        console = [l for l in done.stderr.splitlines() if "CONSOLE" in l]
        text = log.read_text()
        try:
            events = json.loads(text)
        except json.JSONDecodeError:  # the log of a browser that ended early lacks its last brackets
            events = json.loads(text.rstrip().rstrip(",") + "]}")
        started = events["constants"]["logEventTypes"]["URL_REQUEST_START_JOB"]
        params = [e.get("params", {}) for e in events["events"] if e["type"] == started]
        # What the browser does of its own accord comes from no page.
        asked = [q["url"] for q in params
                 if "url" in q and q.get("initiator") != "not an origin" and not q["url"].startswith("file:")]
        return done.stdout, console, asked


def check_in_browser(what, page):
    """The page opens whole, with no line in the console and no request but for the file itself."""
    opened = opened_in_browser(page)
    if opened is None:
        return print("skip  no Chromium is installed")
    dom, console, asked = opened
    whole = "Research use only" in dom and dom.rstrip().endswith("</html>")
    check(f"{what} opens whole in a browser", whole, dom[-200:])
    check(f"{what} says nothing in the console", not console, console[:2])
    check(f"{what} asks nobody over the network", not asked, asked[:3])


def check_that_the_browser_tells(folder):
    """A page that logs an error and wants a picture from elsewhere is found out: the checks above can fail."""
    page = folder / "told.html"
    page.write_text('<html><body><script>console.error("x")</script><img src="http://example.invalid/a.png"></body></html>')
    opened = opened_in_browser(page)
    if opened is not None:
        check("a page that asks and complains is found out", len(opened[1]) == 1 and opened[2] == ["http://example.invalid/a.png"], opened[1:])


def check_round_trip(what, case):
    """Every format that is read comes back into a new case as it was."""
    import nrrd

    for name, files in [("json", ["case.json"]), ("seg", [f.name for f in lesion_segs(case)]),
                        ("rtstruct", [f.name for f in case.files(".rtstruct.dcm")])]:
        back = case.folder / f"back-{name}"
        new = case.folder / f"{name}.spondyl"
        case.run("import", case.out / files[-1], "--images", case.images, "--case", new, "--reader", "reader-1")
        if name == "json":  # which holds figures of the bodies; their outlines are in a segmentation of their own
            case.run("bodies", case.out / "bodies.seg.dcm", "--images", case.images, "--series", case.series[0][0], "--case", new)
        case.run("export", new, "--images", case.images, "--format", "json", "-o", back)
        again = json.loads((back / "case.json").read_text())
        found = {l["id"]: l for v in again["annotation_sets"][0]["vertebrae"] for l in v["lesions"]}
        for l in case.lesions:
            other = found.get(l["id"])
            # A segmentation is of one series: of several, the one with most voxels.
            check(f"{what}: {name} brings {l['label']!r} back", other is not None and other["geometry"] == l["geometry"])
        if name == "json" and len(case.series) == 1:
            for document in (again, case.json):
                for key in ("case_id",):
                    document[key] = None
                document["annotation_sets"][0]["active_seconds"] = 0
                for m in document["annotation_sets"][0]["measurements"]:
                    m["id"] = None
                document["annotation_sets"][0]["measurements"].sort(key=lambda m: m["label"])
            check(f"{what}: the JSON comes back whole", again == case.json)
            bodies = [v["body"] for v in again["annotation_sets"][0]["vertebrae"] if "body" in v]
            check(f"{what}: outlines still come from the hand", [b["origin"]["source"] for b in bodies] == ["hand"] * 2, bodies)
    # A segmentation as 3D Slicer keeps it, written by pynrrd, on flipped axes.
    series, (origin, a, b, c), _ = case.series[0]
    masks = case.masks(series)
    layers = np.zeros((2, *SIZE), np.uint8)
    for n, l in enumerate(case.lesions):
        layers[n] = masks[l["id"]].transpose(2, 1, 0)
    flipped = layers[:, ::-1]
    start = origin + (SIZE[0] - 1) * a
    header = {"space": "left-posterior-superior", "kinds": ["list", "domain", "domain", "domain"], "encoding": "gzip",
              "space directions": np.array([[np.nan] * 3, -a, b, c]), "space origin": start}
    for n, l in enumerate(case.lesions):
        header |= {f"Segment{n}_Name": f"lesion {n}", f"Segment{n}_LabelValue": "1", f"Segment{n}_Layer": str(n)}
    path = case.folder / "lesions.seg.nrrd"
    nrrd.write(str(path), flipped, header)
    new = case.folder / "nrrd.spondyl"
    case.run("import", path, "--images", case.images, "--series", series, "--case", new, "--reader", "reader-1", "--level", "C6")
    case.run("export", new, "--images", case.images, "--format", "json", "-o", case.folder / "back-nrrd")
    again = json.loads((case.folder / "back-nrrd" / "case.json").read_text())
    found = {l["label"]: l for v in again["annotation_sets"][0]["vertebrae"] for l in v["lesions"]}
    for n, l in enumerate(case.lesions):
        other = found.get(f"lesion {n}")
        geometries = [l["geometry"], *(o["geometry"] for o in l["on_other_images"])]
        mask = next(g["mask"] for g in geometries if g["image"] == series)
        check(f"{what}: .seg.nrrd of pynrrd brings {l['label']!r}", other is not None and other["geometry"]["mask"] == mask)


def main():
    spondyl = pathlib.Path(sys.argv[1]).resolve()
    folder = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else tempfile.mkdtemp(prefix="spondyl-exports-"))
    folder.mkdir(parents=True, exist_ok=True)
    attempt("browser", lambda: check_that_the_browser_tells(folder))
    turn = 0.35
    across = [[0.8 * np.cos(turn), 0.8 * np.sin(turn), 0], [-0.9 * np.sin(turn), 0.9 * np.cos(turn), 0], [0, 0, 2.4]]
    cases = {
        "axial": [[[0.8, 0, 0], [0, 0.9, 0], [0, 0, 2.4]]],
        "sheared": [[[0.8, 0, 0], [0, 0.9, 0], [0, 0.6, 2.4]]],
        "oblique": [across],
        "sagittal, two series": [[[0, 0.7, 0], [0, 0, -0.7], [-2.2, 0, 0]], [[0, 0.8, 0], [0, 0, -0.8], [-2.0, 0, 0]]],
    }
    for what, series in cases.items():
        case = Case(spondyl, folder / what.replace(", ", "-").replace(" ", "-"), series)
        for one in (check_validators, check_seg, check_slicer, check_bodies, check_sr, check_rtstruct, check_nifti, check_tables, check_markups,
                    check_verse, check_coco, check_stl, check_load, check_snippets, check_html,
                    check_round_trip):
            attempt(f"{what}: {one.__name__}", lambda: one(what, case))
    print(f"{len(FAILED)} failed" if FAILED else "all passed")
    sys.exit(bool(FAILED))


if __name__ == "__main__":
    main()
