//! A day of the calendar.

use std::fmt;
use std::str::FromStr;
use std::time::SystemTime;

/// A day. Ordered by time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// The day that it is now, in UTC. Asked once by `main`; everything below takes a day as a value.
    pub(crate) fn today() -> Self {
        let seconds = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |d| d.as_secs());
        Self::from_days(seconds / 86_400)
    }

    /// How many days it lies behind 1970-01-01, counted as Howard Hinnant's `days_from_civil` does.
    pub(crate) fn days(self) -> i64 {
        let (month, day) = (i64::from(self.month), i64::from(self.day));
        let year = i64::from(self.year) - i64::from(month <= 2);
        let (era, of_era) = (year / 400, year % 400);
        let shifted = if month > 2 { month - 3 } else { month + 9 };
        let of_year = (153 * shifted + 2) / 5 + day - 1;
        era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
    }

    /// The day that lies so many days behind 1970-01-01, counted as Howard Hinnant's `civil_from_days` does.
    fn from_days(days: u64) -> Self {
        let z = days + 719_468;
        let (era, of_era) = (z / 146_097, z % 146_097);
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * of_year + 2) / 153;
        let day = of_year - (153 * shifted + 2) / 5 + 1;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
        let year = year_of_era + era * 400 + u64::from(month <= 2);
        Self {
            year: u16::try_from(year).unwrap_or(u16::MAX),
            month: u8::try_from(month).unwrap_or(1),
            day: u8::try_from(day).unwrap_or(1),
        }
    }
}

impl FromStr for Date {
    type Err = String;

    /// `2027-01-31`, and nothing else.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || "expected a day such as `2027-01-31`".to_string();
        let mut parts = text.split('-');
        let mut number = |digits: usize| {
            let part = parts.next().filter(|p| p.len() == digits && p.bytes().all(|b| b.is_ascii_digit()))?;
            part.parse::<u16>().ok()
        };
        let (Some(year), Some(month), Some(day)) = (number(4), number(2), number(2)) else {
            return Err(wrong());
        };
        let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        let last = match month {
            4 | 6 | 9 | 11 => 30,
            2 if leap => 29,
            2 => 28,
            1..=12 => 31,
            _ => return Err(wrong()),
        };
        if parts.next().is_some() || day == 0 || day > last {
            return Err(wrong());
        }
        // Both fit: they are at most 12 and 31.
        Ok(Self { year, month: u8::try_from(month).unwrap_or(1), day: u8::try_from(day).unwrap_or(1) })
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_counted() {
        let shown = |days| Date::from_days(days).to_string();
        assert_eq!(shown(0), "1970-01-01");
        assert_eq!(shown(11_016), "2000-02-29");
        assert_eq!(shown(20_783), "2026-11-26");
        assert_eq!(shown(47_540), "2100-02-28");
        assert_eq!(shown(47_541), "2100-03-01");
        for days in [0, 11_016, 20_783, 47_540, 47_541] {
            assert_eq!(i64::try_from(days), Ok(Date::from_days(days).days()));
        }
    }

    #[test]
    fn only_days_that_exist_are_read() {
        assert_eq!("2027-01-31".parse::<Date>().unwrap().to_string(), "2027-01-31");
        assert!("2028-02-29".parse::<Date>().is_ok());
        for wrong in [
            "",
            "2027-1-31",
            "2027-02-29",
            "2027-13-01",
            "2027-00-10",
            "2027-01-00",
            "27-01-01",
            "2027-01-31-1",
            "2027-01-31T00:00",
            "+027-01-01",
            "31.01.2027",
        ] {
            assert!(wrong.parse::<Date>().is_err(), "{wrong}");
        }
        assert!("2027-01-31".parse::<Date>().unwrap() < "2027-02-01".parse().unwrap());
    }
}
