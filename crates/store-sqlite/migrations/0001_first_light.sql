-- Ids are 16-byte blobs, times are microseconds since 1970, bodies are JSON.
-- A body is written once where it can be; what changes often or is searched has a column
-- of its own, and the column is what counts.

create table orgs (
    number integer primary key autoincrement,
    id blob not null unique,
    tools_numbered integer not null default 0,
    -- What tokens for visitors of embeds are signed with, sealed.
    embed_secret text,
    body text not null
) strict;

create table members (
    number integer primary key autoincrement,
    id blob not null unique,
    org blob not null,
    -- Null for those who left: it may be another's then.
    email text,
    -- 1 for an owner who may act.
    owns integer not null,
    -- Who logs in as them, if anybody does.
    person blob,
    body text not null,
    unique (org, email)
) strict;
create index members_by_org on members (org);
create unique index members_by_person on members (person, org) where person is not null;
create index members_nobody_logs_in_as on members (email) where person is null and email is not null;

-- People who log in, whichever organizations they are in.
create table persons (
    number integer primary key,
    id blob not null unique,
    -- In lower case.
    email text not null unique,
    version integer not null,
    body text not null
) strict;

-- What issuers call people.
create table identities (
    issuer text not null,
    subject text not null,
    person blob not null,
    body text not null,
    primary key (issuer, subject),
    -- An address that an issuer gave to somebody else lets nobody in to who had it.
    unique (person, issuer)
) strict, without rowid;

-- What browsers have after somebody has logged in, until it is over.
create table logins (
    number integer primary key,
    id blob not null unique,
    org blob not null,
    member blob not null,
    person blob not null,
    hash blob not null unique,
    expires_at integer not null,
    last_used_at integer not null,
    body text not null
) strict;
create index logins_by_person on logins (person, number);
create index logins_by_end on logins (expires_at);

-- Links by which people come in, until they are used.
create table links (
    member blob primary key,
    org blob not null,
    hash blob not null unique,
    body text not null
) strict;

create table projects (
    number integer primary key autoincrement,
    id blob not null unique,
    org blob not null,
    -- In lower case.
    repository text,
    body text not null
) strict;
create index projects_by_org on projects (org);
create unique index projects_by_repository on projects (org, repository) where repository is not null;

create table keys (
    number integer primary key,
    id blob not null unique,
    org blob not null,
    -- The person it acts as.
    maker blob not null,
    hash blob not null unique,
    revoked_at integer,
    last_used_at integer,
    body text not null
) strict;
create index keys_by_org on keys (org);

-- What accounts that have a budget may spend, and what was spent. A session, an agent, a key
-- or an organization without one has no row.
create table budgets (
    org blob not null,
    holder blob not null,
    kind text not null,
    budget text not null,
    spent text not null,
    primary key (org, holder)
) strict, without rowid;

create table agents (
    number integer primary key,
    id blob not null unique,
    org blob not null,
    project blob not null,
    version integer not null,
    created_at integer not null,
    archived_at integer,
    deleted_at integer,
    creator blob,
    -- The people it is open to, as JSON; null is everybody.
    members text
) strict;
create index agents_by_org on agents (org, created_at, number);

create table agent_versions (
    agent blob not null,
    version integer not null,
    body text not null,
    unique (agent, version)
) strict;

-- The ways agents are put to use.
create table deployments (
    number integer primary key,
    id blob not null unique,
    org blob not null,
    project blob not null,
    agent blob not null,
    kind text not null,
    version integer not null,
    created_at integer not null,
    archived_at integer,
    -- When it is due by its clock, and when it last began something.
    next_run_at integer,
    last_run_at integer,
    -- 1 if some of what it watches by keeps no past, and is sampled.
    sampled integer not null,
    body text not null
) strict;
create index deployments_by_org on deployments (org, created_at, number);
create index deployments_sampled on deployments (org, number) where sampled = 1;
create index deployments_due on deployments (next_run_at) where next_run_at is not null;

-- What they began, for 90 days.
create table deployment_runs (
    number integer primary key,
    id blob not null unique,
    org blob not null,
    deployment blob not null,
    cause text not null,
    at integer not null,
    failed integer not null,
    scheduled_at integer,
    -- What the message that began it was called, for a day.
    name text,
    body text not null,
    unique (deployment, scheduled_at),
    unique (deployment, name)
) strict;
create index deployment_runs_by_org on deployment_runs (org, at, number);
create index deployment_runs_by_deployment on deployment_runs (deployment, at, number);
create index deployment_runs_by_time on deployment_runs (at);
create index deployment_runs_named on deployment_runs (at) where name is not null;

