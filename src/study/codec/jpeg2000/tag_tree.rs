//! Tag trees (T.800 B.10.2): a grid of small numbers of which ever better lower bounds become known.

use super::packets::HeaderBits;

/// A tag tree over a grid.
pub(super) struct TagTree {
    /// Columns of each level, the grid itself first, and where its nodes begin.
    levels: Vec<(usize, usize)>,
    nodes: Vec<Node>,
}

#[derive(Clone, Copy, Default)]
struct Node {
    /// The value is at least this.
    bound: u32,
    /// The bound is the value.
    known: bool,
}

impl TagTree {
    pub fn new(columns: usize, rows: usize) -> Self {
        let (mut columns, mut rows, mut nodes) = (columns, rows, 0);
        let mut levels = Vec::new();
        loop {
            levels.push((columns, nodes));
            nodes += columns * rows;
            if columns * rows <= 1 {
                break;
            }
            (columns, rows) = (columns.div_ceil(2), rows.div_ceil(2));
        }
        TagTree { levels, nodes: vec![Node::default(); nodes] }
    }

    /// Reads until it is known whether the value at a place is below `threshold`, and says so.
    pub fn is_below(&mut self, bits: &mut HeaderBits, column: usize, row: usize, threshold: u32) -> bool {
        let mut bound = 0;
        let mut below = false;
        for (level, (columns, first)) in self.levels.iter().enumerate().rev() {
            let index = first + (row >> level) * columns + (column >> level);
            let Some(node) = self.nodes.get_mut(index) else { return false };
            node.bound = node.bound.max(bound);
            while !node.known && node.bound < threshold {
                if bits.bit() == 1 {
                    node.known = true;
                } else {
                    node.bound += 1;
                }
            }
            bound = node.bound;
            below = node.known && node.bound < threshold;
        }
        below
    }
}
