//! When to kill: at a moment of chance, or while something in particular is under way.

use std::time::Duration;

use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

/// A load that does nothing of the kind for so long is killed all the same.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a kill can fall into, as it is seen from outside of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Moment {
    /// A tool that only reads was reached, and has not answered yet.
    ReadCall,
    /// The same of one that may be called again.
    IdempotentCall,
    /// The same of one that may not.
    UnsafeCall,
    /// A message is sent whose sender waits for what comes of it.
    Wait,
    /// A call is about to be allowed.
    Approval,
    /// A call is about to be denied.
    Denial,
    /// A client is about to send its own tool's answer.
    ClientResult,
    /// A turn is about to be interrupted.
    Interrupt,
    /// A turn begins that its budget will stop.
    BudgetStop,
    /// A budget that stopped a session is about to be raised.
    Raise,
}

impl Moment {
    pub(super) const ALL: [Moment; 10] = [
        Moment::ReadCall,
        Moment::IdempotentCall,
        Moment::UnsafeCall,
        Moment::Wait,
        Moment::Approval,
        Moment::Denial,
        Moment::ClientResult,
        Moment::Interrupt,
        Moment::BudgetStop,
        Moment::Raise,
    ];

    /// For how long it lasts, about.
    fn length(self) -> Duration {
        Duration::from_millis(match self {
            Moment::ReadCall | Moment::IdempotentCall | Moment::UnsafeCall | Moment::Interrupt => 15,
            Moment::Approval | Moment::Denial | Moment::ClientResult | Moment::Raise => 25,
            Moment::Wait | Moment::BudgetStop => 80,
        })
    }
}

/// When a round's kill comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aim {
    /// So long after the load began.
    After(Duration),
    /// While this is under way for the time of this number, and so far into it.
    Into { moment: Moment, number: usize, by: Duration },
}

impl Aim {
    /// From right after the start to well into the load, a different moment each round; every
    /// other one aimed.
    pub(super) fn of(round: usize) -> Aim {
        if round.is_multiple_of(2) {
            return Aim::After(Duration::from_millis(30 + (round as u64 * 97) % 700));
        }
        let aimed = round / 2;
        let (moment, again) = (Moment::ALL[aimed % Moment::ALL.len()], aimed / Moment::ALL.len());
        let eighths = (aimed * 3 + again) as u32 % 8;
        Aim::Into { moment, number: again % 3, by: moment.length() * eighths / 8 }
    }

    /// Waits for it; the moment that was met, if one was aimed at.
    pub(super) async fn wait(self, mut seen: Receiver<Moment>) -> Option<Moment> {
        let (moment, number, by) = match self {
            Aim::After(time) => {
                tokio::time::sleep(time).await;
                return None;
            }
            Aim::Into { moment, number, by } => (moment, number, by),
        };
        let met = async {
            let mut before = number;
            loop {
                match seen.recv().await {
                    Ok(seen) if seen != moment => {}
                    Ok(_) if before == 0 => return true,
                    Ok(_) => before -= 1,
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return false,
                }
            }
        };
        if !tokio::time::timeout(PATIENCE, met).await.unwrap_or(false) {
            return None;
        }
        tokio::time::sleep(by).await;
        Some(moment)
    }
}

mod tests {
    use super::*;

    #[test]
    fn a_small_battery_aims_at_everything() {
        let aimed =
            |moment| (0..50).any(|round| matches!(Aim::of(round), Aim::Into { moment: at, .. } if at == moment));
        for moment in Moment::ALL {
            assert!(aimed(moment), "{moment:?}");
        }
    }
}
