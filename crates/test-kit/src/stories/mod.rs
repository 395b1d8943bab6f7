//! The store stories: what every store must do, told through its port alone.
//!
//! A store proves itself by running them all:
//!
//! ```ignore
//! test_kit::store_stories!(MyBackend::new());
//! ```
//!
//! Each story gets a store of its own in which a second organization has data alongside.
//! A new story is a function in the file of its noun and a line in [`store_stories!`].
//!
//! [`store_stories!`]: crate::store_stories

#![expect(missing_docs, reason = "a story's name says what it tells")]

pub mod approvals;
pub mod budgets;
pub mod catalogue;
pub mod changes;
pub mod closing;
pub mod deployments;
pub mod desk;
pub mod feed;
pub mod guards;
pub mod inbox;
pub mod leases;
pub mod log;
pub mod logins;
pub mod models;
pub mod people;
pub mod queue;
pub mod retention;
pub mod rollouts;
pub mod samples;
pub mod sessions;
mod stage;
pub mod tenancy;
pub mod webhooks;

use std::sync::Arc;

use ports::{Feed, Store};

pub use stage::{Stage, Tenant};

/// A kind of store, with a place of its own to keep its data. Dropped when a story is over.
pub trait Backend: Send + Sync {
    /// Opens the store in its place, anew or with what is there, once every handle of an
    /// earlier one has been dropped.
    fn open(&self, feed: &Feed) -> Arc<dyn Store>;
}

/// Makes one test of each story, run on the stores that the given expression opens.
#[macro_export]
macro_rules! store_stories {
    ($backend:expr) => {
        $crate::store_stories! { $backend =>
            approvals: what_waits_for_approval_is_known_of_all_and_survives, a_rule_is_changed_only_as_it_was,
                the_audit_log_is_added_to_and_read_backwards;
            budgets: a_call_that_no_budget_allows_is_refused_whole, each_account_counts_its_own,
                a_budget_that_is_changed_counts_on_and_one_that_is_removed_forgets,
                a_budget_whose_removal_is_refused_still_holds, a_deleted_sessions_account_is_gone, totals_are_there_after_a_restart;
            catalogue: numbers_are_given_in_order_and_never_again, projects_are_found_by_id_and_number,
                a_key_is_found_by_its_hash_until_forever, an_agent_keeps_its_versions,
                agents_are_listed_in_pages, an_archived_agent_stays_and_a_deleted_one_goes,
                the_runs_of_a_deleted_agent_are_looked_at,
                a_replaced_document_keeps_its_id, every_agent_reads_what_is_for_all, an_expired_document_leaves_with_the_next_one,
                a_large_document_comes_back_whole, a_provider_keeps_its_number;
            changes: a_changed_session_has_its_place_in_commit_order, positions_have_no_gap_whoever_commits,
                an_order_begins_with_the_first_that_is_young_enough_and_has_no_gap,
                old_changes_are_let_go_of_but_for_the_last;
            closing: a_session_is_changed_only_as_it_was_described, an_archived_session_has_no_run_and_gets_none,
                a_deleted_session_is_gone_at_once;
            deployments: a_deployment_is_changed_as_it_was_and_listed_in_pages, what_is_due_first_is_found_first,
                a_scheduled_time_and_a_name_begin_one_run, a_foreign_deployment_is_as_one_that_never_was;
            desk: what_runs_spent_is_read_page_by_page, what_asks_is_found_by_how_long_it_waits;
            feed: events_reach_the_streams_in_commit_order, a_refused_change_set_is_never_heard_of,
                work_and_input_wake_whoever_waits;
            guards: each_guard_holds_and_refuses, a_refused_change_set_leaves_nothing_behind,
                what_is_not_there_cannot_be_changed, the_last_guard_sees_the_changes;
            inbox: input_waits_in_order_until_it_is_taken, input_is_taken_once,
                a_run_that_is_over_takes_no_input;
            leases: a_new_lease_voids_the_one_before, a_run_is_written_under_its_lease_alone,
                an_ended_lease_gives_its_runs_back, nothing_runs_under_a_lease_that_is_not_good,
                a_store_opened_again_has_everything_and_no_lease;
            log: seq_has_no_gap_whoever_appends, a_log_is_read_from_any_place_in_both_directions,
                a_log_is_filtered_by_run_type_and_time, a_large_event_comes_back_whole,
                an_append_without_state_leaves_the_state, times_come_back_as_they_were_streamed;
            logins: an_address_is_one_persons_who_comes_in_as_one_member, a_person_changes_under_their_version,
                a_login_lasts_until_it_is_over, a_link_is_used_once_and_a_member_has_one,
                what_an_issuer_calls_somebody_is_one_person_for_ever, who_waits_is_found_by_their_address,
                no_organization_lets_somebody_in_to_another;
            models: a_provider_is_kept_under_one_name_in_its_organization, an_alias_means_one_thing_at_a_time;
            people: an_address_is_one_persons_and_an_owner_stays, an_agent_is_listed_for_those_it_is_open_to,
                threads_are_listed_by_their_last_change;
            queue: runs_of_a_session_come_one_after_another, the_oldest_run_is_ready_first,
                every_organization_has_its_turn, a_run_put_back_keeps_its_place, a_dropped_run_lets_the_next_one_come,
                deadlines_are_known_of_runs_that_nobody_holds, releasing_twice_is_as_once,
                a_queued_run_is_found_until_it_begins, what_is_queued_behind_a_run_is_listed,
                what_a_run_overrides_is_kept_and_never_rewritten,
                an_address_is_remembered_until_it_was_told;
            retention: sessions_at_rest_are_found_by_their_last_word;
            rollouts: reports_at_the_same_instant_are_one_rollout, a_rollout_is_found_by_each_of_its_names,
                a_repository_is_of_one_project, what_is_due_is_known_of_all_and_survives,
                nothing_is_watched_in_an_archived_session,
                a_session_with_a_purpose_shows_where_it_stands, those_of_an_organization_can_be_passed_over;
            samples: what_a_source_gave_is_kept_by_what_it_was_asked,
                old_samples_are_let_go_of_and_so_is_what_nobody_asks_any_more,
                what_is_older_goes_in_bites_whosever_it_is,
                it_is_known_what_is_sampled_and_told_when_that_changes;
            sessions: a_thread_is_taken_once, a_thread_nobody_named_is_found_by_its_own_name,
                sessions_are_found_by_every_name, sessions_are_listed_in_pages, a_session_shows_that_a_run_is_due;
            tenancy: a_foreign_thing_is_as_one_that_never_was, a_foreign_thing_cannot_be_changed,
                nothing_is_made_of_foreign_parts,
                an_organization_lists_only_its_own;
            webhooks: what_is_committed_is_queued_for_who_wants_it, many_commits_at_once_are_all_queued,
                who_is_told_is_known_whatever_is_undone, what_waits_is_known_of_all_and_survives,
                a_delivery_moves_on_from_where_it_was, what_waits_begins_anew_when_its_webhook_is_enabled,
                a_webhook_is_gone_with_its_deliveries, what_is_over_is_forgotten_when_it_is_older;
        }
    };
    ($backend:expr => $($noun:ident: $($story:ident),+;)+) => {$($(
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $story() {
            $crate::stories::$noun::$story($crate::stories::Stage::set(Box::new($backend)).await).await;
        }
    )+)+};
}
