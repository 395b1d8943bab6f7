//! Rules: which rollouts wait for approval, and for whom.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::look::Look;
use super::paths::Patterns;
use super::window::Window;
use crate::change::{Change, ChangeSet, Guard};
use crate::id::{ApprovalRuleId, MemberId, ProjectId};
use crate::rights::Role;

/// Most rules of an organization.
pub const RULES_MAX: usize = 100;
/// How long a rollout waits for approval unless its rule says otherwise, in seconds.
pub const EXPIRES_AFTER_DEFAULT: u32 = 24 * 3_600;

const NAME_CHARS_MAX: usize = 256;
const PATTERNS_MAX: usize = 20;
const PATTERN_BYTES_MAX: usize = 256;
/// What may be many things, in one pattern: each more is another way in which a path may fit.
const WILDCARDS_MAX: usize = 8;
const MEMBERS_MAX: usize = 100;
const COUNT_MAX: u32 = 20;
const EXPIRES_AFTER_MIN: u32 = 60;
const EXPIRES_AFTER_MAX: u32 = 7 * 24 * 3_600;

/// A rule of an organization.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalRule {
    /// Its id.
    pub id: ApprovalRuleId,
    /// What it says.
    pub spec: RuleSpec,
    /// Grows with each change.
    #[serde(default)]
    pub version: u64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// What a rule says. A rollout must fit all that it limits itself to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleSpec {
    /// For people.
    pub name: String,
    /// Of this project only; `None` is all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project: Option<ProjectId>,
    /// That change one of these paths; none is any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
    /// Of one of these branches; none is any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub branches: Vec<String>,
    /// That are reported in these hours; `None` is always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<Window>,
    /// Who decides.
    pub approvers: Approvers,
    /// How many of them must approve.
    pub min_count: u32,
    /// Whether they may decide about what they reported themselves.
    pub allow_own: bool,
    /// Seconds after which a rollout that nobody decided about is rejected.
    pub expires_after: u32,
}

/// Who decides: people by name, and whoever has one of these roles at the moment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approvers {
    /// By name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<MemberId>,
    /// By role.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<Role>,
}

impl Approvers {
    /// Whether this person is among them.
    pub fn include(&self, member: MemberId, role: Role) -> bool {
        self.members.contains(&member) || self.roles.contains(&role)
    }
}

impl RuleSpec {
    /// Whether it asks about a rollout as it stands at this moment, by the organization's
    /// clock. Where the report does not say what the rule limits itself to, it does: nothing
    /// gets by unasked because little was said of it.
    pub(super) fn asks(&self, look: &Look<'_>) -> bool {
        self.project.is_none_or(|project| look.is_of(project))
            && self.window.as_ref().is_none_or(|window| window.holds(look.at))
            && (self.branches.is_empty() || look.is_on(&self.branches))
            && (self.paths.is_empty() || look.changes(&self.paths))
    }

    /// What is wrong with it: the fields, and what they must be.
    pub fn faults(&self) -> Vec<(&'static str, String)> {
        let mut faults = Vec::new();
        let mut check = |holds: bool, field, rule: String| {
            if !holds {
                faults.push((field, rule));
            }
        };
        let chars = self.name.chars().count();
        let is_named = !self.name.trim().is_empty() && chars <= NAME_CHARS_MAX;
        check(is_named, "name", format!("must have 1 to {NAME_CHARS_MAX} characters"));
        let paths = bounded(&self.paths).and_then(|()| rooted(&self.paths));
        let paths = paths.and_then(|()| Patterns::read(self.paths.iter().map(String::as_str)));
        check(paths.is_ok(), "paths", paths.err().unwrap_or_default());
        let branches = bounded(&self.branches).and_then(|()| Patterns::of_branches(&self.branches));
        check(branches.is_ok(), "branches", branches.err().unwrap_or_default());
        let days = self.window.as_ref().map_or(0, |window| window.days.len());
        check(days <= 7, "window.days", "must name at most the seven days".to_owned());
        let Approvers { members, roles } = &self.approvers;
        check(!(members.is_empty() && roles.is_empty()), "approvers", "must name members or roles".to_owned());
        check(members.len() <= MEMBERS_MAX, "approvers.members", format!("must be at most {MEMBERS_MAX}"));
        let can_decide = |role: &Role| role.holds(crate::key::Scope::ApprovalsDecide);
        let of_deciders = roles.len() <= Role::ALL.len() && roles.iter().all(can_decide);
        check(of_deciders, "approvers.roles", "must be of owner, admin and member: viewers decide nothing".to_owned());
        check((1..=COUNT_MAX).contains(&self.min_count), "min_count", format!("must be from 1 to {COUNT_MAX}"));
        let enough = members.is_empty() || !roles.is_empty() || self.min_count as usize <= distinct(members);
        check(enough, "min_count", "must be no more than there are approvers".to_owned());
        let expires = (EXPIRES_AFTER_MIN..=EXPIRES_AFTER_MAX).contains(&self.expires_after);
        let rule = format!("must be from {EXPIRES_AFTER_MIN} to {EXPIRES_AFTER_MAX}");
        check(expires, "expires_after_seconds", rule);
        faults
    }
}

