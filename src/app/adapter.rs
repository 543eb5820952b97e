//! Which graphics adapter draws, where the reader says so: by a part of its name, or by its kind.

use egui_wgpu::{NativeAdapterSelectorMethod, WgpuSetupCreateNew};
use std::sync::Arc;
use wgpu::DeviceType;

/// Lets a setup take the adapter that is asked for: `gpu` is any that is not the processor, `cpu` the software renderer,
/// anything else a part of the adapter's name.
pub fn choose(setup: &mut WgpuSetupCreateNew, wanted: Option<&str>) {
    let Some(wanted) = wanted.map(str::to_lowercase) else { return };
    let select: NativeAdapterSelectorMethod = Arc::new(move |adapters, surface| {
        let usable = |a: &&wgpu::Adapter| surface.is_none_or(|s| a.is_surface_supported(s));
        let of = |a: &wgpu::Adapter| {
            let info = a.get_info();
            (info.name.clone(), info.device_type)
        };
        let found = adapters.iter().filter(usable).find(|a| {
            let (name, kind) = of(a);
            fits(&wanted, &name, kind)
        });
        found.cloned().ok_or_else(|| {
            let names: Vec<String> = adapters.iter().map(|a| format!("\"{}\"", of(a).0)).collect();
            let there = if names.is_empty() { "there is none at all".to_owned() } else { names.join(", ") };
            format!("no adapter fits \"{wanted}\"; there are: {there}")
        })
    });
    setup.native_adapter_selector = Some(select);
}

fn fits(wanted: &str, name: &str, kind: DeviceType) -> bool {
    match wanted {
        "cpu" => kind == DeviceType::Cpu,
        "gpu" => kind != DeviceType::Cpu,
        part => name.to_lowercase().contains(part),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_and_parts_of_names() {
        let card = ("NVIDIA H100", DeviceType::DiscreteGpu);
        let soft = ("llvmpipe (LLVM 15)", DeviceType::Cpu);
        let of = |wanted: &str, a: (&str, DeviceType)| fits(wanted, a.0, a.1);
        assert!(of("gpu", card) && !of("gpu", soft));
        assert!(of("cpu", soft) && !of("cpu", card));
        assert!(of("nvidia", card) && of("llvm", soft) && !of("radeon", card));
    }
}
