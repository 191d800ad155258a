//! The sessions: who is let in, and what may be said.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::io::{AsyncWriteExt, WriteHalf, split};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::pdu::{
    ANSWER, BIND_RECEIVER, BIND_TRANSCEIVER, BIND_TRANSMITTER, DELIVER_SM, ENQUIRE_LINK, Fields,
    Pdu, SUBMIT_SM, UNBIND, frame, next,
};
use super::{House, deliver, submit};
use crate::calls::{CUT, Call};
use crate::faults::FaultKind;
use crate::lock::locked;
use crate::tls::Io;

const INVALID_COMMAND: u32 = 0x03;
const WRONG_STATE: u32 = 0x04;
const SYSTEM_ERROR: u32 = 0x08;
const INVALID_PASSWORD: u32 = 0x0E;
const THROTTLED: u32 = 0x58;
const FRAMES_MAX: usize = 256;
/// What a TLS connection begins with; a message begins with the high octet of its
/// length, which is zero.
const HANDSHAKE: u8 = 0x16;
/// What a fault strikes.
const PATH: &str = "/submit_sm";

/// What a session may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Bound {
    sends: bool,
    receives: bool,
}

/// Whether the connection goes on.
#[derive(Debug, PartialEq, Eq)]
enum After {
    GoesOn,
    Ends,
}

pub(super) async fn serve(house: Arc<House>, listener: TcpListener) {
    let mut sessions = JoinSet::new();
    for number in 0_u64.. {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        // Sessions that have ended need not be remembered.
        while sessions.try_join_next().is_some() {}
        sessions.spawn(talk(Arc::clone(&house), number, stream));
    }
}

async fn talk(house: Arc<House>, number: u64, stream: TcpStream) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "answers on this connection may wait for Nagle");
    }
    let Some(stream) = opened(&house, stream).await else {
        return;
    };
    let (mut reader, writer) = split(stream);
    let (frames, to_write) = mpsc::channel(FRAMES_MAX);
    let writing = tokio::spawn(write(writer, to_write));
    let mut bound: Option<Bound> = None;
    while let Some(pdu) = next(&mut reader).await {
        if hear(&house, number, &mut bound, &pdu, &frames).await == After::Ends {
            break;
        }
    }
    deliver::ended(&house, number);
    drop(frames);
    // The line closes when everything is written.
    let _ = writing.await;
}

/// The line as the client opens it: encrypted when it begins with a handshake.
async fn opened(house: &House, stream: TcpStream) -> Option<Box<dyn Io>> {
    let mut first = [0];
    if stream.peek(&mut first).await.ok()? == 0 {
        return None;
    }
    if first[0] != HANDSHAKE {
        return Some(Box::new(stream));
    }
    let stream = house.tls.accept(stream).await.ok()?;
    house.encrypted.fetch_add(1, Ordering::Relaxed);
    Some(Box::new(stream))
}

async fn write(mut writer: WriteHalf<Box<dyn Io>>, mut frames: mpsc::Receiver<Vec<u8>>) {
    while let Some(frame) = frames.recv().await {
        // Encrypted, only what was flushed has left.
        if writer.write_all(&frame).await.is_err() || writer.flush().await.is_err() {
            return;
        }
    }
    // Says goodbye, whoever still reads.
    let _ = writer.shutdown().await;
}

