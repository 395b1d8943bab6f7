//! Everybody who listens, on one thread, since it shares the cores with what is listened to.

use std::io::{ErrorKind, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};
use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token, Waker};

use crate::choir::Ear;
use crate::listener::Listener;
use crate::samples::Samples;

/// What the doorkeeper's bell is called among the streams.
const BELL: Token = Token(usize::MAX);
/// More than a stream brings at once.
const BUFFER: usize = 64 * 1024;
/// Between two looks at the streams. Listeners are elsewhere in the world; would this thread be
/// woken for each token, the server that sends it would do the work of waking it.
const NAP: Duration = Duration::from_micros(200);
/// Taken from the kernel at once.
const EVENTS: usize = 1_024;

/// Tokens are heard but do not count; they count; everybody leaves.
const SETTLING: u8 = 0;
const COUNTING: u8 = 1;
const LEAVING: u8 = 2;

/// The thread's other end.
pub(crate) struct Audience {
    door: Sender<Listener>,
    bell: Waker,
    phase: Arc<AtomicU8>,
    thread: JoinHandle<Result<Samples>>,
}

impl Audience {
    pub(crate) fn gather() -> Result<Self> {
        let poll = Poll::new().context("gathering an audience")?;
        let bell = Waker::new(poll.registry(), BELL)?;
        let phase = Arc::new(AtomicU8::new(SETTLING));
        let (door, arrivals) = mpsc::channel();
        let hall = Hall { poll, arrivals, seats: Vec::new(), phase: Arc::clone(&phase), buffer: vec![0; BUFFER] };
        let thread = thread::Builder::new().name("audience".to_owned()).spawn(move || hall.listen())?;
        Ok(Self { door, bell, phase, thread })
    }

    /// One stream more.
    pub(crate) fn admit(&self, listener: Listener) -> Result<()> {
        // If they have left already, `leave` says why.
        let _ = self.door.send(listener);
        Ok(self.bell.wake()?)
    }

    /// From now on tokens count.
    pub(crate) fn begin(&self) {
        self.phase.store(COUNTING, Ordering::Relaxed);
    }

    /// How long each token was under way since [`Audience::begin`]. An error if a stream ended, or
    /// was silent.
    pub(crate) fn leave(self) -> Result<Samples> {
        self.phase.store(LEAVING, Ordering::Relaxed);
        self.bell.wake()?;
        self.thread.join().map_err(|_| anyhow!("the audience panicked"))?
    }
}

/// What the thread holds.
struct Hall {
    poll: Poll,
    arrivals: Receiver<Listener>,
    seats: Vec<Seat>,
    phase: Arc<AtomicU8>,
    buffer: Vec<u8>,
}

struct Seat {
    connection: TcpStream,
    ear: Ear,
    counted: usize,
}

impl Hall {
    fn listen(mut self) -> Result<Samples> {
        let (mut events, mut samples) = (Events::with_capacity(EVENTS), Samples::default());
        loop {
            thread::sleep(NAP);
            match self.poll.poll(&mut events, None) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                polled => polled?,
            }
            let phase = self.phase.load(Ordering::Relaxed);
            if phase == LEAVING {
                break;
            }
            for event in &events {
                if event.token() == BELL {
                    self.admit()?;
                } else {
                    let counted = (phase == COUNTING).then_some(&mut samples);
                    self.seats[event.token().0].hear(&mut self.buffer, counted)?;
                }
            }
        }
        if self.seats.iter().any(|seat| seat.counted == 0) {
            bail!("a stream was silent");
        }
        Ok(samples)
    }

    fn admit(&mut self) -> Result<()> {
        while let Ok(listener) = self.arrivals.try_recv() {
            let mut seat =
                Seat { connection: TcpStream::from_std(listener.connection), ear: Ear::default(), counted: 0 };
            seat.ear.listen(&listener.begun, |_| {});
            self.poll.registry().register(&mut seat.connection, Token(self.seats.len()), Interest::READABLE)?;
            self.seats.push(seat);
        }
        Ok(())
    }
}

impl Seat {
    fn hear(&mut self, buffer: &mut [u8], mut counted: Option<&mut Samples>) -> Result<()> {
        loop {
            let read = match self.connection.read(buffer) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                read => read?,
            };
            let now = Instant::now();
            self.ear.listen(&buffer[..read], |left| {
                if let Some(samples) = &mut counted {
                    samples.push(now - left);
                    self.counted += 1;
                }
            });
            match read {
                0 => bail!("a stream ended"),
                // The kernel has no more, and tells when it has.
                read if read < buffer.len() => return Ok(()),
                _ => {}
            }
        }
    }
}
