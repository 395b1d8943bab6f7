use super::*;
use crate::approval::EXPIRES_AFTER_DEFAULT;
use crate::approval::rule::tests::{rollout as reported, spec};
use crate::id::EventId;
use jiff::tz::TimeZone;
use proptest::prelude::*;
use serde_json::json;
use uuid::Uuid;

fn member(n: u128) -> MemberId {
    MemberId(Uuid::from_u128(n))
}

fn rule(n: u128, spec: RuleSpec) -> ApprovalRule {
    let at = Timestamp::UNIX_EPOCH;
    ApprovalRule { id: ApprovalRuleId(Uuid::from_u128(n)), spec, version: 0, created_at: at, updated_at: at }
}

fn at(second: i64) -> Zoned {
    Timestamp::from_second(second).unwrap().to_zoned(TimeZone::UTC)
}

/// Asks two of admins 1 to 9, by the name of the rule that is on `main`.
fn two_on_main() -> ApprovalRule {
    rule(1, RuleSpec { name: "two".into(), branches: vec!["main".into()], min_count: 2, ..spec() })
}

fn one() -> ApprovalRule {
    rule(2, RuleSpec { name: "one".into(), ..spec() })
}

fn with(status: RolloutStatus, commit: Option<&str>, of: &Rollout) -> Rollout {
    let mut next = Rollout { status, ..of.clone() };
    if let Some(commit) = commit {
        next.details.commit = Some(commit.into());
    }
    next
}

fn pending(commit: Option<&str>) -> Rollout {
    with(RolloutStatus::Pending, commit, &reported(1, Some("main"), &json!({})))
}

/// A pending rollout of commit `a`, reported by member 100, that these rules were asked about.
fn asked(rules: &[ApprovalRule]) -> Rollout {
    let mut rollout = pending(Some("a"));
    rollout.reported_by(Some(member(100)));
    rollout.considered(None, rules, &at(0)).rollout
}

fn says(n: u128, verdict: Verdict) -> Decision {
    let reason = Some("because".to_owned());
    Decision { member: member(n), name: format!("member {n}"), role: Role::Admin, verdict, reason, asked_at: None }
}

fn approves(rollout: Rollout, n: u128) -> Rollout {
    rollout.decided(says(n, Verdict::Approve), at(1).timestamp()).unwrap().rollout
}

fn actions(considered: &Considered) -> Vec<Action> {
    considered.acts.iter().map(|act| act.action).collect()
}

fn outcomes(considered: &Considered) -> Vec<&str> {
    let word = |body: &EventBody| match body {
        EventBody::ApprovalRequested { .. } => "requested",
        EventBody::ApprovalDecided { outcome: Outcome::Approved { .. }, .. } => "approved",
        EventBody::ApprovalDecided { outcome: Outcome::Rejected { .. }, .. } => "rejected",
        EventBody::ApprovalDecided { outcome: Outcome::Expired, .. } => "expired",
        EventBody::ApprovalDecided { outcome: Outcome::Void { cause }, .. } => cause.as_str(),
        other => panic!("{other:?}"),
    };
    considered.told.iter().map(word).collect()
}

#[test]
fn a_pending_report_that_a_rule_means_is_asked_about() {
    let considered = pending(Some("a")).considered(None, &[one(), two_on_main()], &at(0));
    assert_eq!((considered.rollout.state(), outcomes(&considered)), ("pending_approval", vec!["requested"]));
    let approval = considered.rollout.approval.as_ref().unwrap();
    assert_eq!((approval.asks.len(), approval.commit.as_deref()), (2, Some("a")));
    assert_eq!(approval.expires_at, at(i64::from(EXPIRES_AFTER_DEFAULT)).timestamp());
    for (status, rules) in [(RolloutStatus::Running, vec![one()]), (RolloutStatus::Pending, vec![])] {
        let considered = with(status, None, &pending(None)).considered(None, &rules, &at(0));
        assert!(considered.is_nothing() && considered.rollout.approval.is_none(), "{status:?}");
        assert_eq!(considered.rollout.state(), status.as_str());
    }
}