async fn hear(
    house: &House,
    number: u64,
    bound: &mut Option<Bound>,
    pdu: &Pdu,
    frames: &mpsc::Sender<Vec<u8>>,
) -> After {
    if pdu.command == DELIVER_SM | ANSWER {
        deliver::confirmed(house, number, pdu.sequence, pdu.status);
        return After::GoesOn;
    }
    if pdu.command & ANSWER != 0 {
        return After::GoesOn;
    }
    let answer = |status: u32, body: &[u8]| frame(pdu.command | ANSWER, status, pdu.sequence, body);
    let said = match pdu.command {
        BIND_RECEIVER | BIND_TRANSMITTER | BIND_TRANSCEIVER if bound.is_none() => {
            match let_in(house, &pdu.body) {
                Ok(()) => {
                    let open = Bound {
                        sends: pdu.command != BIND_RECEIVER,
                        receives: pdu.command != BIND_TRANSMITTER,
                    };
                    *bound = Some(open);
                    if open.receives {
                        locked(&house.receivers).insert(number, frames.clone());
                        house.desk.woken.notify_waiters();
                    }
                    answer(0, b"SIMULATOR\0")
                }
                Err(status) => answer(status, b""),
            }
        }
        ENQUIRE_LINK => answer(0, b""),
        UNBIND => {
            let _ = frames.send(answer(0, b"")).await;
            return After::Ends;
        }
        SUBMIT_SM if bound.is_some_and(|bound| bound.sends) => {
            return under_fault(house, pdu, frames).await;
        }
        SUBMIT_SM | BIND_RECEIVER | BIND_TRANSMITTER | BIND_TRANSCEIVER => answer(WRONG_STATE, b""),
        _ => frame(ANSWER, INVALID_COMMAND, pdu.sequence, b""),
    };
    let _ = frames.send(said).await;
    After::GoesOn
}

fn let_in(house: &House, body: &[u8]) -> Result<(), u32> {
    let mut fields = Fields(body);
    let system_id = fields.text(16).ok_or(0x0F_u32)?;
    let password = fields.text(9).ok_or(INVALID_PASSWORD)?;
    fields.text(13).ok_or(0x53_u32)?;
    let version = fields.octet().ok_or(0x02_u32)?;
    fields.octets(2).ok_or(0x02_u32)?;
    fields.text(41).ok_or(0x02_u32)?;
    if version != 0x34 || !fields.0.is_empty() {
        return Err(0x02);
    }
    if house.desk.state().options.lets_in(&system_id, &password) {
        Ok(())
    } else {
        Err(INVALID_PASSWORD)
    }
}

async fn under_fault(house: &House, pdu: &Pdu, frames: &mpsc::Sender<Vec<u8>>) -> After {
    let stage = &house.desk.stage;
    let strike = locked(&stage.faults).strike("SMPP", PATH);
    pause(strike.delay_before).await;
    let carries_out = strike.blow.is_none_or(|blow| match blow.kind {
        FaultKind::DropBefore => false,
        FaultKind::DropAfterAccept | FaultKind::Malformed => true,
        FaultKind::Delay | FaultKind::Status | FaultKind::Reset => blow.after_accept,
    });
    let taken = carries_out.then(|| submit::take(house, &pdu.body));
    pause(strike.delay_after).await;
    let (status, body) = match &taken {
        Some(Ok(id)) => (0, format!("{id}\0").into_bytes()),
        Some(Err(status)) => (*status, Vec::new()),
        None => (SYSTEM_ERROR, Vec::new()),
    };
    let answer = |status, body: &[u8]| frame(SUBMIT_SM | ANSWER, status, pdu.sequence, body);
    let (said, after, told) = match strike.blow {
        None => (
            answer(status, &body),
            After::GoesOn,
            format!("0x{status:02X}"),
        ),
        Some(blow) => match blow.kind {
            FaultKind::Status => {
                let status = if blow.status == 429 {
                    THROTTLED
                } else {
                    SYSTEM_ERROR
                };
                let told = format!("0x{status:02X}");
                (answer(status, b""), After::GoesOn, told)
            }
            FaultKind::Malformed | FaultKind::Delay => {
                let whole = answer(status, &body);
                (
                    whole[..whole.len() / 2].to_vec(),
                    After::Ends,
                    CUT.to_owned(),
                )
            }
            FaultKind::DropBefore | FaultKind::DropAfterAccept | FaultKind::Reset => {
                (Vec::new(), After::Ends, CUT.to_owned())
            }
        },
    };
    let call = Call {
        at: stage.clock.now().to_string(),
        method: "SMPP".to_owned(),
        path: PATH.to_owned(),
        status: told,
    };
    locked(&stage.calls).record("SMPP /submit_sm", call);
    let _ = frames.send(said).await;
    after
}

async fn pause(duration: Duration) {
    if !duration.is_zero() {
        tokio::time::sleep(duration).await;
    }
}
