//! Tables as Apache Parquet (github.com/apache/parquet-format), one row group, plain and uncompressed: the tables of a case
//! are small, and every reader knows this much of the format. Numbers are doubles, everything else is text; every column
//! may be empty.

use super::tables::Table;
use serde_json::Value;

/// Physical types (parquet.thrift, `Type`).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Double = 5,
    Text = 6,
}

/// The file of a table; `mark` says whose it is.
pub fn parquet(table: &Table, mark: &str) -> Vec<u8> {
    let mut out = b"PAR1".to_vec();
    let chunks: Vec<Chunk> = (0..table.columns.len()).map(|n| chunk(table, n, &mut out)).collect();
    let footer = footer(table, &chunks, mark);
    out.extend(&footer);
    out.extend((footer.len() as u32).to_le_bytes());
    out.extend(b"PAR1");
    out
}

/// Where a column lies in the file.
struct Chunk {
    kind: Kind,
    offset: usize,
    length: usize,
}

fn chunk(table: &Table, n: usize, out: &mut Vec<u8>) -> Chunk {
    let cells: Vec<&Value> = table.rows.iter().map(|row| row.get(n).unwrap_or(&Value::Null)).collect();
    let kind = kind_of(table.columns[n], &cells);
    let page = page(&cells, kind);
    let offset = out.len();
    // PageHeader with its DataPageHeader: PLAIN values, RLE levels.
    let mut header = Compact::default();
    header.int(1, 5, 0);
    header.int(2, 5, page.len() as i64);
    header.int(3, 5, page.len() as i64);
    header.inner(5, |data| {
        data.int(1, 5, cells.len() as i64);
        data.int(2, 5, 0);
        data.int(3, 5, 3);
        data.int(4, 5, 3);
    });
    out.extend(header.done());
    out.extend(page);
    Chunk { kind, offset, length: out.len() - offset }
}

/// Numbers where every value is one; a column without any value is what its name says, so that tables of several cases go
/// together.
fn kind_of(name: &str, cells: &[&Value]) -> Kind {
    const NUMBERS: [&str; 12] =
        ["mean", "sd", "min", "max", "p5", "p50", "p95", "value", "voxels", "label_value", "seconds", "points"];
    const UNITS: [&str; 8] = ["mm", "mm3", "deg", "percent", "ratio", "total", "grade", "seconds"];
    let mut values = cells.iter().filter(|c| !c.is_null()).peekable();
    let number = match values.peek() {
        None => NUMBERS.contains(&name) || name.rsplit('_').next().is_some_and(|last| UNITS.contains(&last)),
        Some(_) => values.all(|c| c.is_number()),
    };
    if number { Kind::Double } else { Kind::Text }
}

/// Definition levels as one bit-packed run, then the values that are there.
fn page(cells: &[&Value], kind: Kind) -> Vec<u8> {
    let groups = cells.len().div_ceil(8);
    let mut levels = Vec::new();
    varint((groups as u64) << 1 | 1, &mut levels);
    let bits = levels.len();
    levels.resize(bits + groups, 0);
    let mut values = Vec::new();
    for (n, cell) in cells.iter().enumerate().filter(|(_, c)| !c.is_null()) {
        levels[bits + n / 8] |= 1 << (n % 8);
        match kind {
            Kind::Double => values.extend(cell.as_f64().unwrap_or(f64::NAN).to_le_bytes()),
            Kind::Text => {
                let text = super::tables::text(cell);
                values.extend((text.len() as u32).to_le_bytes());
                values.extend(text.into_bytes());
            }
        }
    }
    let mut page = (levels.len() as u32).to_le_bytes().to_vec();
    page.extend(levels);
    page.extend(values);
    page
}

/// FileMetaData.
fn footer(table: &Table, chunks: &[Chunk], mark: &str) -> Vec<u8> {
    let mut meta = Compact::default();
    let rows = table.rows.len() as i64;
    meta.int(1, 5, 1);
    meta.list(2, 12, chunks.len() + 1, |list| {
        list.element(|root| {
            root.text(4, "schema");
            root.int(5, 5, chunks.len() as i64);
        });
        for (name, chunk) in table.columns.iter().zip(chunks) {
            list.element(|column| {
                column.int(1, 5, chunk.kind as i64);
                column.int(3, 5, 1); // optional
                column.text(4, name);
                if chunk.kind == Kind::Text {
                    column.int(6, 5, 0); // UTF8
                }
            });
        }
    });
    meta.int(3, 6, rows);
    meta.list(4, 12, 1, |list| {
        list.element(|group| {
            group.list(1, 12, chunks.len(), |list| {
                for (name, chunk) in table.columns.iter().zip(chunks) {
                    list.element(|c| column(c, name, chunk, rows));
                }
            });
            group.int(2, 6, chunks.iter().map(|c| c.length as i64).sum());
            group.int(3, 6, rows);
        });
    });
    meta.text(6, &format!("spondyl version {} ({mark})", env!("CARGO_PKG_VERSION")));
    meta.done()
}

