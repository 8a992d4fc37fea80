//! A program without TLS: there is no object that it could read.

/// An object of a bucket; there is none.
#[derive(Debug)]
pub(crate) enum Object {}

/// An object as it was read.
pub(crate) struct Version {
    pub(crate) etag: String,
    pub(crate) bytes: Vec<u8>,
}

impl Object {
    pub(crate) fn of(name: &str, _: &dyn Fn(&str) -> Option<String>) -> Result<Self, String> {
        Err(format!("`{name}` can't be read: this tidegate-lambda is built without its feature `s3`"))
    }

    pub(crate) fn below(&self, _: &str) -> Self {
        match *self {}
    }

    pub(crate) fn write(&self, _: &[u8]) -> Result<(), String> {
        match *self {}
    }

    pub(crate) fn name(&self) -> &str {
        match *self {}
    }

    pub(crate) fn read_signature(&self, _: usize) -> Result<Version, String> {
        match *self {}
    }

    pub(crate) fn etags(&self, _: bool) -> Result<[String; 2], String> {
        match *self {}
    }

    pub(crate) fn read(&self, _: usize) -> Result<Version, String> {
        match *self {}
    }
}