#[test]
fn enough_different_people_approve_and_nobody_their_own() {
    let rollout = asked(&[two_on_main(), one()]);
    assert_eq!(rollout.clone().decided(says(100, Verdict::Approve), at(1).timestamp()), Err(DecisionRefusal::Own));
    let stranger = Decision { role: Role::Member, ..says(5, Verdict::Reject) };
    assert_eq!(rollout.clone().decided(stranger, at(1).timestamp()), Err(DecisionRefusal::NotAnApprover));
    let rollout = approves(rollout, 1);
    assert_eq!((rollout.state(), rollout.votes_needed()), ("pending_approval", 1));
    assert_eq!(rollout.clone().decided(says(1, Verdict::Approve), at(2).timestamp()), Err(DecisionRefusal::Twice));
    let rollout = approves(rollout, 2);
    assert_eq!((rollout.state(), rollout.votes_needed()), ("approved", 0));
    for verdict in [Verdict::Approve, Verdict::Reject] {
        let late = rollout.clone().decided(says(3, verdict), at(3).timestamp());
        assert_eq!(late, Err(DecisionRefusal::Decided("approved")));
    }
    let unasked = pending(None).decided(says(1, Verdict::Approve), at(1).timestamp());
    assert_eq!(unasked, Err(DecisionRefusal::NothingAsked));
}

#[test]
fn a_rule_may_let_people_decide_about_their_own() {
    let own = rule(3, RuleSpec { allow_own: true, ..spec() });
    assert_eq!(approves(asked(&[own]), 100).state(), "approved");
}

#[test]
fn who_reports_a_rollout_after_approving_it_does_not_count_any_more() {
    let mut rollout = approves(asked(&[two_on_main()]), 1);
    rollout.reported_by(Some(member(1)));
    assert_eq!(rollout.votes_needed(), 2);
    assert_eq!(approves(rollout, 2).state(), "pending_approval");
}

#[test]
fn a_reject_ends_it_and_a_new_report_asks_anew() {
    let considered = asked(&[two_on_main()]).decided(says(4, Verdict::Reject), at(5).timestamp()).unwrap();
    assert_eq!((outcomes(&considered), actions(&considered)), (vec!["rejected"], vec![Action::RolloutRejected]));
    let rejected = considered.rollout;
    assert_eq!(rejected.state(), "rejected");
    assert_eq!(rejected.approval.as_ref().unwrap().state.reason(), Some("because"));
    // Also when the report is silent about what the rule asked for the first time.
    let mut again = rejected.clone();
    again.details.git_ref = Some("elsewhere".into());
    let considered = again.clone().considered(Some(&rejected), &[two_on_main()], &at(9));
    assert_eq!((considered.rollout.state(), outcomes(&considered)), ("pending_approval", vec!["requested"]));
    assert!(considered.rollout.approval.unwrap().votes.is_empty());
    // A rule that is gone asks nothing.
    assert_eq!(again.considered(Some(&rejected), &[], &at(9)).rollout.state(), "pending");
}

#[test]
fn an_approval_is_of_its_commit() {
    for rollout in [asked(&[one()]), approves(asked(&[one()]), 1)] {
        let next = with(RolloutStatus::Pending, Some("b"), &rollout).considered(Some(&rollout), &[one()], &at(7));
        assert_eq!((next.rollout.state(), outcomes(&next)), ("pending_approval", vec!["commit", "requested"]));
        assert_eq!(actions(&next), [Action::RolloutApprovalVoid]);
        let next = with(RolloutStatus::Pending, Some("b"), &rollout).considered(Some(&rollout), &[], &at(7));
        assert_eq!((next.rollout.state(), outcomes(&next)), ("pending", vec!["commit"]));
        let same = with(RolloutStatus::Pending, None, &rollout).considered(Some(&rollout), &[one()], &at(7));
        assert!(same.is_nothing(), "the same report again");
        assert_eq!(same.rollout, rollout);
        let superseded = rollout.superseded(at(8).timestamp());
        assert_eq!((superseded.rollout.state(), outcomes(&superseded)), ("void", vec!["superseded"]));
    }
}

#[test]
fn a_report_that_other_rules_mean_is_asked_about_anew() {
    let approved = approves(asked(&[one()]), 1);
    let next = approved.clone().considered(Some(&approved), &[one(), two_on_main()], &at(7));
    assert_eq!((next.rollout.state(), outcomes(&next)), ("pending_approval", vec!["report", "requested"]));
}

