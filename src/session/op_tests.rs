//! Lines of script: what reads and writes the same, and what is refused.

use super::*;

#[test]
fn lines_of_script_read_and_write_the_same() {
    for line in [
        r#"{"op":"label_vertebra","level":"C6","at_mm":[1.0,-2.5,100.0]}"#,
        r#"{"op":"shift_levels","by":-1}"#,
        r#"{"op":"shift_levels","by":1,"from":"C4","to":"C7"}"#,
        r#"{"op":"at","timepoint":"fu12m","step":{"op":"unlabel_vertebra","level":"C6"}}"#,
        r#"{"op":"set","target":{"timepoint":"fu12m"},"field":"relative_days","value":365}"#,
        r#"{"op":"add_lesion","lesion":"a","vertebra":"auto","kind":"lytic"}"#,
        r#"{"op":"add_lesion","lesion":"a","vertebra":"T13","kind":"mixed","at_mm":[0.0,0.0,0.0]}"#,
        r#"{"op":"brush","lesion":"a","plane":"sagittal","path_mm":[[1.0,2.0,3.0]],"radius_mm":3.0,"tip":"disc","mode":"paint","range":[-50.0,120.0]}"#,
        r#"{"op":"set","target":{"lesion":"a"},"field":"margin","value":"permeative_3"}"#,
        r#"{"op":"set","target":{"case":true},"field":"sex","value":null}"#,
        r#"{"op":"grow","lesion":"a","seed_mm":[1.0,2.0,3.0],"reach_mm":12.0}"#,
        r#"{"op":"mask","lesion":"a","mask":{"size_ijk":[2,1,1],"origin_ijk":[4,5,6],"runs":[0,2]}}"#,
        r#"{"op":"interpolate","lesion":"a","plane":"sagittal"}"#,
        r#"{"op":"interpolate","lesion":"a","plane":"sagittal","ends":"rounded"}"#,
        r#"{"op":"refine","lesion":"a","action":{"resize":{"by_mm":-1.5}}}"#,
        r#"{"op":"measure","measurement":"a","shape":{"kind":"point","at_mm":[1.0,2.0,3.0]}}"#,
        r#"{"op":"calibrate","points_mm":[[0.0,0.0,0.0],[0.0,40.0,0.0]],"length_mm":25.0}"#,
        r#"{"op":"set","target":{"measurement":"a"},"field":"label","value":"disc"}"#,
        r#"{"op":"brush","body":"L3","plane":"axial","path_mm":[[1.0,2.0,3.0]],"radius_mm":3.0,"tip":"disc","mode":"paint","range":null,"over":"all"}"#,
        r#"{"op":"grow","lesion":"a","seed_mm":[1.0,2.0,3.0],"reach_mm":12.0,"over":{"from":"b"}}"#,
        r#"{"op":"merge_lesions","lesion":"b","into":"a"}"#,
        r#"{"op":"split_lesion","lesion":"a","at_mm":[1.0,2.0,3.0],"new":"c"}"#,
        r#"{"op":"copy_slice","lesion":"a","plane":"axial","at_mm":[1.0,2.0,3.0],"by":-1}"#,
        r#"{"op":"outline_body","level":"L3"}"#,
        r#"{"op":"undo"}"#,
    ] {
        let op = Op::from_line(line.as_bytes()).expect(line);
        assert_eq!(serde_json::to_string(&op).expect("plain"), line);
    }
}

#[test]
fn what_is_no_step_is_refused_with_the_reason() {
    for (line, why) in [
        ("not json", "expected"),
        (r#"{"op":"explode"}"#, "unknown variant `explode`"),
        (r#"{"op":"brush"}"#, "missing field"),
        (r#"{"op":"undo","twice":true}"#, "unknown field `twice`"),
        (r#"{"op":"label_vertebra","level":"C99","at_mm":[0,0,0]}"#, "C99"),
        (r#"{"op":"add_lesion","lesion":"a","vertebra":"C99","kind":"lytic"}"#, "C99"),
        (r#"{"op":"label_vertebra","level":"C5","at_mm":[1e999,0,0]}"#, "out of range"),
        (r#"{"op":"label_vertebra","level":"C5","at_mm":[NaN,0,0]}"#, "expected"),
        (r#"{"op":"label_vertebra","level":"C5","at_mm":[0,0]}"#, "length"),
        (r#"{"op":"undo"} {"op":"undo"}"#, "trailing"),
    ] {
        let refused = Op::from_line(line.as_bytes()).expect_err(line).to_string();
        assert!(refused.contains(why), "{line}: {refused}");
    }
}
