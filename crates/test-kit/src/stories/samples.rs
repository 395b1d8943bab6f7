//! Samples of signals: kept by what is asked, for eight days.

use domain::Timestamp;
use domain::change::{Change, ChangeSet};
use domain::deployment::{RolloutMonitor, Trigger};
use domain::monitor::{MonitorSpec, SAMPLES_KEPT_FOR, SampledSource, Samples, Signal, Source, SourceDigest};
use serde_json::json;

use super::deployments::deployment;
use super::stage::{now, tool};
use super::{Stage, Tenant};

const ONE: SourceDigest = SourceDigest([1; 32]);
const OTHER: SourceDigest = SourceDigest([2; 32]);

fn minute(n: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + 60 * n).unwrap()
}

fn samples(n: i64, values: impl IntoIterator<Item = (SourceDigest, f64)>) -> Change {
    Change::KeepSamples(Samples { at: minute(n), values: values.into_iter().collect() })
}

pub async fn what_a_source_gave_is_kept_by_what_it_was_asked(stage: Stage) {
    let (ours, theirs) = (&stage.ours, &stage.theirs);
    for n in 0..10 {
        ours.commit([samples(n, [(ONE, n as f64), (OTHER, 0.5)])]).await;
    }
    theirs.commit([samples(3, [(ONE, 100.0)])]).await;
    ours.commit([samples(3, [(ONE, 99.0), (OTHER, f64::NAN)])]).await;
    let stage = stage.reopen().await;
    let listed = async |digest, from, until| {
        let listed = stage.ours.store.list_samples(digest, minute(from)..minute(until)).await.unwrap();
        listed.iter().map(|sample| (sample.at, sample.value)).collect::<Vec<_>>()
    };
    let expected: Vec<_> = (3..6).map(|n| (minute(n), n as f64)).collect();
    assert_eq!(listed(ONE, 3, 6).await, expected, "the first number of a second stays");
    assert_eq!(listed(OTHER, -100, 100).await.len(), 10);
    assert_eq!(listed(SourceDigest([3; 32]), -100, 100).await, []);
    let all = Timestamp::MIN..Timestamp::MAX;
    let of_theirs = stage.theirs.store.list_samples(ONE, all).await.unwrap();
    assert_eq!(of_theirs.iter().map(|sample| sample.value).collect::<Vec<_>>(), [100.0]);
}

pub async fn old_samples_are_let_go_of_and_so_is_what_nobody_asks_any_more(stage: Stage) {
    let ours = &stage.ours;
    let days = |days: i64| days * 24 * 60;
    for n in 0..20 {
        ours.commit([samples(n, [(ONE, 1.0), (OTHER, 1.0)])]).await;
    }
    let kept = SAMPLES_KEPT_FOR.as_secs() / 60;
    // As many at a time as are added, and more.
    for n in 0..5 {
        ours.commit([samples(kept + 10 + n, [(ONE, 2.0)])]).await;
    }
    let all = async |digest| ours.store.list_samples(digest, Timestamp::MIN..Timestamp::MAX).await.unwrap();
    let young = all(ONE).await;
    assert!(young.iter().all(|sample| sample.at >= minute(kept + 14) - SAMPLES_KEPT_FOR), "{young:?}");
    assert_eq!(young.len(), 6 + 5);
    assert_eq!(all(OTHER).await.len(), 20, "nobody has asked it since, and it is not old");
    for n in 0..3 {
        stage.theirs.commit([samples(days(20) + n, [(ONE, 3.0)])]).await;
    }
    assert_eq!(all(OTHER).await, [], "whoever keeps samples clears some of others away");
}