#[test]
fn a_report_is_judged_by_the_rules_of_its_moment() {
    let approvers = Approvers { members: vec![member(1)], roles: Vec::new() };
    let (approved, open) = (approves(asked(&[one()]), 1), asked(&[one()]));
    for spec in [
        RuleSpec { min_count: 2, ..one().spec },
        RuleSpec { allow_own: true, ..one().spec },
        RuleSpec { approvers, ..one().spec },
    ] {
        for rollout in [&approved, &open] {
            let next = rollout.clone().considered(Some(rollout), &[rule(2, spec.clone())], &at(7));
            assert_eq!((next.rollout.state(), outcomes(&next)), ("pending_approval", vec!["report", "requested"]));
            let ask = &next.rollout.approval.unwrap().asks[0];
            assert_eq!((ask.min_count, ask.allow_own), (spec.min_count, spec.allow_own));
        }
    }
    // What nobody decides by is no other question.
    let renamed = rule(2, RuleSpec { name: "other".into(), expires_after: 60, ..one().spec });
    assert!(approved.clone().considered(Some(&approved), &[renamed], &at(7)).is_nothing());
}

#[test]
fn a_commit_is_itself_in_any_spelling() {
    for status in [RolloutStatus::Pending, RolloutStatus::Running] {
        let approved = approves(asked(&[one()]), 1);
        let next = with(status, Some("A"), &approved).considered(Some(&approved), &[one()], &at(7));
        assert!(next.is_nothing(), "{status:?}: {:?}", actions(&next));
        assert_eq!(next.rollout.approval, approved.approval);
    }
}

#[test]
fn a_decision_is_about_what_was_seen() {
    let first = asked(&[one()]);
    let rejected = first.clone().decided(says(4, Verdict::Reject), at(1).timestamp()).unwrap().rollout;
    let again = rejected.clone().considered(Some(&rejected), &[one()], &at(5)).rollout;
    let decide = |asked_at: Option<i64>, now: i64| {
        let asked_at = asked_at.map(|second| at(second).timestamp());
        let decision = Decision { asked_at, ..says(1, Verdict::Approve) };
        again.clone().decided(decision, at(now).timestamp()).map(|considered| considered.rollout.state())
    };
    assert_eq!(decide(Some(0), 9), Err(DecisionRefusal::AskedAnew), "they saw the first question");
    assert_eq!(decide(None, 4), Err(DecisionRefusal::AskedAnew), "they spoke before the second one");
    assert_eq!((decide(Some(5), 9), decide(None, 5)), (Ok("approved"), Ok("approved")));
}

#[test]
fn what_goes_on_without_approval_is_written_down() {
    use RolloutStatus::{Cancelled, Failure, Running, Success};
    let (open, approved) = (asked(&[one()]), approves(asked(&[one()]), 1));
    let rejected = open.clone().decided(says(1, Verdict::Reject), at(1).timestamp()).unwrap().rollout;
    let (void, without) = (Action::RolloutApprovalVoid, Action::RolloutUnapproved);
    for (rollout, status, commit, expected) in [
        (&open, Running, None, vec![void, without]),
        (&open, Success, None, vec![void, without]),
        (&open, Cancelled, None, vec![void]),
        (&open, Failure, None, vec![void]),
        (&rejected, Running, None, vec![without]),
        (&rejected, Cancelled, None, vec![]),
        (&approved, Running, None, vec![]),
        (&approved, Success, Some("a"), vec![]),
        (&approved, Running, Some("b"), vec![void, without]),
    ] {
        let next = with(status, commit, rollout).considered(Some(rollout), &[one()], &at(3));
        assert_eq!(actions(&next), expected, "{} {status:?}", rollout.state());
        assert_eq!(next.rollout.state(), status.as_str());
        let later = with(Success, None, &next.rollout).considered(Some(&next.rollout), &[one()], &at(4));
        let goes_on_again = matches!(status, Cancelled | Failure);
        assert_eq!(actions(&later), if goes_on_again { vec![without] } else { vec![] }, "it is told once");
    }
}

#[test]
fn an_approval_that_was_used_is_no_approval_of_the_next_time() {
    let approved = approves(asked(&[one()]), 1);
    let done = with(RolloutStatus::Success, None, &approved).considered(Some(&approved), &[one()], &at(3)).rollout;
    let again = with(RolloutStatus::Pending, None, &done).considered(Some(&done), &[one()], &at(4));
    assert_eq!((again.rollout.state(), outcomes(&again)), ("pending_approval", vec!["requested"]));
}

