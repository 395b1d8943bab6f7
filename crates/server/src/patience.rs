//! Connections whose client takes nothing.
//!
//! A client that stops reading, or is gone without a word, holds what is meant for it and the
//! place of another. Nobody else waits for it, so it may take its time; but not for ever.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use socket2::{SockRef, TcpKeepalive};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep};

/// How long a client may take nothing of what is there for it, before it is given up.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
/// A silent client is asked whether it is still there after this time, and this often.
const ASKED_AFTER: Duration = Duration::from_secs(15);
const ASKED_EVERY: Duration = Duration::from_secs(5);
const ASKED_TIMES: u32 = 3;
/// Bytes that wait in the system for a client that takes nothing. The system's own bound
/// would be megabytes.
const UNSENT_BYTES_MAX: u32 = 128 << 10;
/// Up to so many bytes in several parts, as a token in its chunk is, leave as one: copying them
/// costs less than the system's way through a list of them.
const GATHERED_MAX: usize = 1 << 10;

/// Sets up a connection: what is written leaves at once, little waits for a client that does
/// not read, and one that is gone is noticed.
pub(crate) fn set_up(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let socket = SockRef::from(stream);
    let asks = TcpKeepalive::new().with_time(ASKED_AFTER).with_interval(ASKED_EVERY).with_retries(ASKED_TIMES);
    socket.set_tcp_keepalive(&asks)?;
    #[cfg(target_os = "linux")]
    {
        socket.set_tcp_user_timeout(Some(PATIENCE))?;
        socket.set_tcp_notsent_lowat(UNSENT_BYTES_MAX)?;
    }
    Ok(())
}

/// A connection that fails when nothing of what is written was taken for [`PATIENCE`].
pub(crate) struct Impatient<S> {
    stream: S,
    /// Runs while the client takes nothing.
    waiting: Option<Pin<Box<Sleep>>>,
}

impl<S> Impatient<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, waiting: None }
    }

    /// What writing gave; an error if it has been waited for too long.
    fn judge<T>(&mut self, cx: &mut Context<'_>, written: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.waiting = None;
            return written;
        }
        let waiting = self.waiting.get_or_insert_with(|| Box::pin(tokio::time::sleep(PATIENCE)));
        ready!(waiting.as_mut().poll(cx));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client takes nothing")))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Impatient<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Impatient<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.judge(cx, written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let stream = Pin::new(&mut self.stream);
        let written = match gathered(slices, &mut [0; GATHERED_MAX]) {
            Some(whole) => stream.poll_write(cx, whole),
            None => stream.poll_write_vectored(cx, slices),
        };
        self.judge(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// The parts in one piece, if there is room for them.
fn gathered<'a>(slices: &[io::IoSlice<'_>], room: &'a mut [u8]) -> Option<&'a [u8]> {
    let mut length = 0;
    for slice in slices {
        room.get_mut(length..length + slice.len())?.copy_from_slice(slice);
        length += slice.len();
    }
    Some(&room[..length])
}

/// A connection that fails when nothing came for so long: for a protocol whose clients answer
/// when they are asked whether they are there, and that has no time limit of its own before.
pub(crate) struct Attentive<S> {
    stream: S,
    silence_max: Duration,
    silence: Pin<Box<Sleep>>,
}

impl<S> Attentive<S> {
    pub(crate) fn new(stream: S, silence_max: Duration) -> Self {
        Self { stream, silence_max, silence: Box::pin(tokio::time::sleep(silence_max)) }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Attentive<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let Self { stream, silence_max, silence } = &mut *self;
        if let Poll::Ready(read) = Pin::new(stream).poll_read(cx, buffer) {
            silence.as_mut().reset(Instant::now() + *silence_max);
            return Poll::Ready(read);
        }
        ready!(silence.as_mut().poll(cx));
        Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the client says nothing")))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Attentive<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    #[tokio::test(start_paused = true)]
    async fn a_client_that_takes_nothing_is_given_up_after_its_time() {
        let (ours, theirs) = tokio::io::duplex(10);
        let began = Instant::now();
        let refused = Impatient::new(ours).write_all(&[0; 11]).await.unwrap_err();
        assert_eq!((refused.kind(), began.elapsed()), (io::ErrorKind::TimedOut, PATIENCE));
        drop(theirs);
    }

    /// A client that is gone without a word cannot be had on one machine; that the system is
    /// told to look for it can be seen.
    #[tokio::test]
    async fn a_client_that_is_gone_is_looked_for() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        set_up(&stream).unwrap();
        let socket = SockRef::from(&stream);
        assert!(socket.keepalive().unwrap() && stream.nodelay().unwrap());
        #[cfg(target_os = "linux")]
        assert_eq!(socket.tcp_user_timeout().unwrap(), Some(PATIENCE));
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_says_nothing_is_given_up_after_its_time() {
        let (ours, mut theirs) = tokio::io::duplex(10);
        let mut ours = Attentive::new(ours, PATIENCE);
        let mut heard = [0; 1];
        tokio::time::sleep(PATIENCE - Duration::from_secs(1)).await;
        theirs.write_all(b"x").await.unwrap();
        ours.read_exact(&mut heard).await.unwrap();
        let began = Instant::now();
        let refused = ours.read_exact(&mut heard).await.unwrap_err();
        assert_eq!((refused.kind(), began.elapsed()), (io::ErrorKind::TimedOut, PATIENCE));
    }

    #[tokio::test]
    async fn parts_arrive_in_order_whether_they_leave_as_one_or_not() {
        let stuff: Vec<u8> = (0..3 * GATHERED_MAX).map(|n| n as u8).collect();
        for length in [0, 1, GATHERED_MAX - 1, GATHERED_MAX, GATHERED_MAX + 1, stuff.len()] {
            let whole = &stuff[..length];
            let (one, other) = whole.split_at(length / 3);
            let slices = [one, other, &[], b"end"].map(io::IoSlice::new);
            let (ours, mut theirs) = tokio::io::duplex(2 * stuff.len());
            let written = Impatient::new(ours).write_vectored(&slices).await.unwrap();
            let mut taken = Vec::new();
            theirs.read_to_end(&mut taken).await.unwrap();
            assert_eq!(taken, [whole, b"end"].concat()[..written], "{length} bytes");
            assert!(written > 0);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_client_is_waited_for() {
        let (ours, mut theirs) = tokio::io::duplex(10);
        let sent = tokio::spawn(async move { Impatient::new(ours).write_all(&[0; 100]).await });
        let mut taken = Vec::new();
        while taken.len() < 100 {
            tokio::time::sleep(PATIENCE - Duration::from_secs(1)).await;
            let mut piece = [0; 10];
            theirs.read_exact(&mut piece).await.unwrap();
            taken.extend(piece);
        }
        sent.await.unwrap().unwrap();
    }
}
