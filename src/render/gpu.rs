//! The device: found without a window or taken over from egui, with its troubles kept as sentences instead of panics.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Why something cannot be drawn by the GPU.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum GpuError {
    /// There is no adapter at all.
    #[error(
        "no graphics adapter answers ({0}); install a Vulkan driver (on Debian and Ubuntu: mesa-vulkan-drivers for \
         software rendering), or use --renderer cpu"
    )]
    NoAdapter(String),
    /// An adapter is there, but gives no device.
    #[error("the graphics adapter {adapter} gives no device: {reason}")]
    NoDevice {
        /// The adapter's name.
        adapter: String,
        /// What the driver says.
        reason: String,
    },
    /// The adapter has not enough memory, even for a reduced volume.
    #[error("the graphics adapter has not enough memory for {what}")]
    OutOfMemory {
        /// What did not fit.
        what: String,
    },
    /// Something is larger than the adapter can hold.
    #[error("{what} is {found} pixels wide or high; this graphics adapter draws at most {limit}")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// Its larger side.
        found: usize,
        /// The adapter's limit.
        limit: u32,
    },
    /// The driver reported an error.
    #[error("the graphics driver reports: {0}")]
    Driver(String),
    /// The device went away (driver update, suspend, crash); everything on it must be made anew.
    #[error("the graphics device was lost ({0}); restart the view")]
    Lost(String),
}

/// What kind of adapter draws.
#[derive(Clone, Debug, PartialEq)]
pub struct AdapterFacts {
    /// The adapter's own name.
    pub name: String,
    /// `vulkan`, `metal`, `dx12` or `gl`.
    pub backend: String,
    /// Drawing is done by the processor: pictures should be coarser while the reader drags.
    pub software: bool,
}

#[derive(Default)]
struct Troubles {
    errors: Vec<GpuError>,
    lost: bool,
    destroyed: bool,
}

/// A device, its queue, and what went wrong with it so far. Cheap to clone.
#[derive(Clone)]
pub struct Gpu {
    /// The device.
    pub device: wgpu::Device,
    /// Its queue.
    pub queue: wgpu::Queue,
    facts: AdapterFacts,
    troubles: Arc<Mutex<Troubles>>,
}

/// A driver that gives no sign of life for this long counts as lost.
const PATIENCE: Duration = Duration::from_secs(120);

impl Gpu {
    /// A device without a window. The environment (`WGPU_BACKEND`, `WGPU_ADAPTER_NAME`) may choose it.
    ///
    /// # Errors
    /// [`GpuError::NoAdapter`], [`GpuError::NoDevice`].
    pub fn headless() -> Result<Self, GpuError> {
        // GL last: merely asking it wakes the desktop's libraries, which complain where there is no desktop.
        let adapter = match wgpu::Backends::from_env() {
            Some(chosen) => adapter(chosen)?,
            None => adapter(wgpu::Backends::PRIMARY).or_else(|_| adapter(wgpu::Backends::all()))?,
        };
        let (device, queue) = pollster::block_on(adapter.request_device(&device_descriptor(&adapter)))
            .map_err(|e| GpuError::NoDevice { adapter: adapter.get_info().name, reason: one_line(&e.to_string()) })?;
        Ok(Self::adopt(&adapter, device, queue))
    }

    /// Takes over the device that egui paints with, which must come from [`device_descriptor`].
    pub fn of_egui(state: &egui_wgpu::RenderState) -> Self {
        Self::adopt(&state.adapter, state.device.clone(), state.queue.clone())
    }

    fn adopt(adapter: &wgpu::Adapter, device: wgpu::Device, queue: wgpu::Queue) -> Self {
        let info = adapter.get_info();
        let facts = AdapterFacts {
            software: info.device_type == wgpu::DeviceType::Cpu,
            backend: info.backend.to_str().to_owned(),
            name: info.name,
        };
        let troubles = Arc::new(Mutex::new(Troubles::default()));
        let (errors, losses) = (Arc::clone(&troubles), Arc::clone(&troubles));
        device.on_uncaptured_error(Arc::new(move |error| lock(&errors).errors.push(GpuError::from(error))));
        device.set_device_lost_callback(move |reason, message| {
            let mut troubles = lock(&losses);
            // Destroyed is our own doing at the end.
            if reason == wgpu::DeviceLostReason::Destroyed {
                troubles.destroyed = true;
            } else {
                troubles.lost = true;
                troubles.errors.push(GpuError::Lost(one_line(&message)));
            }
        });
        Self { device, queue, facts, troubles }
    }

    /// The adapter's name and kind.
    pub fn facts(&self) -> &AdapterFacts {
        &self.facts
    }

    /// Whether the device is gone and everything on it must be made anew.
    pub fn is_lost(&self) -> bool {
        lock(&self.troubles).lost
    }

    /// Gives the device up, as a driver's fault would: everything on it is gone and must be made anew.
    pub fn give_up(&self) {
        self.device.destroy();
        let mut troubles = lock(&self.troubles);
        troubles.lost = true;
        troubles.errors.push(GpuError::Lost("given up".to_owned()));
    }

    /// What went wrong since the last call, oldest first.
    pub fn take_troubles(&self) -> Vec<GpuError> {
        std::mem::take(&mut lock(&self.troubles).errors)
    }

    /// The first thing that went wrong since the last look, as an error.
    ///
    /// # Errors
    /// That thing.
    pub fn check(&self) -> Result<(), GpuError> {
        self.take_troubles().into_iter().next().map_or(Ok(()), Err)
    }

