//! The entropy-coded scans of DCT-based JPEG: sequential (T.81 annex F) and progressive (annex G).

use super::bits::Bits;
use super::huffman::{Huffman, extend};
use super::planes::{Picture, Plane};
use super::segments::{Headers, Process, ScanHeader, ZIGZAG};
use crate::study::codec::CodecError;

/// What a scan does to the coefficients of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pass {
    /// All coefficients at once.
    Sequential,
    /// The DC coefficient down to bit `low`.
    DcFirst,
    /// One more bit of the DC coefficient.
    DcRefine,
    /// A band of AC coefficients down to bit `low`.
    AcFirst,
    /// One more bit of a band of AC coefficients.
    AcRefine,
}

impl Pass {
    fn of(process: Process, scan: &ScanHeader) -> Result<Self, CodecError> {
        if process == Process::Sequential {
            return Ok(Pass::Sequential);
        }
        let band_exists = scan.start <= scan.end && scan.end < 64 && scan.low < 14;
        match (scan.start, scan.high) {
            (0, high) if scan.end == 0 && scan.low < 14 => Ok(if high == 0 { Pass::DcFirst } else { Pass::DcRefine }),
            (1.., high) if band_exists && scan.components.len() == 1 => {
                Ok(if high == 0 { Pass::AcFirst } else { Pass::AcRefine })
            }
            _ => Err(CodecError::damaged(format!(
                "a progressive JPEG scan of coefficients {} to {} does not exist",
                scan.start, scan.end
            ))),
        }
    }
}

/// One component of a scan.
struct Channel<'a> {
    plane: usize,
    dc: Option<&'a Huffman>,
    ac: Option<&'a Huffman>,
    /// The DC value of the block before.
    predictor: i32,
}

/// The state of a scan.
struct Scan<'a> {
    bits: Bits<'a>,
    pass: Pass,
    start: usize,
    end: usize,
    low: u32,
    /// Blocks of which the band has already ended (progressive).
    end_of_band_run: u32,
}

/// Decodes one scan into the picture's coefficients. Says where its bytes end and whether they sufficed.
pub(super) fn decode(
    picture: &mut Picture,
    headers: &Headers,
    header: &ScanHeader,
) -> Result<(usize, bool), CodecError> {
    let process = headers.frame()?.process;
    let pass = Pass::of(process, header)?;
    let mut channels = Vec::new();
    for (plane, dc, ac) in &header.components {
        let channel =
            Channel { plane: *plane, dc: headers.dc[*dc].as_ref(), ac: headers.ac[*ac].as_ref(), predictor: 0 };
        let dc_missing = channel.dc.is_none() && matches!(pass, Pass::Sequential | Pass::DcFirst);
        let ac_missing = channel.ac.is_none() && matches!(pass, Pass::Sequential | Pass::AcFirst | Pass::AcRefine);
        if dc_missing || ac_missing {
            return Err(CodecError::damaged("a Huffman table is missing"));
        }
        picture.planes[*plane].latch_quantisation(headers)?;
        channels.push(channel);
    }
    let mut scan = Scan {
        bits: Bits::new(headers.data, header.data_at),
        pass,
        start: header.start,
        end: header.end,
        low: header.low,
        end_of_band_run: 0,
    };
    let complete = scan.all_units(picture, &mut channels, headers.restart_interval);
    Ok((scan.bits.position(), complete))
}