/// ColumnChunk with its ColumnMetaData.
fn column(out: &mut Compact, name: &str, chunk: &Chunk, rows: i64) {
    out.int(2, 6, chunk.offset as i64);
    out.inner(3, |meta| {
        meta.int(1, 5, chunk.kind as i64);
        meta.list(2, 5, 2, |list| {
            list.zigzag(0);
            list.zigzag(3);
        });
        meta.list(3, 8, 1, |list| list.bytes(name));
        meta.int(4, 5, 0); // uncompressed
        meta.int(5, 6, rows);
        meta.int(6, 6, chunk.length as i64);
        meta.int(7, 6, chunk.length as i64);
        meta.int(9, 6, chunk.offset as i64);
    });
}

fn varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// A struct in Thrift's compact protocol (thrift-compact-protocol.md): 5 is i32, 6 i64, 8 binary, 9 list, 12 struct.
#[derive(Default)]
struct Compact {
    bytes: Vec<u8>,
    last: u8,
}

impl Compact {
    /// Fields come in ascending order and never further than 15 apart.
    fn field(&mut self, id: u8, kind: u8) {
        self.bytes.push((id - self.last) << 4 | kind);
        self.last = id;
    }

    fn zigzag(&mut self, value: i64) {
        varint((value << 1 ^ value >> 63).cast_unsigned(), &mut self.bytes);
    }

    fn bytes(&mut self, text: &str) {
        varint(text.len() as u64, &mut self.bytes);
        self.bytes.extend(text.as_bytes());
    }

    fn int(&mut self, id: u8, kind: u8, value: i64) {
        self.field(id, kind);
        self.zigzag(value);
    }

    fn text(&mut self, id: u8, text: &str) {
        self.field(id, 8);
        self.bytes(text);
    }

    fn inner(&mut self, id: u8, fill: impl FnOnce(&mut Compact)) {
        self.field(id, 12);
        self.element(fill);
    }

    fn list(&mut self, id: u8, kind: u8, length: usize, fill: impl FnOnce(&mut Compact)) {
        self.field(id, 9);
        match length {
            ..15 => self.bytes.push((length as u8) << 4 | kind),
            _ => {
                self.bytes.push(0xF0 | kind);
                varint(length as u64, &mut self.bytes);
            }
        }
        let last = self.last;
        fill(self);
        self.last = last;
    }

    /// A struct in a list.
    fn element(&mut self, fill: impl FnOnce(&mut Compact)) {
        let mut inner = Compact::default();
        fill(&mut inner);
        self.bytes.extend(inner.done());
    }

    fn done(mut self) -> Vec<u8> {
        self.bytes.push(0);
        self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_are_small_bytes_and_long_ones_go_on() {
        let bytes = |value| {
            let mut out = Vec::new();
            varint(value, &mut out);
            out
        };
        assert_eq!((bytes(0), bytes(127), bytes(300)), (vec![0], vec![127], vec![0xAC, 2]));
        let mut c = Compact::default();
        c.int(1, 5, -1);
        c.text(4, "ab");
        assert_eq!(c.done(), [0x15, 1, 0x38, 2, b'a', b'b', 0]);
    }

    #[test]
    fn a_page_says_which_cells_are_there() {
        let cells = [json!(1.5), Value::Null, json!(2)];
        let refs: Vec<&Value> = cells.iter().collect();
        let page = page(&refs, kind_of("x", &refs));
        assert_eq!(page[..6], [2, 0, 0, 0, 3, 0b101]);
        assert_eq!(page[6..], [1.5f64.to_le_bytes(), 2f64.to_le_bytes()].concat());
    }

    #[test]
    fn a_column_without_values_is_what_its_name_says() {
        assert!(kind_of("volume_mm3", &[]) == Kind::Double && kind_of("remark", &[]) == Kind::Text);
        let mixed = [json!(1), json!("a")];
        assert!(kind_of("volume_mm3", &mixed.iter().collect::<Vec<_>>()) == Kind::Text);
    }

    #[test]
    fn a_file_begins_and_ends_as_the_format_says() {
        let table = Table { name: "t", columns: vec!["a", "b"], rows: vec![vec![json!(1), json!("x")]] };
        let file = parquet(&table, "me");
        let n = file.len();
        assert_eq!((&file[..4], &file[n - 4..]), (&b"PAR1"[..], &b"PAR1"[..]));
        let footer = u32::from_le_bytes([file[n - 8], file[n - 7], file[n - 6], file[n - 5]]) as usize;
        assert!(footer < n && file[n - 8 - footer] == 0x15, "the footer begins with its version");
    }
}
