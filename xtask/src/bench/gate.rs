//! `cargo xtask bench --gate`: the HTTP gate under as much load as this machine makes, before an upstream that does nothing.
//!
//! Load, upstream and gate share the machine, so the CPU time of a request is the figure to compare; requests a second say
//! more on a machine with nothing else to do.

mod flat;
mod load;
mod proc;

use anyhow::{Context as _, Result, bail};
use flat::Verdict;
use load::{Counts, Load};
use std::io::{BufRead as _, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Connections of clients at a time.
const CONNECTIONS: usize = 16;
/// Of each of the short measurements.
const SHORT: Duration = Duration::from_secs(5);
/// How often memory is looked at.
const SAMPLE: Duration = Duration::from_secs(1);
/// The most memory that the gate may ever take under this load, in KiB.
const CEILING: u64 = 128 << 10;

/// Measures; false when an answer was wrong, or when memory grows or is above the ceiling.
pub(super) fn run(binary: &Path, folder: &Path, minutes: u64) -> Result<bool> {
    let upstream = load::upstream()?;
    let gate = Gate::start(binary, upstream)?;
    let nginx = Nginx::start(folder, upstream)?;
    println!("{:<34} {:>12} {:>16} {:>10}", "", "requests/s", "CPU a request", "memory");
    let mut good = true;
    for load in [Load::Get, Load::Post] {
        for (name, process) in [("gate", Some(&gate.0)), ("nginx", nginx.as_ref().map(|n| &n.0))] {
            let Some(process) = process else { continue };
            let before = proc::cpu(process.id())?;
            let run = load::run(process.address, load, CONNECTIONS, SHORT, |_| Ok(true))?;
            let cpu = proc::cpu(process.id())?.saturating_sub(before);
            let memory = proc::memory(process.id())? as f64 / 1024.0;
            println!(
                "{:<34} {:>12.0} {:>13.1} us {memory:>7.1} MB",
                format!("{name}: {}", load.name()),
                run.each_second(),
                cpu.as_secs_f64() * 1e6 / run.answers.max(1) as f64,
            );
            good &= said(&run);
        }
    }
    if nginx.is_none() {
        println!("nginx isn't installed: nothing to compare with");
    }
    drop(nginx);
    if minutes > 0 {
        good &= soak(&gate.0, Duration::from_secs(minutes * 60))?;
    }
    Ok(good)
}

/// A long run of everything that clients send, with memory looked at all the time.
fn soak(gate: &Process, time: Duration) -> Result<bool> {
    let mut samples = Vec::new();
    let (mut next, mut shown) = (Duration::ZERO, 0);
    let began = Instant::now();
    let before = proc::cpu(gate.id())?;
    let run = load::run(gate.address, Load::Mixed, CONNECTIONS, time, |answers| {
        if began.elapsed() < next {
            return Ok(true);
        }
        next += SAMPLE;
        let memory = proc::memory(gate.id()).context("the gate is gone")?;
        samples.push(memory);
        if samples.len().is_multiple_of(60) {
            let memory = memory as f64 / 1024.0;
            println!("{:>4} min {:>10} requests {memory:>8.1} MB", samples.len() / 60, answers - shown);
            shown = answers;
        }
        Ok(true)
    })?;
    let cpu = proc::cpu(gate.id())?.saturating_sub(before);
    println!(
        "{:<34} {:>12.0} {:>13.1} us",
        format!("gate: {}", Load::Mixed.name()),
        run.each_second(),
        cpu.as_secs_f64() * 1e6 / run.answers.max(1) as f64
    );
    let peak = samples.iter().max().copied().unwrap_or(0);
    let verdict = flat::verdict(&samples);
    println!("memory: {verdict}, at most {:.1} MB of {} MB", peak as f64 / 1024.0, CEILING >> 10);
    Ok(said(&run) && verdict != Verdict::Grows && peak <= CEILING)
}

fn said(run: &Counts) -> bool {
    if run.wrong > 0 {
        println!("{} of {} answers are not what they should be", run.wrong, run.answers);
    }
    run.wrong == 0
}

/// A server of another process; ends with this value.
struct Process {
    child: Child,
    address: SocketAddr,
}

impl Process {
    fn id(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Gate(Process);

impl Gate {
    fn start(binary: &Path, upstream: SocketAddr) -> Result<Self> {
        let mut command = Command::new(binary);
        command.args(["guard", "http", "--workers", "1", "--listen", "127.0.0.1:0", "--upstream"]);
        command.arg(format!("http://{upstream}")).stdin(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().context("failed to start the gate")?;
        let mut said = BufReader::new(child.stderr.take().context("the gate has no standard error")?);
        let mut process = Process { child, address: upstream };
        let mut line = String::new();
        while said.read_line(&mut line)? > 0 {
            if let Some(address) = line.trim().strip_prefix("listening on ") {
                process.address = address.parse().context("the gate says no address")?;
                std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::stderr()));
                return Ok(Self(process));
            }
            line.clear();
        }
        bail!("the gate didn't start")
    }
}

struct Nginx(Process);

impl Nginx {
    /// `None` where it isn't installed.
    fn start(folder: &Path, upstream: SocketAddr) -> Result<Option<Self>> {
        let folder = folder.join("nginx");
        std::fs::create_dir_all(&folder)?;
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let at = folder.display();
        // Without a master, so that the process is the worker.
        let text = format!(
            "daemon off; master_process off; pid {at}/pid; error_log {at}/errors warn;\n\
             events {{ worker_connections 1024; }}\n\
             http {{ access_log off; client_body_temp_path {at}/b; proxy_temp_path {at}/p; fastcgi_temp_path {at}/f;\n\
             uwsgi_temp_path {at}/u; scgi_temp_path {at}/s; client_max_body_size 8m; client_body_buffer_size 64k;\n\
             keepalive_requests 1000000; upstream up {{ server {upstream}; keepalive 64; keepalive_requests 1000000; }}\n\
             server {{ listen {address}; location / {{ proxy_pass http://up; proxy_http_version 1.1;\n\
             proxy_set_header Connection \"\"; }} }} }}\n"
        );
        let file = folder.join("nginx.conf");
        std::fs::write(&file, text)?;
        let mut command = Command::new("nginx");
        command.arg("-p").arg(&folder).arg("-c").arg(&file).stdin(Stdio::null()).stdout(Stdio::null());
        let child = match command.stderr(Stdio::null()).spawn() {
            Ok(child) => child,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).context("failed to start nginx"),
        };
        let process = Process { child, address };
        for _ in 0..100 {
            if TcpStream::connect(address).is_ok() {
                return Ok(Some(Self(process)));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        bail!("nginx didn't start; {} says why", folder.join("errors").display())
    }
}