    /// Waits until everything submitted so far is done.
    ///
    /// # Errors
    /// When the device reports an error, or does not answer.
    pub fn wait(&self) -> Result<(), GpuError> {
        let until = std::time::Instant::now() + PATIENCE;
        loop {
            // The GL backend gives up waiting after two seconds; that alone is no error.
            match self.device.poll(wgpu::PollType::wait_indefinitely()) {
                Ok(_) => return self.check(),
                Err(wgpu::PollError::Timeout) if std::time::Instant::now() < until => {}
                Err(e) => return Err(GpuError::Lost(one_line(&e.to_string()))),
            }
        }
    }

    /// Makes something that may not fit; out of memory and refused sizes come back as errors instead of panics.
    pub(super) fn attempt<T>(&self, what: &str, make: impl FnOnce(&wgpu::Device) -> T) -> Result<T, GpuError> {
        let memory = self.device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
        let refusal = self.device.push_error_scope(wgpu::ErrorFilter::Validation);
        let made = make(&self.device);
        let refused = pollster::block_on(refusal.pop());
        let full = pollster::block_on(memory.pop());
        match (full, refused) {
            (Some(_), _) => Err(GpuError::OutOfMemory { what: what.to_owned() }),
            (None, Some(e)) => Err(GpuError::from(e)),
            // A device that is gone takes every order in silence; only its own word tells.
            (None, None) if self.is_gone() => Err(GpuError::Lost(format!("no place for {what}"))),
            (None, None) => Ok(made),
        }
    }

    fn is_gone(&self) -> bool {
        let answers = self.device.poll(wgpu::PollType::Poll).is_ok();
        let troubles = lock(&self.troubles);
        !answers || troubles.lost || troubles.destroyed
    }
}

impl From<wgpu::Error> for GpuError {
    fn from(error: wgpu::Error) -> Self {
        match error {
            wgpu::Error::OutOfMemory { .. } => Self::OutOfMemory { what: "this picture".to_owned() },
            other => Self::Driver(one_line(&other.to_string())),
        }
    }
}

fn adapter(backends: wgpu::Backends) -> Result<wgpu::Adapter, GpuError> {
    let descriptor =
        wgpu::InstanceDescriptor { backends, ..wgpu::InstanceDescriptor::new_without_display_handle_from_env() };
    let instance = wgpu::Instance::new(descriptor);
    let options =
        wgpu::RequestAdapterOptions { power_preference: wgpu::PowerPreference::HighPerformance, ..Default::default() };
    let named = pollster::block_on(wgpu::util::initialize_adapter_from_env(&instance, None));
    let found = named.or_else(|_| pollster::block_on(instance.request_adapter(&options)));
    found.map_err(|e| GpuError::NoAdapter(one_line(&e.to_string())))
}

/// The device that every pass can be drawn with: egui's own default would refuse 3-D textures beyond 256 on GL.
pub fn device_descriptor(adapter: &wgpu::Adapter) -> wgpu::DeviceDescriptor<'static> {
    let (has, info) = (adapter.limits(), adapter.get_info());
    let basis = match info.backend {
        wgpu::Backend::Gl => wgpu::Limits::downlevel_defaults(),
        _ => wgpu::Limits::default(),
    };
    let required_limits = wgpu::Limits {
        max_buffer_size: has.max_buffer_size.max(basis.max_buffer_size),
        max_texture_dimension_3d: has.max_texture_dimension_3d,
        ..basis.using_resolution(has.clone())
    };
    wgpu::DeviceDescriptor { label: Some("spondyl"), required_limits, ..Default::default() }
}

fn lock(troubles: &Mutex<Troubles>) -> MutexGuard<'_, Troubles> {
    troubles.lock().unwrap_or_else(PoisonError::into_inner)
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn impossible(device: &wgpu::Device) -> wgpu::Texture {
        device.create_texture(&wgpu::TextureDescriptor {
            label: Some("impossible"),
            size: wgpu::Extent3d { width: 1 << 30, height: 1, depth_or_array_layers: 1 },
            mip_level_count: 1,
            sample_count: 1,
            dimension: wgpu::TextureDimension::D2,
            format: wgpu::TextureFormat::R8Unorm,
            usage: wgpu::TextureUsages::TEXTURE_BINDING,
            view_formats: &[],
        })
    }

    #[test]
    fn a_driver_s_error_is_a_sentence_and_said_once() {
        let gpu = Gpu::headless().expect("an adapter");
        impossible(&gpu.device);
        let said = gpu.check().expect_err("no adapter can do that").to_string();
        assert!(said.starts_with("the graphics driver reports: ") && !said.contains('\n'), "{said}");
        assert_eq!(gpu.check(), Ok(()));
    }

    #[test]
    fn what_is_attempted_fails_alone() {
        let gpu = Gpu::headless().expect("an adapter");
        assert!(gpu.attempt("a picture", impossible).is_err());
        assert_eq!(gpu.check(), Ok(()), "the error went to the one who tried");
    }

    #[test]
    fn a_device_that_is_gone_gives_errors_and_no_panic() {
        let gpu = Gpu::headless().expect("an adapter");
        gpu.device.destroy();
        let made = gpu.attempt("a picture", |device| {
            device.create_buffer(&wgpu::BufferDescriptor {
                label: None,
                size: 16,
                usage: wgpu::BufferUsages::COPY_DST,
                mapped_at_creation: false,
            })
        });
        assert!(made.is_err());
        assert!(!gpu.is_lost(), "destroyed on purpose is not lost");
    }
}
