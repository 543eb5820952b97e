//! A slow frame loses no order: what the hand and the keys did between two frames is taken in turns.
//!
//! Within one pass of egui keys are looked at before the pointer, and of several clicks on controls only the last one is
//! seen. So a frame's events are cut where the order would matter, and each part gets a pass; only the last one is painted.

use egui::Event;

/// The events in parts: within one no key follows the pointer's buttons or wheel, nor they a key, and no click another.
pub fn in_order(events: Vec<Event>) -> Vec<Vec<Event>> {
    let mut parts = vec![vec![]];
    let (mut keyed, mut handled, mut clicked) = (false, false, false);
    for event in events {
        let [key, hand, press, release] = match event {
            Event::Key { pressed: true, .. } => [true, false, false, false],
            Event::PointerButton { pressed, .. } => [false, true, pressed, !pressed],
            Event::MouseWheel { .. } => [false, true, false, false],
            _ => [false; 4],
        };
        if (key && handled) || (hand && keyed) || (press && clicked) {
            parts.push(vec![]);
            (keyed, handled, clicked) = (false, false, false);
        }
        (keyed, handled, clicked) = (keyed || key, handled || hand, clicked || release);
        parts.last_mut().expect("never empty").push(event);
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::{Key, Modifiers, PointerButton, pos2};

    fn key(key: Key) -> Event {
        Event::Key { key, physical_key: None, pressed: true, repeat: false, modifiers: Modifiers::NONE }
    }

    fn button(x: f32, pressed: bool) -> Event {
        Event::PointerButton { pos: pos2(x, 0.0), button: PointerButton::Primary, pressed, modifiers: Modifiers::NONE }
    }

    fn moved(x: f32) -> Event {
        Event::PointerMoved(pos2(x, 0.0))
    }

    #[test]
    fn what_has_no_order_to_lose_stays_one_part() {
        assert_eq!(in_order(vec![]), [vec![]]);
        let stroke = vec![moved(0.0), button(0.0, true), moved(1.0), moved(2.0), button(2.0, false), moved(3.0)];
        assert_eq!(in_order(stroke.clone()), [stroke]);
        let keys = vec![key(Key::K), key(Key::Enter), moved(1.0)];
        assert_eq!(in_order(keys.clone()), [keys]);
    }

    #[test]
    fn keys_and_strokes_take_turns() {
        let stroke = [button(0.0, true), moved(1.0), button(1.0, false)];
        let events = [&stroke[..], &[key(Key::K), key(Key::Enter)], &stroke[..]].concat();
        assert_eq!(in_order(events), [stroke.to_vec(), vec![key(Key::K), key(Key::Enter)], stroke.to_vec()]);
    }

    #[test]
    fn each_click_has_a_part_of_its_own_and_nothing_is_lost() {
        let events: Vec<Event> =
            (0..4).flat_map(|n| [moved(n as f32), button(n as f32, true), button(n as f32, false)]).collect();
        let parts = in_order(events.clone());
        assert_eq!(parts.len(), 4);
        assert_eq!(parts.concat(), events);
    }
}