fn bounded(patterns: &[String]) -> Result<(), String> {
    let is_bounded = |pattern: &String| (1..=PATTERN_BYTES_MAX).contains(&pattern.len());
    if patterns.len() > PATTERNS_MAX || !patterns.iter().all(is_bounded) {
        return Err(format!("must be at most {PATTERNS_MAX} patterns of 1 to {PATTERN_BYTES_MAX} bytes"));
    }
    let wildcards = |pattern: &String| pattern.matches(['*', '?', '[', '{']).count();
    match patterns.iter().all(|pattern| wildcards(pattern) <= WILDCARDS_MAX) {
        true => Ok(()),
        false => Err(format!("must have at most {WILDCARDS_MAX} of * ? [ {{ in a pattern")),
    }
}

/// Patterns that mean no path, as those of other tools do, are refused, lest a rule never ask.
fn rooted(patterns: &[String]) -> Result<(), String> {
    let is_rooted = |pattern: &String| {
        let leads_elsewhere = ["/", "./", "../", "!"].iter().any(|odd| pattern.starts_with(odd));
        !leads_elsewhere && !pattern.ends_with('/')
    };
    match patterns.iter().all(is_rooted) {
        true => Ok(()),
        false => Err("must be patterns from the root of the repository, such as infra/** or **/*.sql".to_owned()),
    }
}

fn distinct(members: &[MemberId]) -> usize {
    members.iter().collect::<std::collections::HashSet<_>>().len()
}

impl ApprovalRule {
    /// A new rule.
    pub fn create(id: ApprovalRuleId, spec: RuleSpec, now: Timestamp) -> (Self, ChangeSet) {
        let rule = Self { id, spec, version: 0, created_at: now, updated_at: now };
        let changes = ChangeSet::of([Change::InsertApprovalRule(rule.clone())]);
        (rule, changes)
    }

    /// The rule with another text. The same text changes nothing.
    pub fn update(self, spec: RuleSpec, now: Timestamp) -> (Self, ChangeSet) {
        if self.spec == spec {
            return (self, ChangeSet::default());
        }
        let guard = self.unchanged();
        let next = Self { spec, version: self.version + 1, updated_at: now, ..self };
        let changes = ChangeSet::of([Change::PutApprovalRule(next.clone())]).guarded(guard);
        (next, changes)
    }

    /// The rule is gone. What it asked about waits still.
    pub fn delete(&self) -> ChangeSet {
        ChangeSet::of([Change::DeleteApprovalRule(self.id)]).guarded(self.unchanged())
    }

    fn unchanged(&self) -> Guard {
        Guard::ApprovalRuleAt { rule: self.id, version: self.version }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::approval::{Day, Window};
    use crate::id::{RolloutId, SessionId};
    use crate::rollout::{Details, NewRollout, Report, Rollout, RolloutStatus};
    use jiff::Zoned;
    use jiff::tz::TimeZone;
    use proptest::prelude::*;
    use serde_json::{Value, json};
    use uuid::Uuid;

    pub(in crate::approval) fn rollout(project: u128, git_ref: Option<&str>, metadata: &Value) -> Rollout {
        let new = NewRollout {
            id: RolloutId(Uuid::nil()),
            alias: Uuid::nil(),
            project: ProjectId(Uuid::from_u128(project)),
            session: SessionId(Uuid::nil()),
            session_alias: Uuid::nil(),
        };
        let details = Details {
            git_ref: git_ref.map(Into::into),
            metadata: metadata.as_object().cloned().unwrap(),
            ..Details::default()
        };
        let report =
            Report { status: RolloutStatus::Pending, details, gives_metadata: true, extra: Default::default() };
        Rollout::begin(new, report, Timestamp::UNIX_EPOCH)
    }

    pub(in crate::approval) fn spec() -> RuleSpec {
        RuleSpec {
            name: "production".into(),
            project: None,
            paths: Vec::new(),
            branches: Vec::new(),
            window: None,
            approvers: Approvers { members: Vec::new(), roles: vec![Role::Admin] },
            min_count: 1,
            allow_own: false,
            expires_after: EXPIRES_AFTER_DEFAULT,
        }
    }

    /// The first moment of 1970, which was a Thursday.
    fn thursday() -> Zoned {
        Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC)
    }

    fn asks(rule: &RuleSpec, rollout: &Rollout) -> bool {
        rule.asks(&Look::at(rollout, &thursday()))
    }

    fn texts(patterns: &[&str]) -> Vec<String> {
        patterns.iter().map(|pattern| (*pattern).to_owned()).collect()
    }

