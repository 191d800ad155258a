//! A provider that refuses somebody because they have stopped our messages
//! there tells of a refusal: it is recorded as if they had written it to us.

use connectors::{Connector, Outcome, Stop};
use domain::ids::{ConnectorId, MessageRef};

use super::send::{SETTLE_PAUSE, SETTLE_TRIES};
use crate::Engine;
use crate::error::EngineError;

/// The people of a request who have stopped messages, as its answer tells.
pub(super) fn stops(
    connector: &dyn Connector,
    messages: &[MessageRef],
    outcome: &Outcome,
) -> Vec<Stop> {
    let stop = |message: MessageRef, code: &str| {
        connector.is_opt_out(code).then(|| Stop {
            message,
            by: code.to_owned(),
            at: None,
        })
    };
    match (outcome, messages) {
        (Outcome::Refused { code, .. }, [only]) => stop(*only, code).into_iter().collect(),
        (Outcome::Accepted { refused, .. }, _) => refused
            .iter()
            .filter_map(|refusal| stop(refusal.message, &refusal.code))
            .collect(),
        _ => Vec::new(),
    }
}

impl Engine {
    /// Records what the answers of requests tell of people who stopped
    /// messages, before the requests are settled: after a crash in between the
    /// refusal stands, whatever becomes of the request.
    pub(super) async fn take_stops(
        &self,
        connector: ConnectorId,
        stops: &[Stop],
    ) -> Result<(), EngineError> {
        let mut tries = 0;
        loop {
            tries += 1;
            match self.try_take_stops(connector, stops).await {
                Ok(()) => {
                    self.wake.registry.notify_waiters();
                    return Ok(());
                }
                Err(error) if error.is_passing() && tries < SETTLE_TRIES => {
                    tokio::time::sleep(SETTLE_PAUSE).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn try_take_stops(
        &self,
        connector: ConnectorId,
        stops: &[Stop],
    ) -> Result<(), EngineError> {
        let mut writer = self.store.write().await?;
        let mailbox = self.mailbox(&mut writer, connector).await?;
        for stop in stops {
            self.take_stop(&mut writer, &mailbox, stop).await?;
        }
        writer.commit().await?;
        Ok(())
    }
}
