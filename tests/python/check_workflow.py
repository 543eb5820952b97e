"""The order of reading studies, the images of a cohort, and the Snakemake workflow on a few cases: everything is made
once, a broken case costs only itself and is tried again.

    check_workflow.py SPONDYL SNAKEMAKE
"""
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SPONDYL, SNAKEMAKE = (str(Path(word).resolve()) for word in sys.argv[1:3])


def run(words, **more):
    ran = subprocess.run(words, capture_output=True, text=True, **more)
    if ran.returncode != 0:
        sys.exit(f"{words}: {ran.stdout}\n{ran.stderr}")
    return ran.stdout + ran.stderr


def workflow(folder):
    return run([SNAKEMAKE, "-s", ROOT / "workflow" / "Snakefile", "--cores", "2", "--config", "cases=readings",
                "images=images", "out=results", f"spondyl={SPONDYL}"], cwd=folder)


def made(folder):
    return {p: p.stat().st_mtime_ns for p in folder.rglob("lesions.parquet")}


def check_order():
    """The worklists are those of the Python in docs/studies.md."""
    text = (ROOT / "docs" / "studies.md").read_text()
    scope = {}
    exec(text.split("```python\n")[1].split("```")[0], scope)
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(30):
            cases = [f"case-{n}" for n in range(2 + seed % 9)]
            gap = 1 + seed % 3 if len(cases) >= 6 else 1
            listed = "".join(f'[[cases]]\nid = "{c}"\nimages = "{c}"\n' for c in cases)
            (Path(folder) / "study.toml").write_text(
                f'title = "t"\nseed = {seed}\nreaders = ["a", "b"]\nrepeats = {seed % len(cases)}\nrepeat_gap = {gap}\n' + listed)
            status = json.loads(run([SPONDYL, "study", "status", folder, "--json"]))
            for reader in status["readers"]:
                found = [(item["case"], item["repeat"]) for item in reader["worklist"]]
                expected = scope["worklist"](seed, reader["reader"], cases, seed % len(cases), gap)
                assert found == expected, (seed, reader["reader"], found, expected)
    print("workflow: worklists are those of docs/studies.md")


def check_cohort():
    """Images of a cohort are those that GDCM reads, point by point of the patient; labels lie on the same grid."""
    import nibabel
    import numpy
    import SimpleITK as sitk

    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        images = ROOT / "sample-data" / "ct-sagittal"
        (folder / "images").mkdir()
        (folder / "images" / "one").symlink_to(images)
        (folder / "cases").mkdir()
        steps = ['{"op":"label_vertebra","level":"C4","at_mm":[-0.1,-1.2,33.6]}',
                 '{"op":"add_lesion","lesion":"a","vertebra":"C4","kind":"lytic"}',
                 '{"op":"brush","lesion":"a","plane":"sagittal","path_mm":[[0,-1,33]],"radius_mm":4,"tip":"sphere","mode":"paint"}']
        (folder / "steps.jsonl").write_text("\n".join(steps))
        run([SPONDYL, "annotate", images, "--case", folder / "cases" / "one.spondyl", "--script", folder / "steps.jsonl",
             "--quiet"])
        run([SPONDYL, "cohort", folder / "cases", "--images", folder / "images", "--style", "nnunet", "--out", folder / "D"])
        reader = sitk.ImageSeriesReader()
        reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(images)))
        truth, made = reader.Execute(), sitk.ReadImage(str(folder / "D" / "imagesTr" / "one_0000.nii.gz"))
        size = truth.GetSize()
        for n in range(3000):
            index = [n * 7919 % size[0], n * 104729 % size[1], n * 1299709 % size[2]]
            at = made.TransformPhysicalPointToIndex(truth.TransformIndexToPhysicalPoint(index))
            assert truth[index] == made[at], (index, at)
        image, label = (nibabel.load(folder / "D" / name) for name in ["imagesTr/one_0000.nii.gz", "labelsTr/one.nii.gz"])
        assert numpy.array_equal(image.affine, label.affine) and set(numpy.unique(label.dataobj)) == {0, 1}
    print("workflow: a cohort's image is the series, point by point")


def main():
    check_order()
    check_cohort()
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        script = "".join(line for line in (ROOT / "sample-data" / "case.script.jsonl").read_text().splitlines(True)[:40]
                         if '"mr-' not in line and '"image"' not in line)
        (folder / "steps.jsonl").write_text(script)
        for reader in ["anna", "berta"]:
            for case in ["case-1", "case-2"]:
                images, file = folder / "images" / case, folder / "readings" / reader / f"{case}.spondyl"
                if not images.exists():
                    shutil.copytree(ROOT / "sample-data" / "ct-sagittal", images)
                file.parent.mkdir(parents=True, exist_ok=True)
                run([SPONDYL, "annotate", images, "--case", file, "--reader", reader, "--script", folder / "steps.jsonl",
                     "--keep-going", "--quiet"])
        broken = folder / "readings" / "berta" / "case-2.spondyl"
        whole = broken.read_bytes()
        broken.write_bytes(whole[:len(whole) // 2] + b"x" + whole[len(whole) // 2 + 1:])
        workflow(folder)
        results = folder / "results"
        failures = json.loads((results / "failures.json").read_text())
        assert [(f["reader"], f["case"]) for f in failures] == [("berta", "case-2")], failures
        first = made(results)
        assert len(first) == 3, first
        page = (results / "index.html").read_text()
        assert "3 of 4 cases" in page and "FAILED" in page and "agreement/agreement.html" in page
        agreement = json.loads((results / "agreement" / "agreement.json").read_text())
        assert {c["case"] for c in agreement["cases"]} == {"case-1"} and agreement["notes"], agreement["notes"]
        # Mended: only the broken case is made.
        broken.write_bytes(whole)
        workflow(folder)
        assert json.loads((results / "failures.json").read_text()) == []
        second = made(results)
        assert len(second) == 4 and all(second[p] == first[p] for p in first), "what was done is not done again"
        assert "Nothing to be done" in workflow(folder)
        try:
            import pyarrow.dataset as ds
        except ImportError:
            print("workflow: pyarrow is not here, the tables were not read")
        else:
            tables = ds.dataset([str(p) for p in second]).to_table()
            assert set(tables["reader"].to_pylist()) == {"anna", "berta"}
            print(f"workflow: {tables.num_rows} lesions of {len(second)} cases in one data set")
    print("workflow: ok")


main()