pub async fn what_is_older_goes_in_bites_whosever_it_is(stage: Stage) {
    for n in 0..300 {
        stage.ours.commit([samples(n, [(ONE, 1.0), (OTHER, 1.0)])]).await;
    }
    stage.theirs.commit([samples(5, [(ONE, 1.0)]), samples(295, [(ONE, 1.0)])]).await;
    let forget = async |before| {
        let mut bites = 1;
        loop {
            match stage.store.forget_samples(before).await.unwrap() {
                Some(left) if left < before => bites += 1,
                left => return (left, bites),
            }
        }
    };
    let kept = async |of: &Tenant, digest| {
        let all = of.store.list_samples(digest, Timestamp::MIN..Timestamp::MAX).await.unwrap();
        all.iter().map(|sample| sample.at).collect::<Vec<_>>()
    };
    assert_eq!(forget(minute(0)).await, (Some(minute(0)), 1), "nothing is older");
    let (left, bites) = forget(minute(298)).await;
    assert!(left == Some(minute(298)) && bites > 1, "{left:?} after {bites}");
    for digest in [ONE, OTHER] {
        assert_eq!(kept(&stage.ours, digest).await, [minute(298), minute(299)]);
    }
    assert_eq!(kept(&stage.theirs, ONE).await, []);
    assert_eq!(forget(minute(900)).await, (None, 1));
    assert_eq!(kept(&stage.ours, ONE).await, []);
}

pub async fn it_is_known_what_is_sampled_and_told_when_that_changes(stage: Stage) {
    let source = |value| serde_json::from_value::<Source>(value).unwrap();
    let http = source(json!({ "kind": "http", "url": "https://shop.example/health" }));
    let depth = source(json!({ "kind": "tool", "tool": "depth", "path": "$" }));
    let query = source(json!({ "kind": "prometheus", "url": "https://metrics.example", "query": "up" }));
    let watching = |of: &Tenant, sources: &[&Source]| {
        let signal = |source: &&Source| Signal {
            name: source.kind().into(),
            measure: Default::default(),
            source: Source::clone(source),
        };
        let signals = sources.iter().map(signal).collect();
        let monitor = MonitorSpec { sample_every: 30, signals, ..MonitorSpec::default() };
        deployment(of, Trigger::RolloutMonitor(RolloutMonitor { project: None, monitor }))
    };
    let of = |tenant: &Tenant, source: &Source| SampledSource {
        org: tenant.org,
        project: tenant.project.id,
        source: source.clone(),
        every: 30,
    };
    let orgs = async |stage: &Stage| stage.store.sampled_orgs(None, 10).await.unwrap();
    assert_eq!(orgs(&stage).await, []);
    let mut monitors = stage.feed.watch_monitors();
    let (ours, theirs) = (&stage.ours, &stage.theirs);
    let first = watching(ours, &[&query, &http, &depth]);
    ours.commit([Change::InsertDeployment(Box::new(first.clone()))]).await;
    assert_eq!(monitors.try_recv(), Ok(ours.org));
    for more in [watching(theirs, &[&http]), watching(theirs, &[&query])] {
        theirs.commit([Change::InsertDeployment(Box::new(more))]).await;
        assert_eq!(monitors.try_recv(), Ok(theirs.org), "its own and no other");
    }
    let mut both = [ours.org, theirs.org];
    both.sort();
    let stage = stage.reopen().await;
    let (ours, theirs) = (&stage.ours, &stage.theirs);
    assert_eq!(orgs(&stage).await, both);
    assert_eq!(stage.store.sampled_orgs(None, 1).await.unwrap(), both[..1]);
    assert_eq!(stage.store.sampled_orgs(Some(both[0]), 1).await.unwrap(), both[1..], "behind it is the next one");
    assert_eq!(stage.store.sampled_orgs(Some(both[1]), 1).await.unwrap(), []);
    let expected = [of(ours, &http), of(ours, &depth)];
    assert_eq!(ours.store.sampled_sources().await.unwrap(), expected);
    assert_eq!(theirs.store.sampled_sources().await.unwrap(), [of(theirs, &http)]);

    let (paused, changes) = first.pause(now()).unwrap();
    ours.store.commit(changes).await.unwrap();
    assert_eq!(monitors.try_recv(), Ok(ours.org));
    assert_eq!(ours.store.sampled_sources().await.unwrap(), expected, "what it watches goes on");
    let (_, changes) = paused.archive(now());
    ours.store.commit(changes).await.unwrap();
    assert_eq!(monitors.try_recv(), Ok(ours.org));
    assert_eq!(ours.store.sampled_sources().await.unwrap(), []);
    assert_eq!(orgs(&stage).await, [theirs.org]);

    theirs.refusal(ChangeSet::of([Change::PutDeployment(Box::new(watching(ours, &[&http])))])).await;
    ours.commit([Change::InsertTool(tool(ours.project.id, "other"))]).await;
    assert!(monitors.is_empty(), "nothing of it changed");
}
