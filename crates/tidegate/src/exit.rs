//! Exit codes: the same for every command, and stable from the first release on.

use std::process::ExitCode;

/// How a run ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// The work was done, and no finding is as severe as `--fail-on`.
    Clean,
    /// We could not do our job: an input or output error, or a defect of ours.
    Error,
    /// The command line or the configuration is wrong.
    Usage,
    /// Nothing that Tidegate reads was found.
    NothingToRead,
    /// Findings at or above `--fail-on`.
    Findings,
    /// Interrupted from the keyboard.
    Interrupted,
}

impl Exit {
    /// All of them, in the order of their codes.
    pub(crate) const ALL: [Self; 6] =
        [Self::Clean, Self::Error, Self::Usage, Self::NothingToRead, Self::Findings, Self::Interrupted];

    /// The number that the shell sees.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::Error => 1,
            Self::Usage => 2,
            Self::NothingToRead => 3,
            Self::Findings => 10,
            Self::Interrupted => 130,
        }
    }

    /// What it says, for the help text and the reference.
    pub(crate) const fn meaning(self) -> &'static str {
        match self {
            Self::Clean => "no finding at or above --fail-on",
            Self::Error => "Tidegate could not do its job",
            Self::Usage => "the command line or tidegate.toml is wrong",
            Self::NothingToRead => "nothing to read below the path",
            Self::Findings => "findings at or above --fail-on (default: high)",
            Self::Interrupted => "interrupted with Ctrl-C",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit.code())
    }
}