impl Scan<'_> {
    /// All MCUs of the scan; false when the bytes ran out.
    fn all_units(&mut self, picture: &mut Picture, channels: &mut [Channel], restart_interval: usize) -> bool {
        // A scan of one component has MCUs of one block and leaves out the padding of the frame (A.2.2).
        let alone = channels.len() == 1;
        let (columns, rows) = match channels {
            [channel] => picture.planes[channel.plane].own_blocks,
            _ => picture.units,
        };
        let mut until_restart = restart_interval;
        let mut restarts = 0u8;
        for row in 0..rows {
            for column in 0..columns {
                if restart_interval > 0 && until_restart == 0 {
                    if self.bits.restart() != Some(restarts) {
                        return false;
                    }
                    restarts = (restarts + 1) % 8;
                    until_restart = restart_interval;
                    self.end_of_band_run = 0;
                    channels.iter_mut().for_each(|c| c.predictor = 0);
                }
                until_restart = until_restart.wrapping_sub(1);
                for channel in &mut *channels {
                    let plane = &mut picture.planes[channel.plane];
                    if alone {
                        self.block(channel, plane.block(column, row));
                        continue;
                    }
                    let (across, down) = plane.sampling;
                    for (v, u) in (0..down).flat_map(|v| (0..across).map(move |u| (v, u))) {
                        self.block(channel, plane.block(column * across + u, row * down + v));
                    }
                }
                if self.bits.overrun() {
                    return false;
                }
            }
            if matches!(self.pass, Pass::Sequential | Pass::DcFirst) {
                for channel in &*channels {
                    let plane: &mut Plane = &mut picture.planes[channel.plane];
                    plane.block_rows_done = if alone { row + 1 } else { (row + 1) * plane.sampling.1 };
                }
            }
        }
        true
    }

    fn block(&mut self, channel: &mut Channel, block: &mut [i16]) {
        match (self.pass, channel.dc, channel.ac) {
            (Pass::Sequential, Some(dc), Some(ac)) => {
                block[0] = self.dc_value(dc, &mut channel.predictor);
                self.ac_sequential(ac, block);
            }
            (Pass::DcFirst, Some(dc), _) => block[0] = self.dc_value(dc, &mut channel.predictor) << self.low,
            (Pass::DcRefine, ..) => block[0] |= (self.bits.take(1) << self.low) as i16,
            (Pass::AcFirst, _, Some(ac)) => self.ac_first(ac, block),
            (Pass::AcRefine, _, Some(ac)) => self.ac_refine(ac, block),
            _ => {}
        }
    }

    fn dc_value(&mut self, table: &Huffman, predictor: &mut i32) -> i16 {
        let category = u32::from(table.symbol(&mut self.bits)).min(15);
        *predictor = predictor.wrapping_add(extend(self.bits.take(category), category));
        *predictor as i16
    }

    fn ac_sequential(&mut self, table: &Huffman, block: &mut [i16]) {
        let mut k = 1;
        while k < 64 {
            let symbol = table.symbol(&mut self.bits);
            let (run, category) = (usize::from(symbol >> 4), u32::from(symbol & 15));
            if category == 0 {
                if run < 15 {
                    return;
                }
                k += 16;
                continue;
            }
            k += run;
            let value = extend(self.bits.take(category), category) as i16;
            if let Some(position) = ZIGZAG.get(k) {
                block[usize::from(*position)] = value;
            }
            k += 1;
        }
    }

    /// G.1.2.2: as sequential, but runs of blocks can end together.
    fn ac_first(&mut self, table: &Huffman, block: &mut [i16]) {
        if self.end_of_band_run > 0 {
            self.end_of_band_run -= 1;
            return;
        }
        let mut k = self.start;
        while k <= self.end {
            let symbol = table.symbol(&mut self.bits);
            let (run, category) = (u32::from(symbol >> 4), u32::from(symbol & 15));
            if category == 0 {
                if run < 15 {
                    self.end_of_band_run = (1 << run) - 1 + self.bits.take(run);
                    return;
                }
                k += 16;
                continue;
            }
            k += run as usize;
            let value = extend(self.bits.take(category), category) as i16;
            if let Some(position) = ZIGZAG.get(k) {
                block[usize::from(*position)] = value << self.low;
            }
            k += 1;
        }
    }

    /// G.1.2.3: new coefficients of magnitude 1 between correction bits for those that are there already.
    fn ac_refine(&mut self, table: &Huffman, block: &mut [i16]) {
        let bit = 1i16 << self.low;
        let mut k = self.start;
        if self.end_of_band_run == 0 {
            while k <= self.end {
                let symbol = table.symbol(&mut self.bits);
                let (run, category) = (u32::from(symbol >> 4), u32::from(symbol & 15));
                let mut fresh = 0;
                if category != 0 {
                    fresh = if self.bits.take(1) == 1 { bit } else { -bit };
                } else if run < 15 {
                    self.end_of_band_run = (1 << run) + self.bits.take(run);
                    break;
                }
                k = self.correct(block, k, run, bit);
                if let (true, Some(position)) = (fresh != 0 && k <= self.end, ZIGZAG.get(k)) {
                    block[usize::from(*position)] = fresh;
                }
                k += 1;
            }
        }
        if self.end_of_band_run > 0 {
            self.correct(block, k, u32::MAX, bit);
            self.end_of_band_run -= 1;
        }
    }

    /// Reads a correction bit for each coefficient that is not zero from `k` on, passing `zeros` that are. Gives the place
    /// of the next zero, or the place behind the band.
    fn correct(&mut self, block: &mut [i16], mut k: usize, mut zeros: u32, bit: i16) -> usize {
        while let Some(position) = ZIGZAG.get(k).filter(|_| k <= self.end) {
            let value = &mut block[usize::from(*position)];
            if *value == 0 {
                if zeros == 0 {
                    break;
                }
                zeros -= 1;
            } else if self.bits.take(1) == 1 && *value & bit == 0 {
                *value = value.wrapping_add(if *value > 0 { bit } else { -bit });
            }
            k += 1;
        }
        k
    }
}
