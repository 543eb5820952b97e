//! UTC time stamps (RFC 3339, milliseconds) without a calendar library, and the account of active reading time.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// `2026-03-04T05:06:07.089Z` of a moment; moments before 1970 count as 1970.
pub fn utc(at: SystemTime) -> String {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    let (days, rest) = (since.as_secs() / 86_400, since.as_secs() % 86_400);
    let (year, month, day) = civil_from_days(days as i64);
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", since.subsec_millis())
}

/// Year, month, day of a day counted from 1970-01-01 (Howard Hinnant, "chrono-compatible low-level date algorithms").
fn civil_from_days(days: i64) -> (i64, u32, u32) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let day_of_era = z.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = (day_of_year - (153 * shifted + 2) / 5 + 1) as u32;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 } as u32;
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// A pause longer than this is not reading.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// How long the reader was at it: time between signs of life that lie close together.
#[derive(Clone, Debug, Default)]
pub struct ActiveTime {
    total: Duration,
    last: Option<Instant>,
}

impl ActiveTime {
    /// The reader did something (moved the pointer, scrolled, pressed a key) at `now`.
    pub fn sign_of_life(&mut self, now: Instant) {
        if let Some(last) = self.last {
            let pause = now.saturating_duration_since(last);
            if pause <= LONGEST_PAUSE {
                self.total += pause;
            }
        }
        self.last = Some(self.last.map_or(now, |last| last.max(now)));
    }

    /// The sum so far.
    pub fn total(&self) -> Duration {
        self.total
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_follow_the_calendar() {
        let at = |secs, ms| utc(UNIX_EPOCH + Duration::from_secs(secs) + Duration::from_millis(ms));
        assert_eq!(at(0, 0), "1970-01-01T00:00:00.000Z");
        assert_eq!(at(951_827_696, 7), "2000-02-29T12:34:56.007Z");
        assert_eq!(at(1_709_251_199, 999), "2024-02-29T23:59:59.999Z");
        assert_eq!(at(4_107_542_400, 0), "2100-03-01T00:00:00.000Z");
        assert_eq!(utc(UNIX_EPOCH - Duration::from_secs(9)), "1970-01-01T00:00:00.000Z");
    }

    #[test]
    fn long_pauses_are_not_reading() {
        let mut active = ActiveTime::default();
        let start = Instant::now();
        for seconds in [0, 10, 30, 500, 505] {
            active.sign_of_life(start + Duration::from_secs(seconds));
        }
        assert_eq!(active.total(), Duration::from_secs(35));
    }
}
