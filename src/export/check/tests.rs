//! Sound files pass, each kind of damage is named at its place, and hostile text costs nothing.

use super::*;
use crate::export::json_text;
use crate::export::tests::sample;
use serde_json::{Value, json};

fn value() -> Value {
    serde_json::to_value(sample().file).expect("plain data")
}

fn with(pointer: &str, new: Value) -> Checked {
    let mut v = value();
    *v.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer} is there")) = new;
    check_value(&v)
}

fn text(bytes: &[u8]) -> String {
    json::parse(bytes).expect_err("refused")
}

#[test]
fn what_the_program_writes_is_sound() {
    let checked = check_value(&value());
    assert_eq!((&checked.problems[..], checked.lesions), (&[][..], 2));
    assert!(json::parse(&json_text(&sample().file).expect("encoded")).is_ok());
}

#[test]
fn the_published_schema_uses_only_keywords_that_are_checked() {
    const CHECKED: [&str; 14] = [
        "$ref",
        "type",
        "properties",
        "required",
        "additionalProperties",
        "items",
        "minItems",
        "maxItems",
        "enum",
        "const",
        "anyOf",
        "oneOf",
        "minimum",
        "maximum",
    ];
    fn walk(schema: &Value, at: &str) {
        let Some(object) = schema.as_object() else { return };
        for (key, inner) in object {
            assert!(CHECKED.contains(&key.as_str()) || shape::SILENT.contains(&key.as_str()), "{at}: {key}");
            match key.as_str() {
                "properties" | "$defs" => {
                    inner.as_object().expect("a map").iter().for_each(|(k, s)| walk(s, &format!("{at}/{k}")));
                }
                "anyOf" | "oneOf" => inner.as_array().expect("a list").iter().for_each(|s| walk(s, at)),
                "items" | "additionalProperties" => walk(inner, at),
                _ => {}
            }
        }
    }
    let schema = case_schema().to_value();
    walk(&schema, "");
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert_eq!(schema["additionalProperties"], json!(false), "unknown fields are refused");
}

#[test]
fn each_damage_is_named_at_its_place() {
    let set = "/annotation_sets/0";
    let lesion = "/annotation_sets/0/vertebrae/1/lesions/0";
    for (pointer, new, expected) in [
        (format!("{set}/vertebrae/0/level"), json!("C99"), "is \"C99\"; expected \"C1\""),
        (format!("{set}/vertebrae"), json!({}), "is an object; expected array"),
        (format!("{set}/reader"), json!("somebody"), "is not among /readers"),
        (format!("{set}/vertebrae/1/verse_id"), json!(7), "not the VerSe id"),
        (format!("{set}/vertebrae/1/sins_pain"), json!(2), "expected one of [0, 1, 3]"),
        (format!("{set}/vertebrae/1/sins/total_max"), json!(12), "add up to"),
        (format!("{set}/vertebrae/1/morphometry/ha_mm"), json!(9.0), "between its points"),
        (format!("{set}/vertebrae/1/centroid_mm"), json!([1, 2]), "is a list of 2; expected 3"),
        (format!("{lesion}/id"), json!("nonsense"), "UUID"),
        (format!("{lesion}/label"), json!("b"), "stands twice"),
        (format!("{lesion}/label_value"), json!(9), "without holes"),
        (format!("{lesion}/label_value"), json!(-1), "at least 0"),
        (format!("{lesion}/label_value"), json!(1.5), "expected integer"),
        (format!("{lesion}/type"), json!("lyitc"), "expected \"lytic\", \"blastic\""),
        (format!("{lesion}/vertebra"), json!("T1"), "stands under C6"),
        (format!("{lesion}/measurements/voxels"), json!(25), "the mask has 24"),
        (format!("{lesion}/measurements/volume_mm3"), json!(1.0), "24 voxels have"),
        (format!("{lesion}/measurements/p5"), json!(1e300), "do not ascend"),
        (format!("{lesion}/geometry/image"), json!("1.9"), "not among /images"),
        (format!("{lesion}/geometry/mask/runs"), json!([0, 4, 1]), "end with a fill"),
        (format!("{lesion}/geometry/mask/origin_ijk"), json!([23, 0, 0]), "does not lie in the grid"),
        (format!("{lesion}/geometry/contours/0/sop_instance_uid"), json!("1.2.3.4.1"), "is not slice 7"),
        ("/images/0/series_instance_uid".to_owned(), json!("../../etc"), "not a DICOM UID"),
        ("/images/0/grid/direction/0".to_owned(), json!([1, 1, 0]), "unit vector"),
    ] {
        let checked = with(&pointer, new);
        let named = |p: &Problem| pointer.starts_with(&p.pointer) || p.pointer.starts_with(&pointer);
        let found = checked.problems.iter().any(|p| named(p) && p.message.contains(expected));
        assert!(found, "{pointer}: {:?}", checked.problems);
    }
}

