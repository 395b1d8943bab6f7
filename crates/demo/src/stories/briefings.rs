//! What the investigator says of rollouts.

use crate::script::{Story, calls, says};

/// The words of a briefing at a look that showed something worse, and at the end of a watch.
const WORSE: &str = "worse than before. Explain";
const OVER: &str = "is watched no more. The finding, by rule, is";

pub(super) static ALL: &[Story] = &[
    Story {
        to: &[WORSE, "Checkout latency", r#""level":"critical""#],
        turns: &[
            calls(&[
                ("read_signal", r#"{"signal":"Checkout latency p99","minutes":30}"#),
                ("read_signal", r#"{"signal":"Orders a minute","minutes":30}"#),
            ])
            .thinking(
                "The latency of checkout is far above what it was a week ago. If orders are lost as well it is \
                 urgent: I read both.",
            ),
            says(
                "**Checkout got slower within a minute of this rollout, and nothing else did.** The slowest \
                 hundredth of its calls takes about 2.6 times what it took a week ago at this hour; the number of \
                 orders has not fallen yet.\n\n*Likely*: the commit reserves stock while an order is placed, and \
                 holds a lock on `stock_levels` for as long. The time fits, the place fits, and no other change went \
                 out.\n\n*Next*: take it back. The change can go out again once the reservation has a transaction of \
                 its own.",
            ),
        ],
    },
    Story {
        to: &[WORSE, "Declined payments"],
        turns: &[
            calls(&[("read_signal", r#"{"signal":"Declined payments","minutes":30}"#)]),
            says(
                "**More payments are declined than a week ago**: about one and a half times as many, from the first \
                 look on. Latency is as it was.\n\n*Suspected*, not known: the commit raises the version of the \
                 terminal library, whose timeouts are now in seconds. A timeout of 30 would then be half a minute \
                 where 30 ms were meant, and banks decline what comes late.\n\n*Next*: compare `TERMINAL_TIMEOUT` on \
                 both sides before the rollout goes on.",
            ),
        ],
    },
    Story {
        to: &[WORSE],
        turns: &[says(
            "Something is worse than it was a week ago, though not by much. It began with the rollout, which makes \
             it a suspect and not yet the cause. I would look again in five minutes before anybody is called.",
        )],
    },
    Story {
        to: &[OVER, "healthy"],
        turns: &[says(
            "The rollout went through, and nothing that is measured got worse: latency, errors and orders are where \
             they were a week ago at this hour. Nothing is left to do.",
        )],
    },
    Story {
        to: &[OVER, "anomalies_remain"],
        turns: &[says(
            "The rollout is through, but one signal has not come back to what it was. It is not getting worse. \
             Somebody should look at it in the morning, with the numbers of this session at hand.",
        )],
    },
    Story {
        to: &[OVER, "deployment_failed"],
        turns: &[says(
            "The pipeline gave up before anything reached production: the migration waited for a lock and was cut \
             off. What runs is what ran before, and the signals show no harm. It can be tried again when the nightly \
             export is over.",
        )],
    },
    Story {
        to: &[OVER],
        turns: &[says(
            "The watch is over. What was measured is above; what could not be measured is named there too. Whoever \
             goes on should begin with the signals that had no data.",
        )],
    },
];
