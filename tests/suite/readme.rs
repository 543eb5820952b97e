//! The README tells the truth about keys: its table is the command table's.

use spondyl::session::markdown_table;

#[test]
fn the_key_table_is_the_command_tables() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let text = std::fs::read_to_string(&path).expect("README.md");
    let (before, rest) = text.split_once("<!-- keys -->\n").expect("the opening mark");
    let (between, after) = rest.split_once("<!-- /keys -->").expect("the closing mark");
    let wanted = markdown_table();
    if std::env::var_os("UPDATE_README").is_some() && between != wanted {
        let fresh = format!("{before}<!-- keys -->\n{wanted}<!-- /keys -->{after}");
        std::fs::write(&path, fresh).expect("README.md can be written");
        return;
    }
    assert_eq!(between, wanted, "run UPDATE_README=1 cargo test --release readme");
}
