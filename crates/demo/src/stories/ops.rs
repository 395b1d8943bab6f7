//! Stories of those who look after what runs.

use domain::model::FaultKind;

use crate::script::{Story, calls, fails, says};

/// Long enough to be under way while somebody looks.
const REPORT: &str = "\n\n### What slowed it down\n\nAll slow calls end in `inventory.reserve`. Since the release of \
    this morning, stock is reserved when an order is *placed*, and the reservation waits for a row lock on \
    `stock_levels`:\n\n\
    ```\nlock wait timeout on stock_levels after 2000 ms   (1,847 times in the last hour)\n```\n\nTwo things come \
    together. The lock is now held for the whole of the order, where it used to be held for a single update; and \
    prices are cached for a minute only, so that each order reads the same rows again.\n\n### What I would do\n\n1. \
    Reserve stock in a transaction of its own, and release the lock before prices are read.\n2. Until that is out, \
    set the price cache to ten minutes: it halves the reads, and no price changes that often.\n3. Add a signal for \
    lock waits. It would have shown this within the first look after the release.\n\n### What I looked at\n\n- the \
    latency of checkout, search and payments over the last two hours, minute by minute;\n- the logs of all four \
    instances of checkout;\n- the five changes that went out today.\n\nSearch and payments are as they were last \
    week at this time. The number of orders is down by four in a hundred, which is within what a rainy evening does, \
    and not yet a reason to call anybody.";

pub(super) static ALL: &[Story] = &[
    Story {
        to: &["Write the report", "checkout"],
        turns: &[
            calls(&[
                ("search_logs", r#"{"service":"checkout","query":"level:error last:1h"}"#),
                ("list_merged", r#"{"repository":"kestrel/storefront","since":"today"}"#),
            ])
            .thinking(
                "Latency rose after this morning's release. I need the errors of the last hour and what went out \
                 today, and can ask for both at once.",
            ),
            calls(&[("list_instances", r#"{"service":"checkout"}"#)])
                .saying("The errors all point to one place. I look at the instances before I write that down."),
            says(
                "## Checkout, the last two hours\n\nThe slowest hundredth of all calls went from **180 ms** to **410 \
                 ms** after the release of this morning. Nothing fails for good: calls wait, are made again, and \
                 come through.",
            )
            .going_on(REPORT),
        ],
    },
    Story {
        to: &["release notes"],
        turns: &[
            calls(&[("list_merged", r#"{"repository":"kestrel/storefront","since":"yesterday"}"#)]),
            says(
                "## What is new\n\n- **Delivery days** are shown for each country before you pay.\n- Stock is \
                 reserved as soon as an order is placed, so that nothing sells out in your basket.\n- Disabled \
                 buttons can be read by everyone.\n\n*For those who run it*: prices are cached for a minute (#1879), \
                 and the payment terminal library is at 4.2 (#1882), which wants `TERMINAL_TIMEOUT` in seconds.",
            ),
        ],
    },
    Story {
        to: &["changelog", "partners"],
        turns: &[
            calls(&[("list_merged", r#"{"repository":"kestrel/storefront","since":"yesterday"}"#)])
                .thinking("Partners read the public part only. I go through the list and then write."),
            says("### For partners\n\nTwo changes of this release concern the interfaces that you use.\n").going_on(
                "\n- `GET /delivery` answers with `days` for each country. The old field `estimate` stays until the \
                 end of the year.\n- `POST /orders` may answer **409** when the last piece was reserved by somebody \
                 else a moment before. Ask for the stock again and tell your customer; do not repeat the order \
                 blindly.\n\n\
                 Nothing else that you can see has changed. The next release is planned for Thursday; whoever wants \
                 to try it before finds it on the test system from Tuesday on.\n\nQuestions go to \
                 partners@kestrel.example, where somebody reads them on every working day. If you call more than 100 \
                 times a minute, please write to us first: we raise the limit gladly, and would like to know what for.",
            ),
        ],
    },
    Story {
        to: &["Look at checkout"],
        turns: &[
            calls(&[("list_instances", r#"{"service":"checkout"}"#)]),
            calls(&[("restart_instance", r#"{"service":"checkout","instance":"checkout-7d9f-2"}"#)])
                .thinking(
                    "Three of four are well. The second is at 97 % of its memory and no longer answers its health \
                     check; it has been up for six days. A restart is the usual remedy, and needs somebody's word.",
                )
                .saying(
                    "One of four instances, `checkout-7d9f-2`, fails its health check at 97 % of its memory. I would \
                     restart that one; the other three carry the load meanwhile.",
                ),
            says(
                "`checkout-7d9f-2` is healthy again after 5 s, at 38 % of its memory. It grew by about 10 % a day, \
                so it will be back in a week: worth a ticket.",
            ),
        ],
    },
    Story {
        to: &["settlement of yesterday"],
        turns: &[
            calls(&[("read_settlement", r#"{"day":"yesterday"}"#)]),
            says(
                "**1,281 of 1,284** payments of yesterday are settled, EUR 96,418.20 in all.\n\n| open | since | \
                 likely cause |\n|---|---|---|\n| `pay_9f31` | 09:12 | 3-D Secure not finished |\n| `pay_9f58` | \
                 17:40 | bank asks again |\n| `pay_a002` | 23:58 | captured after the cut-off |\n\nNone of them is \
                 older than a day, so nothing is to be done.",
            ),
        ],
    },
    Story {
        to: &["alert", "declined"],
        turns: &[
            calls(&[("search_logs", r#"{"service":"payments","query":"declined last:30m"}"#)]).thinking(
                "Declined payments rose for a few minutes. The question is whether one bank declines or \
                    all do.",
            ),
            calls(&[("open_ticket", r#"{"title":"Declined payments of one bank, 14:05 to 14:20","team":"payments"}"#)]),
            says(
                "For fifteen minutes one bank declined all cards (`do_not_honor`), the others as always. It was over \
                 before I looked. I opened **OPS-2291** so that somebody asks the bank; nothing of ours changed in \
                 that time.",
            ),
        ],
    },
    Story {
        to: &["slowest queries"],
        turns: &[fails(
            FaultKind::Rejected,
            "the provider refused the request (400): the image in the message is larger than 20 MB",
        )],
    },
    Story {
        to: &["every log line", "quarter"],
        turns: &[
            calls(&[("search_logs", r#"{"service":"checkout","query":"from:-90d"}"#)])
                .thinking("That is a lot of lines. I begin with checkout and go on service by service."),
            calls(&[("search_logs", r#"{"service":"payments","query":"from:-90d"}"#)]),
            calls(&[("search_logs", r#"{"service":"search","query":"from:-90d"}"#)]),
            calls(&[("search_logs", r#"{"service":"inventory","query":"from:-90d"}"#)]),
            says("Here is the quarter in four tables."),
        ],
    },
    Story {
        to: &["What can you do"],
        turns: &[says(
            "I answer questions about this demo, from what was written down for me. Try *Where is order 51234?* with \
             the agent **support**, or *Look at checkout* with **operator**, which will ask for your word before it \
             restarts anything.",
        )],
    },
];
