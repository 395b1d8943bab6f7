//! Stories of those who speak with customers.

use crate::script::{Story, Turn, calls, says};

const FIND: Turn = calls(&[("find_order", r#"{"order":"{n}"}"#)]);

pub(super) static ALL: &[Story] = &[
    Story {
        to: &["Where is order"],
        turns: &[
            FIND.thinking("The customer wants to know where their parcel is. The order tells its carrier."),
            says(
                "Order **{n}** left our house on Monday and is with Nordpost under `NP88412907`. This morning at \
                 06:12 it was in the sorting centre in Leipzig, so it should be with you **tomorrow**.\n\nIf it has \
                 not come by then, write again and we send another one.",
            ),
        ],
    },
    Story {
        to: &["change the address", "order"],
        turns: &[
            FIND,
            says(
                "Order **{n}** is with the carrier already, and we cannot change its address any more. Two things \
                 work instead:\n\n1. Nordpost leaves it with a neighbour or in a parcel shop: choose that with \
                 `NP88412907` on their page.\n2. You refuse it at the door; it comes back to us, and we send it \
                 again at no cost.",
            ),
        ],
    },
    Story {
        to: &["invoice", "order"],
        turns: &[
            FIND,
            says(
                "Here is what the invoice of order **{n}** says:\n\n| item | quantity | price |\n|---|---:|---:|\n| \
                 Ridgeline tent, two people | 1 | EUR 289.00 |\n| Enamel mug | 2 | EUR 29.00 |\n| **Total** | | \
                 **EUR 318.00** |\n\nIt goes to the address of your account within an hour. Invoices without VAT \
                 need your VAT number, which you can add under *Account → Company*.",
            ),
        ],
    },
    Story {
        to: &["How long", "return"],
        turns: &[says(
            "You have **60 days** from the day on which it came. Tents and sleeping bags may have been slept in \
             once; knives and stoves must be unused.[[0]] The label for sending it back is in the parcel, and the \
             money is with you three days after it has come to us.[[0]]",
        )],
    },
    Story {
        to: &["warm", "sleeping bag"],
        turns: &[says(
            "For nights around **−5 °C** take the *Tarn 500*: its comfort limit is −6 °C, at 1,080 g.[[1]] The *Tarn \
             350* is lighter (790 g) but made for +1 °C, and you would need a liner and a good mat.[[1]]\n\nIf you \
             tend to be cold, go by *comfort*, not by *limit*.",
        )],
    },
    Story {
        to: &["mug", "broken"],
        turns: &[
            FIND.thinking(
                "Two enamel mugs are in the order. A broken one is worth EUR 14.50, and that may be given back \
                 without asking for the mug. A refund needs somebody's word.",
            ),
            calls(&[("refund_order", r#"{"order":"{n}","amount":"EUR 14.50","reason":"one enamel mug came broken"}"#)])
                .saying("I am sorry about the mug. I have asked for **EUR 14.50** to be given back for it."),
            says(
                "The refund of **EUR 14.50** for order **{n}** is booked (`rf_20417`) and will be on your account \
                 within three days. Please keep the other mug, and throw the broken one away safely.",
            ),
        ],
    },
    Story {
        to: &["tent", "torn"],
        turns: &[
            FIND.thinking(
                "A torn seam after one night is a fault of ours. The tent cost EUR 289.00, which is above what I may \
                 give back by myself: a person has to say yes.",
            ),
            calls(&[(
                "refund_order",
                r#"{"order":"{n}","amount":"EUR 289.00","reason":"seam of the tent torn after one night"}"#,
            )])
            .saying(
                "That should not happen after one night. I would give the whole price back; one of us has to say yes \
                 to that first.",
            ),
            says(
                "The refund of **EUR 289.00** for order **{n}** is booked (`rf_20417`). The label to send the tent \
                 back is on its way to you.",
            ),
        ],
    },
    Story {
        to: &["shelf", "Ridgeline"],
        turns: &[
            calls(&[("scan_shelf", r#"{"shelf":"B-14","sku":"KO-TENT-2P"}"#)])
                .thinking("The stock list says 12, the last count said 9. Somebody has to look at the shelf.")
                .saying("The list says **12** and the last count **9**. Please scan shelf **B-14**."),
            says("Thank you: 9 it is. I have put the stock of `KO-TENT-2P` right."),
        ],
    },
    Story {
        to: &["review", "reviews of this week"],
        turns: &[says(
            "### Reviews of the week\n\n**212 reviews**, 4.4 of 5 on average (last week 4.3).\n\n- *Praised*: \
             delivery (61), the new size guide (24), the repair service (17).\n- *Complained of*: zips of the *Fell* \
             jacket (9, all from the batch of September), a slow checkout on Thursday evening (6).\n- *Asked for*: a \
             lighter cook set, shipping to Norway.\n\nThe zips are new. I would stop the sale of that batch until \
             somebody has looked at it.",
        )],
    },
];
