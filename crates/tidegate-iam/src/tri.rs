//! Three-valued answers.

/// True, false, or not known from what was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tri {
    /// Certainly.
    True,
    /// Certainly not.
    False,
    /// It depends on a value that isn't known.
    Unknown,
}

impl Tri {
    /// Both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::False, _) | (_, Self::False) => Self::False,
            (Self::True, Self::True) => Self::True,
            _ => Self::Unknown,
        }
    }

    /// Either.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::True, _) | (_, Self::True) => Self::True,
            (Self::False, Self::False) => Self::False,
            _ => Self::Unknown,
        }
    }

    /// All of them; stops at the first that fails.
    pub fn all(items: impl IntoIterator<Item = Self>) -> Self {
        let mut out = Self::True;
        for item in items {
            out = out.and(item);
            if out == Self::False {
                break;
            }
        }
        out
    }

    /// Any of them; stops at the first that holds.
    pub fn any(items: impl IntoIterator<Item = Self>) -> Self {
        let mut out = Self::False;
        for item in items {
            out = out.or(item);
            if out == Self::True {
                break;
            }
        }
        out
    }

    /// True only when certain.
    pub fn is_true(self) -> bool {
        self == Self::True
    }

    /// True unless certainly not.
    pub fn is_possible(self) -> bool {
        self != Self::False
    }
}

impl std::ops::Not for Tri {
    type Output = Self;

    fn not(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::Unknown => Self::Unknown,
        }
    }
}

impl From<bool> for Tri {
    fn from(value: bool) -> Self {
        if value { Self::True } else { Self::False }
    }
}

#[cfg(test)]
mod tests {
    use super::Tri::{self, False, True, Unknown};

    #[test]
    fn unknown_yields_to_what_decides() {
        assert_eq!(Unknown.and(False), False);
        assert_eq!(Unknown.and(True), Unknown);
        assert_eq!(Unknown.or(True), True);
        assert_eq!(Unknown.or(False), Unknown);
        assert_eq!(!Unknown, Unknown);
        assert_eq!(Tri::all([]), True);
        assert_eq!(Tri::any([]), False);
    }
}