    #[test]
    fn a_rule_asks_about_what_fits_all_that_it_says() {
        let project = |n| Some(ProjectId(Uuid::from_u128(n)));
        let hours =
            |day| Some(Window { days: vec![day], from: "00:00".parse().unwrap(), until: "24:00".parse().unwrap() });
        let changed = json!({ "changed_paths": ["infra/main.tf", "README.md"] });
        for (rule, expected) in [
            (spec(), true),
            (RuleSpec { project: project(1), ..spec() }, true),
            (RuleSpec { project: project(2), ..spec() }, false),
            (RuleSpec { paths: texts(&["infra/**"]), ..spec() }, true),
            (RuleSpec { paths: texts(&["web/**", "*.md"]), ..spec() }, true),
            (RuleSpec { paths: texts(&["web/**"]), ..spec() }, false),
            (RuleSpec { branches: texts(&["main"]), ..spec() }, true),
            (RuleSpec { branches: texts(&["refs/heads/main", "x"]), ..spec() }, true),
            (RuleSpec { branches: texts(&["release/*"]), ..spec() }, false),
            (RuleSpec { window: hours(Day::Thu), ..spec() }, true),
            (RuleSpec { window: hours(Day::Fri), ..spec() }, false),
            (RuleSpec { project: project(1), paths: texts(&["infra/**"]), branches: texts(&["x"]), ..spec() }, false),
        ] {
            assert_eq!(rule.faults(), [], "{rule:?}");
            let rollout = rollout(1, Some("refs/heads/main"), &changed);
            assert_eq!(asks(&rule, &rollout), expected, "{rule:?}");
        }
    }

    #[test]
    fn what_is_not_said_is_asked_about() {
        let rule = RuleSpec { paths: texts(&["infra/**"]), branches: texts(&["main"]), ..spec() };
        for (git_ref, metadata) in [
            (None, json!({})),
            (Some("main"), json!({ "changed_paths": [] })),
            (None, json!({ "changed_paths": ["infra/a"] })),
            (Some(" "), json!({ "changed_paths": ["web/../infra/a"] })),
        ] {
            assert!(asks(&rule, &rollout(1, git_ref, &metadata)), "{git_ref:?} {metadata}");
        }
    }

    #[test]
    fn a_rule_that_could_never_hold_is_refused() {
        let members = |count: u128| (0..count).map(|n| MemberId(Uuid::from_u128(n))).collect::<Vec<_>>();
        let of = |members: Vec<MemberId>, roles: &[Role]| Approvers { members, roles: roles.to_vec() };
        for (field, rule) in [
            ("name", RuleSpec { name: " ".into(), ..spec() }),
            ("paths", RuleSpec { paths: texts(&["/infra/**"]), ..spec() }),
            ("paths", RuleSpec { paths: texts(&["./infra/**"]), ..spec() }),
            ("paths", RuleSpec { paths: texts(&["infra/"]), ..spec() }),
            ("paths", RuleSpec { paths: texts(&["a{b"]), ..spec() }),
            ("paths", RuleSpec { paths: vec!["a".into(); 21], ..spec() }),
            ("paths", RuleSpec { paths: vec!["?".repeat(9)], ..spec() }),
            ("branches", RuleSpec { branches: vec!["*a".repeat(9)], ..spec() }),
            ("branches", RuleSpec { branches: texts(&[""]), ..spec() }),
            ("branches", RuleSpec { branches: texts(&["[a"]), ..spec() }),
            ("approvers", RuleSpec { approvers: of(vec![], &[]), ..spec() }),
            ("approvers.roles", RuleSpec { approvers: of(vec![], &[Role::Viewer]), ..spec() }),
            ("approvers.members", RuleSpec { approvers: of(members(101), &[]), ..spec() }),
            ("min_count", RuleSpec { min_count: 0, ..spec() }),
            ("min_count", RuleSpec { approvers: of(members(2), &[]), min_count: 3, ..spec() }),
            ("expires_after_seconds", RuleSpec { expires_after: 59, ..spec() }),
            ("expires_after_seconds", RuleSpec { expires_after: 604_801, ..spec() }),
        ] {
            let faults = rule.faults();
            assert_eq!(faults.iter().map(|(field, _)| *field).collect::<Vec<_>>(), [field], "{rule:?}: {faults:?}");
        }
        let fine = RuleSpec { paths: texts(&[".github/**", "**/migrations/**/*.{sql,[rt]s}"]), ..spec() };
        assert_eq!(fine.faults(), []);
    }

    proptest! {
        #[test]
        fn any_pattern_is_refused_or_means_something(pattern in ".{1,40}", path in "[a-z/.]{0,20}") {
            let rule = RuleSpec { paths: vec![pattern.clone()], branches: vec![pattern], ..spec() };
            if rule.faults().is_empty() {
                asks(&rule, &rollout(1, Some("main"), &json!({ "changed_paths": [path] })));
            }
        }

        #[test]
        fn one_more_path_never_hides_another(paths in prop::collection::vec("[a-c]/[a-c]", 1..4), more in "[a-c]/[a-c]") {
            let rule = RuleSpec { paths: texts(&["a/*", "b/c"]), ..spec() };
            let asks = |paths: &[String]| asks(&rule, &rollout(1, None, &json!({ "changed_paths": paths })));
            let with = [paths.clone(), vec![more]].concat();
            prop_assert!(!asks(&paths) || asks(&with));
        }
    }
}
