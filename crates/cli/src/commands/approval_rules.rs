//! `sortie approval-rules`.

use clap::{Args, Subcommand};
use domain::approval::{Day, TimeOfDay};
use serde_json::{Map, Value, json};

use crate::failure::{Code, Failure};
use crate::native::{Native, part};
use crate::output::{Output, cell};

#[derive(Debug, Subcommand)]
pub(crate) enum ApprovalRules {
    /// List the rules, the oldest first.
    List,
    /// Show a rule.
    Show {
        /// Its id or name.
        rule: String,
    },
    /// Make a rule. It asks about what is reported from now on.
    Create {
        /// What people know it by.
        name: String,
        #[command(flatten)]
        terms: Terms,
    },
    /// Change a rule. What is named replaces what was; the rest stays.
    Update {
        /// Its id or name.
        rule: String,
        /// Another name.
        #[arg(long)]
        name: Option<String>,
        /// It is about all projects.
        #[arg(long, conflicts_with = "project")]
        all_projects: bool,
        /// It is about every path.
        #[arg(long, conflicts_with = "paths")]
        any_path: bool,
        /// It is about every branch.
        #[arg(long, conflicts_with = "branches")]
        any_branch: bool,
        /// It counts at every hour.
        #[arg(long, conflicts_with_all = ["from", "until", "days"])]
        any_time: bool,
        #[command(flatten)]
        terms: Terms,
    },
    /// Delete a rule. What it has asked about waits on.
    Delete {
        /// Its id or name.
        rule: String,
    },
}

/// What a rule says. A rollout must fit all that it is limited to.
#[derive(Debug, Args)]
pub(crate) struct Terms {
    /// Of this project only: its id. `sortie projects list` shows it.
    #[arg(long, value_name = "ID")]
    project: Option<String>,
    /// Only what changes such a path, from the root of the repository: `infra/**`. May be given
    /// more than once.
    #[arg(long = "path", value_name = "PATTERN")]
    paths: Vec<String>,
    /// Only of such a branch: `main`, `release/*`. May be given more than once.
    #[arg(long = "branch", value_name = "PATTERN")]
    branches: Vec<String>,
    /// Only what is reported from this time of day on, by the organization's clock.
    #[arg(long, value_name = "HH:MM", requires = "until")]
    from: Option<TimeOfDay>,
    /// And before this one; at or before `--from`, on the next day.
    #[arg(long, value_name = "HH:MM", requires = "from")]
    until: Option<TimeOfDay>,
    /// The days on which those hours begin: `mon,tue`. Every day if absent.
    #[arg(long, value_name = "DAYS", value_delimiter = ',', requires = "from")]
    days: Vec<Day>,
    /// Who decides: the id of a member, as `sortie members list` shows it. May be given more
    /// than once.
    #[arg(long = "approver", value_name = "MEMBER")]
    members: Vec<String>,
    /// Who decides: whoever has this role. May be given more than once. Owners and admins, if
    /// nobody is named.
    #[arg(long = "role", value_name = "ROLE", value_parser = ["owner", "admin", "member"])]
    roles: Vec<String>,
    /// How many of them must approve [default: 1].
    #[arg(long, value_name = "N")]
    count: Option<u32>,
    /// Whether they may decide about what they reported themselves [default: off].
    #[arg(long, value_name = "on|off", action = clap::ArgAction::Set,
        value_parser = clap::builder::BoolishValueParser::new())]
    allow_own: Option<bool>,
    /// Seconds after which a rollout that nobody decided about is rejected [default: a day].
    #[arg(long, value_name = "SECONDS")]
    expires_after: Option<u32>,
}

impl Terms {
    fn fields(self) -> Map<String, Value> {
        let mut fields = Map::new();
        let mut put = |name: &str, value: Option<Value>| fields.extend(value.map(|value| (name.to_owned(), value)));
        let list = |list: Vec<String>| Some(json!(list)).filter(|_| !list.is_empty());
        put("project_id", self.project.map(Value::from));
        put("paths", list(self.paths));
        put("branches", list(self.branches));
        let days: Vec<&str> = self.days.iter().map(|day| day.as_str()).collect();
        let window = self.from.zip(self.until);
        put("window", window.map(|(from, until)| json!({ "days": days, "from": from, "until": until })));
        let named = !self.members.is_empty() || !self.roles.is_empty();
        put("approvers", named.then(|| json!({ "members": self.members, "roles": self.roles })));
        put("min_count", self.count.map(Value::from));
        put("allow_own", self.allow_own.map(Value::from));
        put("expires_after_seconds", self.expires_after.map(Value::from));
        fields
    }
}