create table tools (
    id blob not null unique,
    org blob not null,
    number integer not null,
    project blob not null,
    body text not null,
    unique (org, number)
) strict;

create table providers (
    id blob not null unique,
    org blob not null,
    name text not null,
    version integer not null,
    body text not null,
    unique (org, name)
) strict;

create table model_aliases (
    org blob not null,
    name text not null,
    body text not null,
    primary key (org, name)
) strict, without rowid;

create table documents (
    number integer primary key,
    id blob not null unique,
    org blob not null,
    -- Null: every agent of the organization reads it.
    agent blob,
    expires_at integer,
    body text not null,
    text any not null
) strict;
create index documents_by_agent on documents (agent);
create index documents_of_all on documents (org) where agent is null;

create table sessions (
    number integer primary key,
    id blob not null unique,
    org blob not null,
    alias blob not null unique,
    project blob not null,
    agent blob not null,
    agent_version integer,
    purpose text,
    thread text,
    -- Whose thread it is, if it is anybody's.
    owner blob,
    created_at integer not null,
    archived_at integer,
    -- Grows with each change of title, metadata or agent.
    version integer not null default 0,
    -- What the log amounts to. `state` is the whole of it, the columns are what counts.
    seq integer not null,
    status text not null,
    active_run blob,
    updated_at integer not null,
    state text not null,
    body text not null
) strict;
create unique index sessions_by_thread on sessions (project, agent, thread) where thread is not null;
-- Sessions that are nobody's thread are not in it, and cost it nothing.
create index sessions_by_owner on sessions (org, owner, updated_at, number, project, id) where owner is not null;
-- Agent and project stand in the index so that a list of one agent's sessions skips the
-- others without reading them.
create index sessions_by_org on sessions (org, created_at, number, agent, project);
-- Conversations as such have no purpose, and cost nothing here.
create index sessions_by_purpose on sessions (org, created_at, number, purpose, project) where purpose is not null;

create table rollouts (
    number integer primary key,
    id blob not null unique,
    org blob not null,
    alias blob not null unique,
    project blob not null,
    status text not null,
    -- What tells the reports of one from those of another.
    source text,
    commit_id text,
    environment text,
    -- Where it is told of, and when it is rejected, if it waits for approval.
    session blob not null,
    approval_due_at integer,
    -- Since when it waits for that, if it does.
    asks_since integer,
    created_at integer not null,
    version integer not null,
    body text not null
) strict;
create index rollouts_by_org on rollouts (org, created_at, number, status, project);
create index rollouts_by_source on rollouts (project, source, created_at) where source is not null;
-- The indexes below hold only what waits for approval.
create index rollouts_by_due on rollouts (approval_due_at) where approval_due_at is not null;
create index rollouts_to_approve on rollouts (org, created_at, number) where approval_due_at is not null;
create index rollouts_asking on rollouts (session) where approval_due_at is not null;
create index rollouts_by_wait on rollouts (org, asks_since, id) where asks_since is not null;

create table approval_rules (
    number integer primary key,
    id blob not null unique,
    org blob not null,
    version integer not null,
    body text not null
) strict;
create index approval_rules_by_org on approval_rules (org);

-- What was done to an organization. Only ever added to, whoever writes.
create table audit (
    number integer primary key,
    id blob not null unique,
    org blob not null,
    at integer not null,
    actor text not null,
    action text not null,
    body text not null
) strict;
create index audit_by_org on audit (org, number, action, actor, at);
create trigger audit_stays before update on audit begin select raise(abort, 'the audit log is never changed'); end;
create trigger audit_is_kept before delete on audit begin select raise(abort, 'the audit log is never shortened'); end;

-- Rollouts that are watched, or were, by the session that tells of them. One that is due at
-- no time is over.
create table watches (
    number integer primary key,
    session blob not null unique,
    org blob not null,
    state text not null,
    due_at integer,
    version integer not null,
    body text not null
) strict;
create index watches_by_due on watches (due_at, org, session) where due_at is not null;

-- Sources of signals that keep no past of their own, by a digest of what they are asked.
create table sampled (
    number integer primary key,
    org blob not null,
    source blob not null,
    last_at integer not null,
    unique (org, source)
) strict;
create index sampled_by_last on sampled (last_at);

-- What they gave. The place is the source's number times 2^32 plus the second, so that the
-- numbers of a source lie in one piece, in their order.
create table samples (
    place integer primary key,
    value real not null
) strict;

