//! Which catalogue of AWS's actions answers: the own one, or one of a file.

use crate::failure::Failure;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;
use tidegate_iam::Catalogue;

/// Makes the catalogue of a file the one that answers, unless another one was chosen before.
pub(crate) fn install(path: &Path) -> Result<(), Failure> {
    let shown = path.display();
    let bytes = fs::read(path)
        .map_err(|error| Failure::usage(format!("could not read `{shown}`"), Some(error.to_string())))?;
    match Catalogue::read_whole(&bytes) {
        Ok(catalogue) => {
            Catalogue::install(catalogue);
            Ok(())
        }
        Err(error) => {
            let help = Some("make one with `tidegate iam data import FOLDER`".to_string());
            Err(Failure::usage(format!("could not use `{shown}`: {error}"), help))
        }
    }
}

/// The version for people who ask for all of it: with the day of the own catalogue.
pub(crate) fn version() -> &'static str {
    static SHOWN: LazyLock<String> = LazyLock::new(|| {
        let day = Catalogue::current().date();
        format!("{}\ncatalogue of AWS's actions: {day}", env!("CARGO_PKG_VERSION"))
    });
    &SHOWN
}
