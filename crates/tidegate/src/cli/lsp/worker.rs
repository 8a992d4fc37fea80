//! The thread that looks at the project.

use super::actions;
use super::analysis::{self, Analysis, Configs, Scene};
use super::server::Event;
use serde_json::Value;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::time::Duration;

/// How long nobody types before a look is taken.
const QUIET: Duration = Duration::from_millis(120);
/// Readers walk as deep as they allow a file to be nested, which takes more than a thread usually has.
const STACK: usize = 16 * 1024 * 1024;

/// Something to be done.
#[derive(Debug)]
pub(super) enum Job {
    /// Look at everything; after a pause if somebody types.
    Look { generation: u64, scene: Scene, typing: bool },
    /// Somebody waits: don't wait any longer for a pause.
    Now,
    /// Mend all of a file.
    FixAll { id: Value, generation: u64, action: Value, scene: Scene, path: PathBuf },
}

/// Something that is done.
pub(super) enum Done {
    Look { generation: u64, analysis: Box<Analysis> },
    FixAll { id: Value, generation: u64, action: Value, path: PathBuf, texts: Option<(Arc<str>, Arc<str>)> },
}

/// Starts the thread; it ends when nobody can give it anything to do any more.
pub(super) fn start(jobs: Receiver<Job>, events: SyncSender<Event>) -> std::io::Result<()> {
    let work = move || {
        let mut configs = Configs::default();
        let mut waiting: Option<(u64, Scene)> = None;
        let mut typing = false;
        loop {
            // With a look to take, whoever types is given time to go on; without one there is nothing to do but wait.
            let next = match &waiting {
                Some(_) => jobs.recv_timeout(if typing { QUIET } else { Duration::ZERO }),
                None => jobs.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            match next {
                Ok(Job::Look { generation, scene, typing: now }) => {
                    // The newest scene holds all that the others did.
                    typing = now && (typing || waiting.is_none());
                    waiting = Some((generation, scene));
                }
                Ok(Job::Now) => typing = false,
                Ok(Job::FixAll { id, generation, action, scene, path }) => {
                    let texts = actions::fix_all(&scene, &mut configs, &path);
                    let done = Done::FixAll { id, generation, action, path, texts };
                    if events.send(Event::Done(done)).is_err() {
                        return;
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => {
                    let Some((generation, scene)) = waiting.take() else { continue };
                    let Some(analysis) = analysis::look(&scene, &mut configs) else { continue };
                    let done = Done::Look { generation, analysis: Box::new(analysis) };
                    if events.send(Event::Done(done)).is_err() {
                        return;
                    }
                }
            }
        }
    };
    std::thread::Builder::new().name("analysis".into()).stack_size(STACK).spawn(work).map(drop)
}
