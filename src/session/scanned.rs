//! The images of a scan, as planning wants them: loaded when a step first needs their values.

use super::Images;
use crate::document::{ImageIdentity, ImageKey};
use crate::study::{self, Scan, Series};
use crate::volume::Volume;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// A scan with one of its series chosen. Volumes are decoded once, when they are first asked for.
pub struct ScannedImages {
    scan: Scan,
    primary: usize,
    loaded: Mutex<BTreeMap<ImageKey, Option<Arc<Volume>>>>,
}

impl ScannedImages {
    /// Takes a scan; `primary` is the index of the series that steps mean when they name none.
    pub fn new(scan: Scan, primary: usize) -> Self {
        ScannedImages { scan, primary, loaded: Mutex::default() }
    }

    /// Key and identity of the chosen series.
    pub fn primary_identity(&self) -> Option<(ImageKey, ImageIdentity)> {
        let series = self.scan.series.get(self.primary)?;
        Some((self.scan.key_of(series), series.identity()))
    }

    /// The scan.
    pub fn scan(&self) -> &Scan {
        &self.scan
    }

    fn series(&self, key: &ImageKey) -> Option<&Series> {
        self.scan.series.iter().find(|s| self.scan.key_of(s) == *key)
    }
}

impl Images for ScannedImages {
    fn volume(&self, key: &ImageKey) -> Option<Arc<Volume>> {
        let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(volume) = loaded.get(key) {
            return volume.clone();
        }
        let volume = self.series(key).and_then(|s| study::assemble(s, &()).ok()).map(|a| Arc::new(a.volume));
        loaded.insert(key.clone(), volume.clone());
        volume
    }

    fn identity(&self, key: &ImageKey) -> Option<ImageIdentity> {
        self.series(key).map(Series::identity)
    }

    fn primary(&self) -> Option<ImageKey> {
        self.primary_identity().map(|(key, _)| key)
    }
}
