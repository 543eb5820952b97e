//! One notch of a wheel is one step, also through remote desktops.
//!
//! VNC, xrdp and xdotool turn a wheel by pressing and releasing X11's buttons 4 to 7, and winit 0.30 reports a turn for the
//! press and another for the release. The raw button events, which come first, tell which of the two is the echo. (Wheels
//! that the X server itself knows move an axis instead, and their buttons are marked as emulated: winit reports no raw ones.)

use winit::event::{DeviceEvent, ElementState, WindowEvent};

const WHEEL: std::ops::RangeInclusive<u32> = 4..=7;

/// Whether the next turn of the wheel is the echo of one already taken.
#[derive(Debug, Default)]
pub struct WheelButtons {
    released: bool,
}

impl WheelButtons {
    /// Takes note of what the devices do.
    pub fn device(&mut self, event: &DeviceEvent) {
        if let DeviceEvent::Button { button, state } = event
            && cfg!(target_os = "linux") // elsewhere buttons are counted in another way, and wheels are not buttons
            && WHEEL.contains(button)
        {
            self.released = *state == ElementState::Released;
        }
    }

    /// True for a turn that must not count; asked once for each event of the window.
    pub fn is_echo(&mut self, event: &WindowEvent) -> bool {
        matches!(event, WindowEvent::MouseWheel { .. }) && std::mem::take(&mut self.released)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use winit::event::{DeviceId, MouseScrollDelta, TouchPhase};

    fn button(button: u32, state: ElementState) -> DeviceEvent {
        DeviceEvent::Button { button, state }
    }

    fn turn() -> WindowEvent {
        let (device_id, delta) = (DeviceId::dummy(), MouseScrollDelta::LineDelta(0.0, -1.0));
        WindowEvent::MouseWheel { device_id, delta, phase: TouchPhase::Moved }
    }

    #[test]
    fn a_press_turns_and_its_release_does_not() {
        let mut wheel = WheelButtons::default();
        for _ in 0..3 {
            wheel.device(&button(5, ElementState::Pressed));
            assert!(!wheel.is_echo(&turn()));
            wheel.device(&button(5, ElementState::Released));
            assert!(wheel.is_echo(&turn()));
        }
    }

    #[test]
    fn wheels_without_buttons_always_turn_and_other_buttons_mean_nothing() {
        let mut wheel = WheelButtons::default();
        wheel.device(&button(1, ElementState::Released));
        assert!(!wheel.is_echo(&turn()) && !wheel.is_echo(&turn()));
    }

    #[test]
    fn a_release_outside_the_window_takes_nothing_from_the_next_notch() {
        let mut wheel = WheelButtons::default();
        wheel.device(&button(4, ElementState::Released));
        assert!(!wheel.is_echo(&WindowEvent::Focused(true)));
        wheel.device(&button(4, ElementState::Pressed));
        assert!(!wheel.is_echo(&turn()));
    }
}