#[test]
fn missing_unknown_and_doubled_are_all_listed_at_once() {
    let mut v = value();
    let lesions =
        v.pointer_mut("/annotation_sets/0/vertebrae/1/lesions").and_then(Value::as_array_mut).expect("a list");
    lesions.push(lesions[0].clone());
    v["zz/un~known"] = json!(1);
    let checked = check_value(&v);
    assert_eq!(checked.problems.iter().filter(|p| p.message.contains("twice")).count(), 0, "the shape comes first");
    assert_eq!(checked.problems[0].pointer, "/zz~1un~0known");
    v.as_object_mut().expect("object").remove("zz/un~known");
    let twice = check_value(&v).problems.iter().filter(|p| p.message.contains("twice")).count();
    assert_eq!(twice, 3, "id, label, label value");
    v.as_object_mut().expect("object").remove("readers");
    assert!(check_value(&v).problems.iter().any(|p| p.pointer.is_empty() && p.message == "has no \"readers\""));
}

#[test]
fn a_renamed_level_contradicts_its_codes_its_lesions_and_its_neighbour() {
    let found = with("/annotation_sets/0/vertebrae/0/level", json!("C6")).problems;
    let places: Vec<&str> =
        found.iter().filter_map(|p| p.pointer.strip_prefix("/annotation_sets/0/vertebrae/")).collect();
    assert_eq!(places, ["0/code", "0/verse_id", "0/lesions/0/vertebra", "1/level"]);
}

#[test]
fn problems_are_counted_beyond_the_first_thousand() {
    let many: Vec<Value> = (0..5000).map(|n| json!({"x": n})).collect();
    let checked = with("/images", Value::Array(many));
    assert_eq!(checked.problems.len(), LISTED);
    assert!(checked.more > 4000);
}

#[test]
fn other_versions_are_refused_politely() {
    for (schema, expected) in
        [("spondyl-case/999999.0", "newer version"), ("spondyl-case/0.1", "expected \"spondyl-case/1\"")]
    {
        let checked = check_value(&json!({"schema": schema, "case_id": "x"}));
        assert_eq!((checked.problems.len(), checked.problems[0].pointer.as_str()), (1, "/schema"));
        assert!(checked.problems[0].message.contains(expected), "{:?}", checked.problems);
    }
    assert!(!check_value(&json!([])).is_sound());
    assert!(!check_value(&json!({"schema": 1})).is_sound());
}

#[test]
fn text_that_is_not_strict_json_is_told_why() {
    let deep = "[".repeat(200_000);
    for (bytes, expected) in [
        (b"".as_slice(), "empty"),
        (&[0; 4096], "line 1 column 1"),
        (b"\xFF\xFE{\0}\0", "UTF-16"),
        (b"\xEF\xBB\xBF{}", "byte order mark"),
        (b"{\n\"a\":\"M\xFCller\"}", "line 2"),
        (b"{\"a\":NaN}", "line 1 column 6"),
        (b"{\"a\":1e999}", "out of range"),
        (b"{\"a\":1,\"a\":2}", "duplicate key \"a\""),
        (b"{\"a\":{\"b\":1,\"c\":[{\"d\":1,\"d\":2}]}}", "duplicate key \"d\""),
        (b"{}{}", "trailing"),
        (b"{\n<<<<<<< HEAD\n", "line 2"),
        (deep.as_bytes(), "recursion limit"),
    ] {
        let why = text(bytes);
        assert!(why.contains(expected), "{why}");
    }
}

#[test]
fn what_is_shown_cannot_steer_a_terminal() {
    let checked = with("/annotation_sets/0/status", json!("\u{1b}[2J\u{202e}\n".to_owned() + &"x".repeat(100_000)));
    let message = &checked.problems[0].message;
    assert!(message.len() < 300 && !message.chars().any(|c| c.is_control() || c == '\u{202e}'), "{message}");
}