#[test]
fn nobody_decides_when_the_time_is_over() {
    let short = rule(4, RuleSpec { expires_after: 60, ..spec() });
    let rollout = asked(&[one(), short]);
    assert_eq!(rollout.approval_due(), Some(at(60).timestamp()));
    assert_eq!(rollout.clone().expired(at(59).timestamp()), None);
    let late = rollout.clone().decided(says(1, Verdict::Approve), at(60).timestamp());
    assert_eq!(late, Err(DecisionRefusal::Decided("expired")));
    let expired = rollout.expired(at(60).timestamp()).unwrap();
    assert_eq!((expired.rollout.state(), outcomes(&expired)), ("rejected", vec!["expired"]));
    assert_eq!(expired.rollout.approval.as_ref().unwrap().state.reason(), Some("expired"));
    assert_eq!(expired.rollout.approval_due(), None);
    assert_eq!(expired.rollout.expired(at(99).timestamp()), None);
}

#[test]
fn what_is_told_and_what_is_recorded_are_one_write() {
    let considered = asked(&[one()]).decided(says(1, Verdict::Approve), at(1).timestamp()).unwrap();
    let mut ids = || EventId(Uuid::nil());
    let mut moment = Moment { now: at(1).timestamp(), ids: &mut ids };
    let actor = Actor::Member { member: member(1), key: None };
    let session = considered.rollout.session;
    let set = considered.changes(Some(session), actor, &mut moment);
    assert!(matches!(set.changes[..], [Change::PutRollout(_), Change::Append { .. }, Change::Audit(_)]), "{set:?}");
    assert_eq!(set.guards, [Guard::RolloutAt { rollout: considered.rollout.id, version: 0 }]);
    let closed = considered.changes(None, actor, &mut moment);
    assert!(matches!(closed.changes[..], [Change::PutRollout(_), Change::Audit(_)]), "{closed:?}");
}

/// Something that happens to a rollout.
#[derive(Debug, Clone)]
enum Step {
    Report(RolloutStatus, Option<&'static str>, u128),
    Decide(u128, bool),
    Time,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let status = prop::sample::select(&RolloutStatus::ALL[..]);
    let commit = prop::sample::select(vec![None, Some("a"), Some("b"), Some("B")]);
    let report = (status, commit, 98_u128..101).prop_map(|(status, commit, by)| Step::Report(status, commit, by));
    let decide = (0_u128..5, any::<bool>()).prop_map(|(by, yes)| Step::Decide(if by == 4 { 100 } else { by }, yes));
    prop::collection::vec(prop_oneof![3 => report, 5 => decide, 1 => Just(Step::Time)], 0..40)
}

proptest! {
    /// Whatever comes in which order: an approval has the votes it needs, of different people
    /// who did not report the rollout, for the commit that it has.
    #[test]
    fn nothing_is_approved_that_was_not(steps in steps()) {
        let rules = [two_on_main(), one()];
        let mut rollout = asked(&rules);
        let mut second = 0;
        for step in steps {
            second += 1;
            rollout = match step {
                Step::Report(status, commit, by) => {
                    let mut next = with(status, commit, &rollout);
                    next.reported_by(Some(member(by)));
                    next.considered(Some(&rollout), &rules, &at(second)).rollout
                }
                Step::Decide(by, yes) => {
                    let verdict = if yes { Verdict::Approve } else { Verdict::Reject };
                    match rollout.clone().decided(says(by, verdict), at(second).timestamp()) {
                        Ok(considered) => considered.rollout,
                        Err(_) => rollout,
                    }
                }
                Step::Time => {
                    second += i64::from(EXPIRES_AFTER_DEFAULT);
                    rollout.clone().expired(at(second).timestamp()).map_or(rollout, |considered| considered.rollout)
                }
            };
            let approval = rollout.approval.as_ref().unwrap();
            let voters: std::collections::HashSet<_> = approval.votes.iter().map(|vote| vote.member).collect();
            prop_assert_eq!(voters.len(), approval.votes.len());
            if rollout.state() == "approved" {
                prop_assert!(voters.len() >= 2);
                prop_assert!(same_commit(approval.commit.as_deref(), rollout.details.commit.as_deref()));
                prop_assert!(approval.expires_at > approval.state.since().unwrap());
            }
            if rollout.status == RolloutStatus::Pending {
                prop_assert_ne!(rollout.state(), "pending", "both rules mean it");
                prop_assert_ne!(rollout.state(), "void");
            }
            prop_assert_eq!(rollout.is_asking(), rollout.approval_due().is_some());
            prop_assert!(!rollout.is_asking() || rollout.status == RolloutStatus::Pending);
            let stored = serde_json::to_string(&rollout).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Rollout>(&stored).unwrap(), &rollout);
        }
    }
}