-- Sessions that were deleted, by number: a number is never given again, a list goes on behind
-- the place where one stood, and a row with `leftovers` has something of its session's to be
-- cleared away, a bite at a time.
create table deleted_sessions (
    number integer primary key,
    id blob not null unique,
    org blob not null,
    created_at integer not null,
    leftovers integer not null
) strict;
create index deleted_sessions_to_clear on deleted_sessions (number) where leftovers = 1;

create table runs (
    -- The order in which runs were accepted.
    number integer primary key,
    id blob not null unique,
    org blob not null,
    session integer not null,
    agent blob not null,
    status text not null,
    -- 1 if a worker may claim it.
    ready integer not null,
    fence integer,
    version integer not null,
    first_seq integer,
    deadline integer,
    -- Since when it waits for a person's word; null if it does not.
    asks_since integer,
    overrides any,
    body text not null
) strict;
create index runs_by_session on runs (session);
-- The indexes below hold only what is open, so they stay small however long the history.
create index runs_open on runs (status, agent) where status in ('queued', 'running', 'waiting');
create index runs_queued on runs (session) where status = 'queued';
create index runs_ready on runs (org) where ready = 1;
create index runs_asking on runs (org, asks_since, id) where asks_since is not null;
create index runs_by_deadline on runs (deadline)
    where ready = 0 and status in ('queued', 'waiting') and deadline is not null;

create table events (
    -- The session's number times 2^32 plus `seq`: a log lies in one piece, in its order.
    place integer primary key,
    id blob not null unique,
    run blob,
    at integer not null,
    type text not null,
    body any not null
) strict;

create table inbox (
    number integer primary key,
    id blob not null unique,
    session integer not null,
    run blob not null,
    accepted_at integer not null,
    body any not null
) strict;
create index inbox_by_session on inbox (session);
create index inbox_by_run on inbox (run);

-- Addresses that are still to be told how a run ended.
create table callbacks (
    number integer primary key,
    run blob not null unique,
    org blob not null,
    url text not null
) strict;

-- Addresses that are told what happens.
create table webhooks (
    number integer primary key autoincrement,
    id blob not null unique,
    org blob not null,
    version integer not null,
    -- Since when nobody took what was sent.
    failing_since integer,
    disabled_at integer,
    disabled_why text,
    -- How many deliveries may wait for it, if it was enabled with many behind it.
    waiting_max integer,
    -- 1 for one that is gone, until its deliveries are cleared away.
    deleted integer not null default 0,
    body text not null
) strict;
create index webhooks_by_org on webhooks (org, number) where deleted = 0;
create index webhooks_to_clear on webhooks (number) where deleted = 1;

create table deliveries (
    -- The webhook's number times 2^32 plus the delivery's place: a webhook's deliveries lie in
    -- one piece, in their order.
    place integer primary key,
    webhook integer not null,
    id blob not null unique,
    created_at integer not null,
    -- When it is to be sent; null once it is over, `taken` says how.
    due_at integer,
    taken integer not null default 0,
    attempts integer not null default 0,
    queued_at integer not null,
    type text not null,
    body text not null,
    -- The last attempt.
    last text
) strict;
-- Only what waits, so that it stays small; the first of each webhook is found without looking at
-- the rest.
create index deliveries_waiting on deliveries (webhook, due_at) where due_at is not null;
-- What is over, so that the oldest of it is found behind whatever waits for long.
create index deliveries_over on deliveries (webhook) where due_at is null;

-- Requests that may be sent again, for a day.
create table requests (
    number integer primary key,
    org blob not null,
    key blob not null,
    path text not null,
    name text not null,
    fingerprint blob not null,
    at integer not null,
    -- What it made, and in which session; then the status and body of its answer.
    made text,
    session blob,
    status integer,
    answer text,
    unique (org, key, path, name)
) strict;
create index requests_by_time on requests (at);
create index requests_by_session on requests (session) where session is not null;

-- One row for each session that a commit changed, so that a reader of an organization can
-- go on from any position.
create table session_changes (
    -- The organization's number times 2^40 plus its position: an organization's changes lie
    -- in one piece, in their order, and a commit writes to the end of it.
    place integer primary key,
    session integer not null,
    at integer not null
) strict;

-- Texts too large to stand in their row; the row then holds the number instead of the text.
create table contents (
    number integer primary key,
    text text not null
) strict;

create table leases (
    fence integer primary key autoincrement,
    taken_at integer not null
) strict;

create table provider_numbers (
    number integer primary key autoincrement,
    name text not null unique
) strict;

-- One row, written by the check whether the store can write.
create table checks (
    only_row integer primary key check (only_row = 1),
    checked integer not null
) strict;