pub(super) async fn run(native: Native, rules: ApprovalRules, output: Output) -> Result<(), Failure> {
    match rules {
        ApprovalRules::List => {
            let rules = native.list("approval_rules", None).await?;
            if output.is_json() {
                return output.json(&rules);
            }
            let headings = ["id", "name", "project", "paths", "branches", "hours", "approvers", "count"];
            output.table(&headings, &rules.iter().map(row).collect::<Vec<_>>())
        }
        ApprovalRules::Show { rule } => {
            let rule = find(&native, &rule).await?;
            if output.is_json() { output.json(&rule) } else { show(&rule, output) }
        }
        ApprovalRules::Create { name, terms } => {
            let mut fields = terms.fields();
            fields.insert("name".to_owned(), name.into());
            done(&native.post("approval_rules", &Value::Object(fields)).await?, "made", output)
        }
        ApprovalRules::Update { rule, name, all_projects, any_path, any_branch, any_time, terms } => {
            let mut fields = terms.fields();
            fields.extend(name.map(|name| ("name".to_owned(), name.into())));
            let lifted = [
                ("project_id", all_projects, Value::Null),
                ("paths", any_path, json!([])),
                ("branches", any_branch, json!([])),
                ("window", any_time, Value::Null),
            ];
            fields.extend(lifted.into_iter().filter(|(_, is, _)| *is).map(|(name, _, none)| (name.to_owned(), none)));
            if fields.is_empty() {
                return Err(Failure::usage("nothing to change was given: see `sortie approval-rules update --help`"));
            }
            let path = path_of(&find(&native, &rule).await?);
            done(&native.post(&path, &Value::Object(fields)).await?, "changed", output)
        }
        ApprovalRules::Delete { rule } => {
            let found = find(&native, &rule).await?;
            let gone = native.delete(&path_of(&found)).await?;
            output.either(&gone, || format!("deleted: {} {:?}", cell(&found["id"]), cell(&found["name"])))
        }
    }
}

fn path_of(rule: &Value) -> String {
    format!("approval_rules/{}", part(&cell(&rule["id"])))
}

/// By id or by name.
async fn find(native: &Native, named: &str) -> Result<Value, Failure> {
    if named.parse::<domain::ApprovalRuleId>().is_ok() {
        return native.get(&format!("approval_rules/{}", part(named))).await;
    }
    let mut found = native.list("approval_rules", None).await?;
    found.retain(|rule| rule["name"] == named);
    match (found.pop(), found.is_empty()) {
        (Some(rule), true) => Ok(rule),
        (Some(_), false) => Err(Failure::usage(format!("several rules are called {named:?}: use the id"))),
        (None, _) => {
            let message = format!("no rule is called {named:?}: see `sortie approval-rules list`");
            Err(Failure::new(Code::NotFound, message))
        }
    }
}

fn words(list: &Value) -> String {
    list.as_array().map(|list| list.iter().map(cell).collect::<Vec<_>>().join(" ")).unwrap_or_default()
}

fn hours(window: &Value) -> String {
    match window.is_null() {
        true => String::new(),
        false => format!("{} {}-{}", words(&window["days"]), cell(&window["from"]), cell(&window["until"])),
    }
}

fn approvers(rule: &Value) -> String {
    let approvers = &rule["approvers"];
    format!("{} {}", words(&approvers["roles"]), words(&approvers["members"])).trim().to_owned()
}

fn row(rule: &Value) -> Vec<String> {
    vec![
        cell(&rule["id"]),
        cell(&rule["name"]),
        cell(&rule["project_id"]),
        words(&rule["paths"]),
        words(&rule["branches"]),
        hours(&rule["window"]),
        approvers(rule),
        cell(&rule["min_count"]),
    ]
}

fn show(rule: &Value, output: Output) -> Result<(), Failure> {
    let pairs = [
        ("id", cell(&rule["id"])),
        ("name", cell(&rule["name"])),
        ("project", cell(&rule["project_id"])),
        ("paths", words(&rule["paths"])),
        ("branches", words(&rule["branches"])),
        ("hours", hours(&rule["window"])),
        ("approvers", approvers(rule)),
        ("count", cell(&rule["min_count"])),
        ("own", cell(&rule["allow_own"])),
        ("expires after", format!("{} s", cell(&rule["expires_after_seconds"]))),
        ("made", super::shown_time(&rule["created_at"])),
        ("changed", super::shown_time(&rule["updated_at"])),
    ];
    let known: Vec<_> = pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    output.line(&output.pairs(&known))
}

fn done(rule: &Value, what: &str, output: Output) -> Result<(), Failure> {
    output.either(rule, || format!("{what}: {} {:?}", cell(&rule["id"]), cell(&rule["name"])))
}
