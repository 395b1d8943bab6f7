//! What the tools of the demo answer. None of them calls anybody.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use domain::tool::ToolOutcome;
use ports::{Clock, ToolRun, ToolRunner};
use serde_json::{Value, json};

use crate::chance::Chance;
use crate::clock::DemoClock;
use crate::world::World;

pub(crate) struct Workshop {
    clock: Arc<DemoClock>,
    world: Arc<World>,
}

impl Workshop {
    pub(crate) fn new(clock: Arc<DemoClock>, world: Arc<World>) -> Self {
        Self { clock, world }
    }

    fn answer(&self, name: &str, input: &Value) -> Option<Value> {
        let text = |field: &str| input.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
        Some(match name {
            "find_order" => order(&text("order")),
            "refund_order" => json!({ "refund": "rf_20417", "order": text("order"), "state": "booked" }),
            "search_logs" => logs(&text("query")),
            "list_instances" => instances(&text("service")),
            "restart_instance" => json!({ "instance": text("instance"), "state": "healthy", "took_ms": 5_140 }),
            "list_merged" => merged(),
            "read_settlement" => json!({
                "day": text("day"), "captured": 1_284, "settled": 1_281, "open": ["pay_9f31", "pay_9f58", "pay_a002"],
                "volume": "EUR 96,418.20"
            }),
            "open_ticket" => json!({ "ticket": "OPS-2291", "url": "https://tickets.kestrel.example/OPS-2291" }),
            "roll_back" => {
                // Whatever went wrong came with what is taken back.
                self.world.is_mended(self.clock.now());
                json!({ "service": text("service"), "state": "rolled_back", "took_s": 41 })
            }
            _ => return None,
        })
    }
}

#[async_trait]
impl ToolRunner for Workshop {
    async fn run(&self, call: ToolRun) -> ToolOutcome {
        let http = &call.tool.http;
        let mut chance =
            Chance::new(http.name.bytes().map(u64::from).sum::<u64>() + call.input.to_string().len() as u64);
        self.clock.pass(Duration::from_millis(180 + chance.below(1_600))).await;
        match self.answer(&http.name, &call.input) {
            Some(answer) => ToolOutcome::Answered { content: answer.to_string(), is_error: false },
            None => ToolOutcome::NotReached("the demo calls nobody: only its own tools answer here".to_owned()),
        }
    }
}

fn order(order: &str) -> Value {
    json!({
        "order": order,
        "state": "shipped",
        "placed": "Monday",
        "items": [
            { "sku": "KO-TENT-2P", "name": "Ridgeline tent, two people", "quantity": 1, "price": "EUR 289.00" },
            { "sku": "KO-MUG-E", "name": "Enamel mug", "quantity": 2, "price": "EUR 14.50" },
        ],
        "carrier": { "name": "Nordpost", "tracking": "NP88412907", "last_seen": "Sorting centre Leipzig, 06:12" },
        "expected": "tomorrow",
    })
}

fn logs(query: &str) -> Value {
    json!({
        "query": query,
        "matched": 1_847,
        "lines": [
            "checkout-7d9f-2 ERROR inventory.reserve: lock wait timeout on stock_levels after 2000 ms",
            "checkout-7d9f-1 ERROR inventory.reserve: lock wait timeout on stock_levels after 2000 ms",
            "checkout-7d9f-2 WARN  cart.price: cache miss rate 0.91 over 60 s",
        ],
    })
}

fn instances(service: &str) -> Value {
    let instance = |number: u32, state: &str, uptime: &str, memory: u32| {
        let name = format!("{service}-7d9f-{number}");
        json!({ "name": name, "state": state, "uptime": uptime, "memory_percent": memory })
    };
    json!({
        "service": service,
        "instances": [
            instance(1, "healthy", "6d 4h", 61),
            instance(2, "failing health checks", "6d 4h", 97),
            instance(3, "healthy", "6d 4h", 58),
            instance(4, "healthy", "2h", 44),
        ],
    })
}

fn merged() -> Value {
    let change = |number: u32, title: &str, author: &str| json!({ "number": number, "title": title, "author": author });
    json!({
        "merged": [
            change(1_871, "Reserve stock when an order is placed, not when it is paid", "lena"),
            change(1_874, "Show delivery days per country", "ravi"),
            change(1_879, "Cache prices for a minute", "lena"),
            change(1_880, "Fix the contrast of disabled buttons", "tom"),
            change(1_882, "Upgrade the payment terminal library to 4.2", "ravi"),
        ],
    })
}
