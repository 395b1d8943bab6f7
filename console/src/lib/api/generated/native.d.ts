// Made of openapi/native.json by scripts/generate.mjs.

export interface paths {
    "/v1/agents": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List agents
         * @description At their newest versions, the newest agent first.
         */
        get: {
            parameters: {
                query?: {
                    /** @description Archived ones too. */
                    include_archived?: boolean;
                    /** @description Made at or after. */
                    "created_at[gte]"?: string;
                    /** @description Made at or before. */
                    "created_at[lte]"?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Page_AgentView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        put?: never;
        /** Create an agent */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["CreateAgent"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["AgentView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/agents/{agent_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read an agent
         * @description At its newest version, or at the one asked for.
         */
        get: {
            parameters: {
                query?: {
                    /** @description The newest if absent. */
                    version?: number;
                };
                header?: never;
                path: {
                    agent_id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["AgentView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        put?: never;
        /**
         * Update an agent
         * @description Makes the next version; a change that changes nothing makes none. With `version`, the
         *     change is refused if another one came first.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    agent_id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["UpdateAgent"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["AgentView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/agents/{agent_id}/archive": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Archive an agent
         * @description Sessions that run go on; new ones are refused. Archiving twice changes nothing.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    agent_id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["AgentView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/agents/{agent_id}/access": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Open an agent to some people, or to everybody
         * @description Whoever made it can always use it, and so can owners and admins. It is no new version,
         *     and counts from the next request on. Ours.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    agent_id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["OpenAgent"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["AgentView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/agents/{agent_id}/versions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the versions of an agent
         * @description The newest first.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    agent_id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Page_AgentView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** List sessions */
        get: {
            parameters: {
                query?: {
                    /** @description With this agent. */
                    agent_id?: string;
                    /** @description Of this version of it; only with `agent_id`. */
                    agent_version?: number;
                    /** @description In one of these states. */
                    "statuses[]"?: components["schemas"]["StatusView"][];
                    /** @description That stand so; `ended` includes archived ones. Ours. */
                    "states[]"?: components["schemas"]["StandingView"][];
                    /** @description Begun by one of these. Ours. */
                    "origins[]"?: components["schemas"]["OriginView"][];
                    /** @description With this text in their title, in capital letters or small ones (of ASCII). Ours. */
                    title?: string;
                    /** @description Archived ones too. */
                    include_archived?: boolean;
                    /** @description Made at or after. */
                    "created_at[gte]"?: string;
                    /** @description Made after. */
                    "created_at[gt]"?: string;
                    /** @description Made at or before. */
                    "created_at[lte]"?: string;
                    /** @description Made before. */
                    "created_at[lt]"?: string;
                    /** @description By the time made; newest first if absent. */
                    order?: "asc" | "desc";
                    /** @description Begun by this deployment. */
                    deployment_id?: string;
                    /** @description Memory stores are not available in this release: finds nothing. */
                    memory_store_id?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["SessionPage"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        put?: never;
        /**
         * Create a session
         * @description It keeps to the agent's version of this moment, or to the one that is asked for.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["CreateSession"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["SessionView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sessions/{session_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a session
         * @description Also by the UUID in the address of its page (`/agents/{uuid}`), which is its name in the
         *     Cassidy and Cased APIs.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    session_id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["SessionView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        put?: never;
        /**
         * Update a session
         * @description Tools and MCP servers replace those there were, from the next turn on; they cannot be
         *     changed while a turn is under way. A session that its budget had stopped goes on when that is
         *     raised or removed. What changes nothing is not told.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    session_id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["UpdateSession"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["SessionView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        /**
         * Delete a session
         * @description It is gone for good, with its log. Open streams are told and end. A turn that is under
         *     way must be interrupted first.
         */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    session_id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["DeletedSession"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sessions/{session_id}/archive": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Archive a session
         * @description Its log stays; it takes no input and no change any more. A turn that waits for someone
         *     ends, one that is under way must be interrupted first. Archiving twice changes nothing.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    session_id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["SessionView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sessions/{session_id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List events
         * @description Those of the log by `seq`, then those that wait.
         */
        get: {
            parameters: {
                query?: {
                    /** @description Of these types only. */
                    "types[]"?: string[];
                    /** @description The oldest first if absent. */
                    order?: "asc" | "desc";
                    /** @description Processed at or after. */
                    "created_at[gte]"?: string;
                    /** @description Processed after. */
                    "created_at[gt]"?: string;
                    /** @description Processed at or before. */
                    "created_at[lte]"?: string;
                    /** @description Processed before. */
                    "created_at[lt]"?: string;
                    /** @description From this `seq` on, in either order. Ours. */
                    "seq[gte]"?: number;
                    /** @description Up to this `seq`, in either order. Ours. */
                    "seq[lte]"?: number;
                    /** @description Only what was stored after this event; `start` is everything. Not with `page`. Ours. */
                    after?: string;
                };
                header?: never;
                path: {
                    session_id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Page_EventView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        put?: never;
        /**
         * Send events
         * @description All are taken or none. What arrives while a turn runs waits for it to end, but for
         *     interrupts, decisions and results. With `wait`, the answer is held until the session is
         *     idle.
         */
        post: {
            parameters: {
                query?: {
                    /** @description Holds the answer until the session is idle or terminated, at most this many seconds. Ours. */
                    wait?: number;
                };
                header?: never;
                path: {
                    session_id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["SendEvents"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["SentEvents"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sessions/{session_id}/events/{event_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read an event
         * @description One of the log; what still waits to be taken into it is in the list. Ours.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    session_id: string;
                    event_id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["EventView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sessions/{session_id}/overview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Look over a session's log
         * @description What happened when, in a few hundred counts, however long the log is. Ours.
         */
        get: {
            parameters: {
                query?: {
                    /** @description Parts to tell of at most: 1 to 500, 200 if absent. */
                    parts?: number;
                    /** @description From this `seq` on. */
                    "seq[gte]"?: number;
                    /** @description Up to this `seq`. */
                    "seq[lte]"?: number;
                };
                header?: never;
                path: {
                    session_id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["OverviewView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sessions/{session_id}/events/stream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Stream events
         * @description Server-sent events. Stays open while the session is idle; ends when the session does, or
         *     when the server stops, and then continues from `Last-Event-ID`.
         */
        get: {
            parameters: {
                query?: {
                    /** @description Which events to tell of while they are in the making. */
                    "event_deltas[]"?: components["schemas"]["DeltaKind"][];
                    /**
                     * @description Begins with what was stored after this event; `start` is everything. Without it, and
                     *     without the header `Last-Event-ID`, the stream begins now. Ours.
                     */
                    after?: string;
                    /** @description `EVENT:INDEX:END`: text of this event that the reader has already. Ours. */
                    delta_after?: string;
                };
                header?: never;
                path: {
                    session_id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/event-stream": string;
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/stream": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Stream the organization
         * @description Server-sent events: one `session.changed` for each commit that changed a session, in the
         *     order of the commits; `id` is the position in that order. The first frame is a `ping` whose
         *     `id` is where the stream begins. A key of one project is told of
         *     its project's sessions only. Positions are kept for seven days; an older one is answered
         *     with 410.
         */
        get: {
            parameters: {
                query?: {
                    /**
                     * @description Begins behind this position, the `id` of a frame; `start` is the oldest that is kept.
                     *     Without it, and without the header `Last-Event-ID`, the stream begins now.
                     */
                    after?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/event-stream": components["schemas"]["SessionChanged"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/sessions/{session_id}/runs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the runs of a session
         * @description The oldest first.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    session_id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Page_RunView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/runs/{run_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read a run */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    run_id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["RunView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/runs/{run_id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Cancel a run
         * @description One that is being worked on ends a moment later.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    run_id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["RunView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/runs/{run_id}/resolve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Resolve a run
         * @description Says whether the tool calls whose outcome was lost in a crash took effect.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    run_id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["ResolveRun"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["RunView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/rollouts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List rollouts
         * @description The newest first.
         */
        get: {
            parameters: {
                query?: {
                    /** @description Of this project. */
                    project_id?: string;
                    /** @description With this status. */
                    status?: "pending" | "running" | "success" | "failure" | "cancelled";
                    /** @description Those alone that wait for approval. */
                    waits_for_approval?: boolean;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Page_RolloutView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/rollouts/{rollout_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a rollout
         * @description By its id, or by the one it has in the Cased-compatible API. With `wait`, the answer is held
         *     until nobody's approval is waited for.
         */
        get: {
            parameters: {
                query?: {
                    /** @description Holds the answer as long as the rollout waits for approval, at most this many seconds. */
                    wait?: number;
                };
                header?: never;
                path: {
                    rollout_id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["RolloutView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/rollouts/{rollout_id}/approve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Approve a rollout
         * @description As many different people as its rules want must. Nobody approves what they reported
         *     themselves, unless the rule allows it.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    rollout_id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Decide"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["RolloutView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/rollouts/{rollout_id}/reject": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Reject a rollout
         * @description One approver is enough. Its pipeline may report it again, which asks anew.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    rollout_id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Decide"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["RolloutView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/approval_rules": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List approval rules
         * @description The oldest first.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Page_ApprovalRuleView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        put?: never;
        /**
         * Create an approval rule
         * @description It asks about what is reported from now on. A rollout that several rules mean waits for all
         *     of them.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["CreateApprovalRule"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ApprovalRuleView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/approval_rules/{rule_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read an approval rule */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    rule_id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ApprovalRuleView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        put?: never;
        /**
         * Update an approval rule
         * @description What it has asked about already waits as it was asked.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    rule_id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["UpdateApprovalRule"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ApprovalRuleView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        /**
         * Delete an approval rule
         * @description What it has asked about waits on.
         */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    rule_id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["DeletedApprovalRule"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/approvals": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List what waits for people
         * @description Tool calls that ask, and rollouts that wait for approval, over all sessions that the caller
         *     may see; what has waited longest comes first. `decide` of each says which request answers
         *     it. `GET /v1/stream` tells of the session whenever something comes to wait or is decided:
         *     that is when to read this again.
         */
        get: {
            parameters: {
                query?: {
                    /** @description Of this kind only. */
                    kind?: "tool_call" | "rollout";
                    /** @description Of this agent only. */
                    agent_id?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Page_AskingView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List the audit log
         * @description The newest entry first. For whoever administers the organization.
         */
        get: {
            parameters: {
                query?: {
                    /** @description Of these actions only. */
                    "actions[]"?: string[];
                    /** @description By this member only, or `operator` or `system`. */
                    actor?: string;
                    /** @description Done at or after. */
                    "created_at[gte]"?: string;
                    /** @description Done at or before. */
                    "created_at[lte]"?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Page_AuditView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/login": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Who is logged in
         * @description With a key: whose it is.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["CurrentLogin"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        put?: never;
        /**
         * Log in
         * @description The answer sets a cookie that scripts cannot read. It is over after 30 days, or after seven
         *     in which it was not used. After five wrong passwords for an address, or from one, the next
         *     attempt is answered with 429 until the time in `Retry-After` has passed.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["Credentials"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["CurrentLogin"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/login/switch": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Go to another organization
         * @description The answer sets another cookie, and the login from before is over.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["SwitchOrg"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["CurrentLogin"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/login/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Change the password
         * @description Every other login of the person is over, and this browser is given a new one.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["ChangePassword"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["CurrentLogin"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/members/{member}/invitation": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Invite a member
         * @description A link by which a member who cannot log in yet can, for seven days. A link from before is
         *     over. For whoever administers the organization; owners are invited by owners.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    member: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["NewLinkView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/members/{member}/reset": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Let a member set another password
         * @description A link, for one day. A link from before is over. Of somebody who is in other organizations
         *     too, only whoever runs the server can make one: `sortie members reset`.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    member: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["NewLinkView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/usage": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Report usage
         * @description What the runs that the caller may see have used: tokens, money, calls. A run counts on the
         *     day on which it was begun, with all that it has used since. Runs of sessions that were
         *     deleted are not counted any more. As JSON, or as `text/csv` for spreadsheets.
         */
        get: {
            parameters: {
                query?: {
                    /** @description The first day, as `2026-11-22`; 29 days before the last if absent. */
                    from?: string;
                    /** @description The last day, less than 400 days after the first; today if absent. */
                    to?: string;
                    /** @description By what it is told apart; by day if absent. */
                    by?: "agent" | "key" | "model" | "day" | "project";
                    /** @description In which form; what the header `Accept` asks for if absent. */
                    format?: "json" | "csv";
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["UsageReportView"];
                        "text/csv": string;
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List keys
         * @description The newest first: those that the caller made, or all, for whoever administers the
         *     organization.
         */
        get: {
            parameters: {
                query?: {
                    /** @description Revoked ones too. */
                    include_revoked?: boolean;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Page_KeyView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        put?: never;
        /**
         * Create a key
         * @description The answer holds its secret, once. A request that is sent again under the same
         *     `Idempotency-Key` is answered with 409 then: nobody knows the secret any more.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["CreateKey"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["NewKeyView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/keys/{key}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read a key */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    key: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["KeyView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        /**
         * Revoke a key
         * @description No request with it succeeds any more, and what it has open ends. Revoking twice changes
         *     nothing.
         */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    key: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["RevokedKey"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/members": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List members
         * @description The oldest first. Those who left are not among them.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Page_MemberView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        put?: never;
        /**
         * Add a member
         * @description They can do nothing before they have a key or a login.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["AddMemberBody"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["MemberView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/members/{member}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read a member */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    member: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["MemberView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        put?: never;
        /**
         * Update a member
         * @description Owners are made and changed by owners, and one who may act stays.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    member: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["UpdateMember"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["MemberView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        /**
         * Remove a member
         * @description For good. What they made stays; no key of theirs opens anything.
         */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    member: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["RemovedMember"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/members/{member}/suspend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Suspend a member
         * @description No key of theirs opens anything until they are let in again. Suspending twice changes nothing.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    member: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["MemberView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/members/{member}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Let a suspended member in again
         * @description With the keys they had.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    member: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["MemberView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/projects": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List projects
         * @description Those that the key reaches, the oldest first.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Page_ProjectView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        put?: never;
        /** Create a project */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["CreateProject"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ProjectView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/projects/{project}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read a project */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    project: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ProjectView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        put?: never;
        /**
         * Update a project
         * @description How its rollouts are watched is a deployment's affair: see *Update a deployment*.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    project: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["UpdateProject"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ProjectView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/org": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read the organization
         * @description The caller's. Any key may.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["OrgView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        put?: never;
        /**
         * Update the organization
         * @description Clocks of deployments have their own zones, and stay as they are.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["UpdateOrg"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["OrgView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/knowledge": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List documents
         * @description All of an agent's, at most 20, or all that every agent of the organization reads, at most
         *     50; the oldest first.
         */
        get: {
            parameters: {
                query?: {
                    /** @description What this agent alone reads; what every agent reads if absent. */
                    agent_id?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Page_DocumentView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        put?: never;
        /**
         * Add a document
         * @description A text as JSON, or a file as a form, of which the text is taken out. The text of a document
         *     of the same name and reader is replaced, and its id stays.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["UploadText"];
                    "multipart/form-data": components["schemas"]["UploadFile"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["DocumentView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/knowledge/{document}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Delete a document */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    document: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["DeletedDocument"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tools": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List tools
         * @description All that the key reaches, the oldest first.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Page_ProjectToolView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        put?: never;
        /** Create a tool */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["HttpToolParam"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ProjectToolView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/tools/{tool}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a tool
         * @description By its id or its number.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    tool: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ProjectToolView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        /**
         * Delete a tool
         * @description By its id or its number. Agents that name it go on without it.
         */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    tool: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["DeletedTool"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/deployments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List deployments
         * @description The newest first.
         */
        get: {
            parameters: {
                query?: {
                    /** @description Archived ones too. */
                    include_archived?: boolean;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Page_DeploymentView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        put?: never;
        /**
         * Create a deployment
         * @description It begins runs by its clock, by messages from outside, or for visitors of a page. Each run
         *     has the rights that whoever made the deployment has at that moment.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["CreateDeployment"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["DeploymentView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/deployments/{deployment}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read a deployment */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    deployment: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["DeploymentView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        put?: never;
        /**
         * Update a deployment
         * @description What is left out stays. A change of the schedule counts at once.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    deployment: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["UpdateDeployment"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["DeploymentView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/deployments/{deployment}/archive": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Archive a deployment
         * @description It begins nothing any more, for good. Its sessions and its history stay.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    deployment: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["DeploymentView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/deployments/{deployment}/pause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Pause a deployment
         * @description It begins nothing by itself until it is unpaused. Pausing twice changes nothing.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    deployment: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["DeploymentView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/deployments/{deployment}/unpause": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Unpause a deployment
         * @description What was missed meanwhile is not made up for.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    deployment: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["DeploymentView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/deployments/{deployment}/run": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Run a deployment now
         * @description Once, at once, be it paused or not.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    deployment: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["DeploymentRunView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/deployment_runs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List what deployments began
         * @description The newest first; kept for 90 days.
         */
        get: {
            parameters: {
                query?: {
                    /** @description Of this deployment. */
                    deployment_id?: string;
                    /** @description Begun by this. */
                    trigger_type?: "schedule" | "manual" | "webhook" | "visitor" | "rollout";
                    /** @description Those that began nothing for a reason, or the others. */
                    has_error?: boolean;
                    /** @description At or after. */
                    "created_at[gte]"?: string;
                    /** @description At or before. */
                    "created_at[lte]"?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Page_DeploymentRunView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/deployment_runs/{deployment_run_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read what a deployment began */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    deployment_run_id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["DeploymentRunView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/models": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List models
         * @description Of all providers, by the providers' names. A provider that cannot be asked is named, and
         *     hides no other.
         */
        get: {
            parameters: {
                query?: {
                    /** @description Things on a page: 1 to 1000, 20 if absent. */
                    limit?: number;
                    /** @description The page behind this model. */
                    after_id?: string;
                    /** @description The page before this model. */
                    before_id?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ModelPage"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/models/{model}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a model
         * @description By its full name or any other name that means it.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    model: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ModelView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/model_aliases": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List model aliases
         * @description The organization's own and the operator's, by name.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Page_ModelAliasView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/model_aliases/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read a model alias */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    name: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ModelAliasView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        put?: never;
        /**
         * Set a model alias
         * @description Whether the name meant something before or not. Runs that have begun keep to the model
         *     they began with.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    name: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["PutAlias"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ModelAliasView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        /**
         * Delete a model alias
         * @description If the operator has one of that name, it counts again.
         */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    name: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["DeletedAlias"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/providers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List providers
         * @description The organization's own and the operator's, by name.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Page_ProviderView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        put?: never;
        /**
         * Create a provider
         * @description It is not called: see *Test a provider*. Private addresses are refused.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["CreateProvider"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ProviderView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/providers/{provider}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read a provider
         * @description By its id or its name.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    provider: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ProviderView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        put?: never;
        /**
         * Update a provider
         * @description By its id or its name. Runs under way go on with what they have begun.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    provider: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["UpdateProvider"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ProviderView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        /**
         * Delete a provider
         * @description By its id or its name. Agents that name it stay; their runs fail and say so.
         */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    provider: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["DeletedProvider"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/providers/{provider}/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Test a provider
         * @description Asks it for its list of models, and for nothing that costs money; or has one of its models
         *     begin to answer. What it says is the answer, with status 200.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    provider: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["TryProvider"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ProviderTest"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/webhooks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List webhooks
         * @description The oldest first.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Page_WebhookView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        put?: never;
        /**
         * Create a webhook
         * @description Nothing is sent yet: see *Test a webhook*. The answer holds its secret, once.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["CreateWebhook"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["SignedWebhookView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/webhooks/{webhook_id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Read a webhook */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    webhook_id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["WebhookView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        put?: never;
        /**
         * Update a webhook
         * @description While it is disabled nothing is queued for it; what waited for it is sent at once when it is
         *     enabled again, with all attempts before it.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    webhook_id: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["UpdateWebhook"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["WebhookView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        /**
         * Delete a webhook
         * @description With its deliveries.
         */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    webhook_id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["DeletedWebhook"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/webhooks/{webhook_id}/rotate_secret": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Rotate a webhook's secret
         * @description The answer holds the new secret, once. For a day deliveries are signed with both.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    webhook_id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["SignedWebhookView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/webhooks/{webhook_id}/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Test a webhook
         * @description Sends it an event of the type `webhook.test`, whatever it wants to be told of. What comes of
         *     it stands in the list of deliveries.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    webhook_id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["DeliveryView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/webhooks/{webhook_id}/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * List deliveries
         * @description The newest first. Those that are over are kept for 30 days, at most 10,000.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    webhook_id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Page_DeliveryView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Send a delivery again
         * @description Whatever came of it, under the same id, with all attempts before it.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    webhook_id: string;
                    delivery_id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["DeliveryView"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/logout": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Log out
         * @description Whoever is not logged in is not afterwards either. What the login has open ends.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["EndLogin"];
                };
            };
            responses: {
                /** @description Logged out. */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/setup": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * How people log in
         * @description And whether the first owner's account is still to be made.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Setup"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/links/{token}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What a link is for
         * @description Looking does not use it up.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    token: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["OpenLink"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        put?: never;
        /**
         * Come in by a link
         * @description Uses it up, and logs in. After a reset every login of before is over.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    token: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["ComeIn"];
                };
            };
            responses: {
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["CurrentLogin"];
                    };
                };
                "4XX": {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ErrorEnvelope"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description Who did it. */
        ActorView: {
            member_id: string;
            /** @description The key they showed. */
            key_id?: string | null;
            /** @enum {string} */
            type: "member";
        } | {
            /** @enum {string} */
            type: "operator";
        } | {
            /** @enum {string} */
            type: "system";
        };
        /** @description A person on their way in. */
        AddMemberBody: {
            /** @description 1 to 256 characters. */
            name: string;
            /** @description Nobody else's in the organization. */
            email: string;
            role: components["schemas"]["RoleView"];
        };
        /** @description An agent by its id and name. */
        AgentName: {
            id: string;
            name?: string | null;
        };
        /** @description Who answers: an id, or an object with more to choose. */
        AgentParam: string;
        /** @description An agent: its id, or an object that names it. */
        AgentRef: string | {
            /** @description `agent`. */
            type: components["schemas"]["AgentRefType"];
            /** @description Its id. */
            id: string;
        };
        /** @enum {string} */
        AgentRefKind: "agent";
        /**
         * @description What is named.
         * @enum {string}
         */
        AgentRefType: "agent";
        /** @description Who answers. */
        AgentRefView: {
            id: string;
            type: components["schemas"]["AgentRefKind"];
        };
        /**
         * @description What kind of thing it is.
         * @enum {string}
         */
        AgentType: "agent";
        /** @description What changes of a session's agent. A list replaces the one there was. */
        AgentUpdate: {
            tools?: components["schemas"]["ToolParam"][] | null;
            mcp_servers?: components["schemas"]["McpServer"][] | null;
        };
        /** @description An agent at one of its versions. */
        AgentView: components["schemas"]["DescribedAgent"] & {
            metadata: {
                [key: string]: string;
            };
            budget?: components["schemas"]["BudgetView"] | null;
            /**
             * @description The people it is open to, besides whoever made it and those who administer the
             *     organization; null is everybody. Ours.
             */
            members?: string[] | null;
            /** @description The project that owns it. Ours. */
            project_id: string;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            updated_at: string;
            /** Format: date-time */
            archived_at?: string | null;
        };
        /**
         * @description What kind of thing it is.
         * @enum {string}
         */
        ApprovalRuleType: "approval_rule";
        /** @description A rule of approvals. */
        ApprovalRuleView: {
            id: string;
            type: components["schemas"]["ApprovalRuleType"];
            name: string;
            /** @description Of this project only; null is all. */
            project_id?: string | null;
            /** @description Rollouts that change one of these paths only; empty is any. */
            paths: string[];
            /** @description Of one of these branches only; empty is any. */
            branches: string[];
            window?: components["schemas"]["WindowView"] | null;
            approvers: components["schemas"]["ApproversView"];
            /**
             * Format: int32
             * @description How many of them must approve.
             */
            min_count: number;
            /** @description Whether they may decide about what they reported themselves. */
            allow_own: boolean;
            /**
             * Format: int32
             * @description Seconds after which a rollout that nobody decided about is rejected.
             */
            expires_after_seconds: number;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            updated_at: string;
        };
        /** @description What people were asked about a rollout, and what came of it. */
        ApprovalView: {
            /** @description `pending_approval`, `approved`, `rejected` or `void`. */
            state: string;
            /**
             * @description Why it was rejected (`expired` if nobody decided in time), or is void: `commit`, `status`,
             *     `report`, `superseded` or `exported`.
             */
            reason?: string | null;
            /** @description Who rejected it. */
            rejected_by?: string | null;
            /** @description The commit that was asked about, and that alone. */
            commit?: string | null;
            /** Format: date-time */
            requested_at: string;
            /**
             * Format: date-time
             * @description When it is rejected if nobody decides.
             */
            expires_at: string;
            /** Format: date-time */
            decided_at?: string | null;
            /** @description The rules that asked, as they were then. Each must be met. */
            rules: components["schemas"]["AskView"][];
            /** @description Who approved. */
            votes: components["schemas"]["VoteView"][];
        };
        /** @description Who decides: people by name, and whoever has one of these roles at the moment. */
        ApproversView: {
            /** @description Ids of members. */
            members?: string[];
            /** @description `owner`, `admin` and `member`. */
            roles?: components["schemas"]["RoleView"][];
        };
        /** @description A rule that asked. */
        AskView: {
            rule_id: string;
            name: string;
            /** @description Who decides. */
            approvers: components["schemas"]["ApproversView"];
            /**
             * Format: int32
             * @description How many of them must approve.
             */
            min_count: number;
            /**
             * Format: int32
             * @description How many more must.
             */
            still_needed: number;
            /** @description Whether they may decide about what they reported themselves. */
            allow_own: boolean;
        };
        /** @description A tool call that waits for a person's word. */
        AskingCallView: {
            /**
             * Format: date-time
             * @description Since when.
             */
            since: string;
            agent: components["schemas"]["AgentName"];
            project_id: string;
            session_id: string;
            session_title?: string | null;
            origin: components["schemas"]["OriginView"];
            run_id: string;
            /** @description The `agent.tool_use` event, which a decision names. */
            tool_use_id: string;
            /** @description The tool. */
            name: string;
            /** @description The arguments; null if they are longer than 4 KiB. */
            input?: Record<string, never> | null;
            /** @description How the arguments begin, if they are longer. */
            input_beginning?: string | null;
            /** @description What the call does to the world. */
            effect: components["schemas"]["EffectParam"];
            /** @description The rule by which it is judged. */
            permission_policy: components["schemas"]["Policy"];
            why: components["schemas"]["WhyView"];
            decide: components["schemas"]["DecideView"];
        };
        /** @description A rollout that waits for approval. */
        AskingRolloutView: {
            /**
             * Format: date-time
             * @description Since when.
             */
            since: string;
            /** @description Who watches it. */
            agent: components["schemas"]["AgentName"];
            project_id: string;
            /** @description Where it is told of. */
            session_id: string;
            rollout_id: string;
            /** @description What is rolled out, in the pipeline's words. */
            request: string;
            commit?: string | null;
            ref?: string | null;
            /** @description The names of the rules that ask. */
            rules: string[];
            /**
             * Format: int32
             * @description How many more approvals are needed.
             */
            still_needed: number;
            /**
             * Format: date-time
             * @description When it is rejected if nobody decides.
             */
            expires_at: string;
            decide: components["schemas"]["DecideView"];
        };
        /** @description Something that waits for a person. */
        AskingView: (components["schemas"]["AskingCallView"] & {
            /** @enum {string} */
            type: "tool_call";
        }) | (components["schemas"]["AskingRolloutView"] & {
            /** @enum {string} */
            type: "rollout";
        });
        /** @description What came of sending it. */
        AttemptView: {
            /** Format: date-time */
            at: string;
            /** Format: int64 */
            took_ms: number;
            /**
             * Format: int32
             * @description The receiver's status; null if it gave none.
             */
            status?: number | null;
            /** @description The beginning of what it said. */
            response?: string | null;
            /** @description Why it gave no answer. */
            error?: string | null;
        };
        /**
         * @description What kind of thing it is.
         * @enum {string}
         */
        AuditType: "audit_entry";
        /** @description An entry of the audit log. */
        AuditView: {
            id: string;
            type: components["schemas"]["AuditType"];
            /** Format: date-time */
            at: string;
            actor: components["schemas"]["ActorView"];
            /** @description What was done: `rollout.approved`, `key.created`, … */
            action: string;
            /** @description To what: an id, or a name where there is none. */
            subject: string;
            /** @description More about it. Never a secret. */
            details: Record<string, never>;
        };
        /** @description What happened. */
        BodyView: {
            content: components["schemas"]["ContentView"][];
            /**
             * @description It was waiting for a turn that was called off before it began (the turn before it
             *     failed for good, or someone interrupted), and was not used. Ours.
             */
            dropped?: boolean;
            /** @enum {string} */
            type: "user.message";
        } | {
            session_thread_id?: string | null;
            /** @enum {string} */
            type: "user.interrupt";
        } | {
            tool_use_id: string;
            result: components["schemas"]["VerdictView"];
            deny_message?: string | null;
            /** @description The tool's answer, with `happened`. Ours. */
            content?: components["schemas"]["ContentView"][] | null;
            session_thread_id?: string | null;
            /** @enum {string} */
            type: "user.tool_confirmation";
        } | {
            custom_tool_use_id: string;
            content: components["schemas"]["ContentView"][];
            is_error: boolean;
            session_thread_id?: string | null;
            /** @enum {string} */
            type: "user.custom_tool_result";
        } | {
            content: components["schemas"]["ContentView"][];
            /** @description As with a message. Ours. */
            dropped?: boolean;
            /** @enum {string} */
            type: "system.message";
        } | {
            content: components["schemas"]["ContentView"][];
            /**
             * @description What it had been given to cite, if it cites anything: `[[0]]` in its text names the
             *     first. A marker that names none of them was made up. Ours.
             */
            sources?: components["schemas"]["SourceView"][];
            /** @enum {string} */
            type: "agent.message";
        } | {
            /** @enum {string} */
            type: "agent.thinking";
        } | {
            name: string;
            input: Record<string, never>;
            evaluated_permission: components["schemas"]["PermissionView"];
            evaluation?: components["schemas"]["Evaluation"] | null;
            /** @description What the call does to the world. Ours. */
            effect: components["schemas"]["EffectParam"];
            session_thread_id?: string | null;
            /** @enum {string} */
            type: "agent.tool_use";
        } | {
            name: string;
            input: Record<string, never>;
            session_thread_id?: string | null;
            /** @enum {string} */
            type: "agent.custom_tool_use";
        } | {
            tool_use_id: string;
            content: components["schemas"]["ContentView"][];
            is_error: boolean;
            /** @enum {string} */
            type: "agent.tool_result";
        } | {
            /**
             * Format: int64
             * @description The place in the session before which long results of tools are shown with their
             *     middle left out. Ours.
             */
            tool_results_shortened_before?: number | null;
            /** @description What stands for the oldest messages. Ours. */
            summary?: string | null;
            /** @enum {string} */
            type: "agent.thread_context_compacted";
        } | {
            /** @enum {string} */
            type: "session.status_running";
        } | {
            /** @enum {string} */
            type: "session.status_rescheduled";
        } | {
            stop_reason: components["schemas"]["StopReasonView"];
            stop_details?: components["schemas"]["StopDetails"] | null;
            /** @enum {string} */
            type: "session.status_idle";
        } | {
            /** @enum {string} */
            type: "session.status_terminated";
        } | {
            error: components["schemas"]["FaultView"];
            /** @enum {string} */
            type: "session.error";
        } | {
            /** @description The title since; null if it was removed. */
            title?: string | null;
            /** @description All metadata since. */
            metadata?: {
                [key: string]: string;
            } | null;
            agent?: components["schemas"]["DescribedAgent"] | null;
            budget?: components["schemas"]["BudgetView"] | null;
            /** @enum {string} */
            type: "session.updated";
        } | {
            /** @enum {string} */
            type: "session.deleted";
        } | {
            usage: components["schemas"]["UsageView"];
            budget?: components["schemas"]["BudgetView"] | null;
            /** @enum {string} */
            type: "session.usage";
        } | {
            reason: string;
            /** @enum {string} */
            type: "session.output_invalid";
        } | {
            stop_reason: components["schemas"]["StopReasonView"];
            /** @enum {string} */
            type: "session.run_dropped";
        } | {
            rollout_id: string;
            /** @description `pending`, `running`, `success`, `failure` or `cancelled`. */
            status: string;
            /** @description What is rolled out, in the pipeline's words. */
            request: string;
            commit?: string | null;
            /** @enum {string} */
            type: "rollout.reported";
        } | {
            rollout_id: string;
            /** @description The commit that is asked about. */
            commit?: string | null;
            /** @description The names of the rules that ask. */
            rules: string[];
            /**
             * Format: date-time
             * @description When it is rejected if nobody decides.
             */
            expires_at: string;
            /** @enum {string} */
            type: "rollout.approval_requested";
        } | {
            rollout_id: string;
            /** @description `approved`, `rejected` or `void`. */
            outcome: string;
            /** @description Who decided. */
            member_id?: string | null;
            name?: string | null;
            /** @description What they said; `expired` if nobody decided; of what is void, why. */
            reason?: string | null;
            /**
             * Format: int32
             * @description How many more must approve.
             */
            still_needed?: number | null;
            /** @enum {string} */
            type: "rollout.approval_decided";
        } | {
            /**
             * Format: int32
             * @description Which look this was, from 1.
             */
            check: number;
            /** @description `none`, `no_data`, `unknown`, `medium`, `high` or `critical`. */
            level: string;
            /** @description The level before, if something is worse now, and known to be. */
            rose_from?: string | null;
            /** @description For people. */
            summary: string;
            evidence: components["schemas"]["EvidenceView"][];
            /** @enum {string} */
            type: "monitor.update";
        } | {
            rollout_id: string;
            commit?: string | null;
            /** @description `proposed`, `begun`, `impossible` or `void`. */
            step: string;
            /** @description For people. */
            summary: string;
            /** @enum {string} */
            type: "monitor.rollback";
        } | {
            /** @description `completed`, `cancelled` or `failed`. */
            end: string;
            /**
             * @description What was found, of one that is completed: `healthy`, `anomalies_remain`,
             *     `not_verified` or `deployment_failed`.
             */
            outcome?: string | null;
            /**
             * Format: int32
             * @description How often it was looked at.
             */
            checks: number;
            /** @description How bad it was the last time. */
            level: string;
            /** @description For people. */
            summary: string;
            /** @enum {string} */
            type: "monitor.ended";
        } | {
            /** @description The model. Ours. */
            model: string;
            /** @enum {string} */
            type: "span.model_request_start";
        } | {
            model_request_start_id: string;
            is_error: boolean;
            model_usage: components["schemas"]["CallUsage"];
            list_cost?: components["schemas"]["Money"] | null;
            /** @enum {string} */
            type: "span.model_request_end";
        };
        /** @description What may be spent. At least one bound is needed. */
        BudgetParam: {
            type: components["schemas"]["BudgetType"];
            max_list_cost?: components["schemas"]["MoneyParam"] | null;
            /**
             * Format: int64
             * @description Tokens, read and written. Ours.
             */
            max_tokens?: number | null;
            /**
             * Format: int64
             * @description Model calls. Ours.
             */
            max_steps?: number | null;
            /**
             * Format: int64
             * @description Tool calls. Ours.
             */
            max_tool_calls?: number | null;
            /**
             * Format: int64
             * @description Seconds of work; waiting for somebody does not count. Ours.
             */
            max_active_seconds?: number | null;
        };
        /**
         * @description What kind of budget it is.
         * @enum {string}
         */
        BudgetType: "limit";
        /** @description What may be spent. */
        BudgetView: {
            type: components["schemas"]["BudgetType"];
            max_list_cost?: components["schemas"]["Money"] | null;
            /**
             * Format: int64
             * @description Tokens, read and written. Ours.
             */
            max_tokens?: number | null;
            /**
             * Format: int64
             * @description Model calls. Ours.
             */
            max_steps?: number | null;
            /**
             * Format: int64
             * @description Tool calls. Ours.
             */
            max_tool_calls?: number | null;
            /**
             * Format: int64
             * @description Seconds of work. Ours.
             */
            max_active_seconds?: number | null;
        };
        /**
         * @description By what usage is told apart.
         * @enum {string}
         */
        ByParam: "agent" | "key" | "model" | "day" | "project";
        /** @description Tokens written to a provider's cache, by how long they stay. */
        CacheCreation: {
            /** Format: int64 */
            ephemeral_5m_input_tokens: number;
            /** Format: int64 */
            ephemeral_1h_input_tokens: number;
        };
        /** @description What one model call has used. */
        CallUsage: {
            /** Format: int64 */
            input_tokens: number;
            /** Format: int64 */
            output_tokens: number;
            /** Format: int64 */
            cache_read_input_tokens: number;
            /** Format: int64 */
            cache_creation_input_tokens: number;
        };
        /** @description Another password. */
        ChangePassword: {
            old: string;
            /** @description 10 to 256 characters. */
            new: string;
        };
        /** @description Whether something is to be cited. */
        Citations: {
            enabled?: boolean;
        };
        /** @description How somebody comes in. */
        ComeIn: {
            /** @description Another name than the one in the link; not for a reset. */
            name?: string | null;
            /** @description Another address than the one in the link; for the first owner alone. */
            email?: string | null;
            /**
             * @description The password they will have, of 10 to 256 characters; of whoever has an account, the one
             *     they have. Whoever is logged in and leaves it out comes in as who they are.
             */
            password?: string | null;
        };
        /** @description What a message must be like. */
        ConditionParam: {
            /** @description Where to look, as a JSON pointer. */
            field: string;
            /** @description One of these must stand there. */
            one_of: unknown[];
        };
        /** @description A piece of content. */
        ContentBlock: {
            /** @description The text. */
            text: string;
            /** @enum {string} */
            type: "text";
        } | {
            /** @description Where it is. */
            source: components["schemas"]["ImageSource"];
            /** @enum {string} */
            type: "image";
        } | {
            /** @description Where it is. */
            source: components["schemas"]["DocumentSource"];
            /** @description Its title. */
            title?: string | null;
            /** @description What the model should know about it. */
            context?: string | null;
            /** @enum {string} */
            type: "document";
        } | (components["schemas"]["SearchResult"] & {
            /** @enum {string} */
            type: "search_result";
        });
        /** @description A block as it is shown: with the sources as they were sent. */
        ContentView: {
            /** @description The text. */
            text: string;
            /** @enum {string} */
            type: "text";
        } | {
            /** @description As sent. */
            source: Record<string, never>;
            /** @enum {string} */
            type: "image";
        } | {
            /** @description As sent. */
            source: Record<string, never>;
            title?: string | null;
            context?: string | null;
            /** @enum {string} */
            type: "document";
        } | (components["schemas"]["SearchResult"] & {
            /** @enum {string} */
            type: "search_result";
        });
        /** @description A new agent. */
        CreateAgent: {
            /** @description 1–256 characters. */
            name: string;
            model: components["schemas"]["ModelParam"];
            /** @description For people, at most 2,048 characters. */
            description?: string | null;
            /** @description Instructions to the model, at most 100,000 characters. */
            system?: string | null;
            /** @description At most 256. */
            tools?: components["schemas"]["ToolParam"][] | null;
            /** @description At most 20; each is used by an `mcp_toolset`. */
            mcp_servers?: components["schemas"]["McpServer"][] | null;
            /** @description At most 16 pairs. */
            metadata?: {
                [key: string]: string;
            } | null;
            /** @description Stored and shown; not served in this release. */
            skills?: components["schemas"]["Skill"][] | null;
            multiagent?: components["schemas"]["Typed"] | null;
            execution_identity?: components["schemas"]["Typed"] | null;
            budget?: components["schemas"]["BudgetParam"] | null;
            /** @description JSON Schema that its answers fit: at most 256 KiB, 64 levels deep. Ours. */
            output_schema?: Record<string, never> | null;
        };
        /** @description A new rule. */
        CreateApprovalRule: {
            /** @description 1–256 characters. */
            name: string;
            /** @description Of this project only. */
            project_id?: string | null;
            /**
             * @description Rollouts that change one of these paths only: patterns from the root of the repository,
             *     such as `infra/**`.
             */
            paths?: string[];
            /** @description Of one of these branches only: patterns such as `main` and `release/*`. */
            branches?: string[];
            window?: components["schemas"]["WindowView"] | null;
            approvers?: components["schemas"]["ApproversView"] | null;
            /**
             * Format: int32
             * @description How many of them must approve.
             * @default 1
             */
            min_count: number | null;
            /**
             * @description Whether they may decide about what they reported themselves.
             * @default false
             */
            allow_own: boolean | null;
            /**
             * Format: int32
             * @description Seconds after which a rollout that nobody decided about is rejected: a minute to a week.
             * @default 86400
             */
            expires_after_seconds: number | null;
        };
        /** @description A new deployment. */
        CreateDeployment: {
            /** @description 1–256 characters. */
            name: string;
            agent: components["schemas"]["AgentRef"];
            /** @description `env_default` if absent, and nothing else in this release. */
            environment_id?: string | null;
            /**
             * @description What each session begins with: 1 to 50 messages. May be absent unless it goes by the
             *     clock.
             */
            initial_events?: components["schemas"]["EventParam"][] | null;
            schedule?: components["schemas"]["ScheduleParam"] | null;
            trigger?: components["schemas"]["TriggerParam"] | null;
            budget?: components["schemas"]["BudgetParam"] | null;
            /** @description At most 16 pairs. */
            metadata?: {
                [key: string]: string;
            } | null;
            /** @description Not available in this release: empty. */
            resources?: Record<string, never>[] | null;
            /** @description Not available in this release: empty. */
            vault_ids?: string[] | null;
        };
        /** @description A new key. */
        CreateKey: {
            /** @description For people: 1 to 256 characters. */
            name: string;
            /** @description What it may do; nothing that the caller may not. */
            scopes: string[];
            /** @description The only project it reaches; all that the caller reaches if absent. */
            project_id?: string | null;
            /**
             * Format: date-time
             * @description When it stops working by itself.
             */
            expires_at?: string | null;
            format?: ("sortie" | "uuid") & Record<string, never>;
            budget?: components["schemas"]["BudgetParam"] | null;
            /**
             * @description Whom it acts as; the caller if absent. For others only by whoever administers the
             *     organization.
             */
            member_id?: string | null;
        };
        /** @description A new project. */
        CreateProject: {
            /** @description 1 to 256 characters. */
            name: string;
            /** @description `owner/name`; no other project's. */
            repository?: string | null;
        };
        /** @description A new provider. */
        CreateProvider: {
            /** @description 1–64 of a–z, 0–9, `_` and `-`. */
            name: string;
            provider: components["schemas"]["WireParam"];
            /** @description Where it is. `openai` needs it, up to and including the version. */
            base_url?: string | null;
            /** @description What it is to know us by. Stored encrypted, never shown. */
            api_key?: string | null;
            /** @description The models to offer; the provider is asked if absent. */
            models?: components["schemas"]["OfferedModel"][] | null;
        };
        /** @description A new session. */
        CreateSession: {
            agent: components["schemas"]["AgentParam"];
            /** @description `env_default` if absent, and nothing else in this release. */
            environment_id?: string | null;
            title?: string | null;
            /** @description At most 16 pairs. */
            metadata?: {
                [key: string]: string;
            } | null;
            /** @description Sent at once, at most 50 messages. */
            initial_events?: components["schemas"]["EventParam"][] | null;
            /** @description Not available in this release: empty. */
            vault_ids?: string[] | null;
            /** @description Not available in this release: empty. */
            resources?: Record<string, never>[] | null;
            budget?: components["schemas"]["BudgetParam"] | null;
        };
        /** @description A new webhook. */
        CreateWebhook: {
            /** @description Where deliveries are posted to. Private addresses are refused. */
            url: string;
            /** @description Of what it is to be told; everything if absent, or with `*`. */
            event_types?: string[] | null;
            /** @description The only project whose events it is to be told, for good. */
            project_id?: string | null;
            description?: string | null;
        };
        /** @description An address and its password. */
        Credentials: {
            email: string;
            password: string;
            /** @description The organization; the first that they joined, if absent. */
            org?: string | null;
        };
        /** @description Who is logged in, or whose key it is. */
        CurrentLogin: {
            member: components["schemas"]["LoginMember"];
            org: components["schemas"]["LoginOrg"];
            /** @description The organizations they can log in to; a key's is its own. */
            orgs: components["schemas"]["ReachableOrg"][];
            /** @description What they may do, each right by itself. */
            scopes: string[];
            /**
             * Format: date-time
             * @description When the login or key stops working by itself. A login that is not used for seven days is
             *     over before that.
             */
            expires_at?: string | null;
            /** @description Whether what is here is made up: `sortie serve --demo`. */
            demo: boolean;
        };
        /** @description A tool that the client runs. */
        CustomTool: {
            /** @description 1–128 letters, digits, `_`, `-`. */
            name: string;
            /** @description What it does, for the model. */
            description: string;
            /** @description JSON Schema of the arguments, `type: object`. */
            input_schema: Record<string, never>;
        };
        /**
         * @description A day of the week.
         * @enum {string}
         */
        DayView: "mon" | "tue" | "wed" | "thu" | "fri" | "sat" | "sun";
        /** @description A decision. */
        Decide: {
            /** @description Why, for those who read it later: at most 2,000 characters. */
            reason?: string | null;
            /**
             * Format: date-time
             * @description `requested_at` of the approval that was seen: if something else is asked by now, nothing
             *     is decided, and the answer is 409.
             */
            requested_at?: string | null;
        };
        /** @description The two answers, as requests. */
        DecideView: {
            yes: components["schemas"]["RequestView"];
            no: components["schemas"]["RequestView"];
        };
        /** @description For the tools of a set that are not listed. */
        DefaultConfigParam: {
            enabled?: boolean | null;
            permission_policy?: components["schemas"]["Policy"] | null;
        };
        /** @description For the tools of a set that are not listed. */
        DefaultConfigView: {
            enabled: boolean;
            permission_policy: components["schemas"]["Policy"];
        };
        /** @description An alias that is gone. */
        DeletedAlias: {
            name: string;
            type: components["schemas"]["DeletedAliasType"];
        };
        /**
         * @description What kind of thing it was.
         * @enum {string}
         */
        DeletedAliasType: "model_alias_deleted";
        /** @description A rule that is gone. */
        DeletedApprovalRule: {
            id: string;
            type: components["schemas"]["DeletedApprovalRuleType"];
        };
        /**
         * @description What kind of thing it was.
         * @enum {string}
         */
        DeletedApprovalRuleType: "approval_rule_deleted";
        /** @description A document that is gone. */
        DeletedDocument: {
            id: string;
            type: components["schemas"]["DeletedDocumentType"];
        };
        /**
         * @description What kind of thing it was.
         * @enum {string}
         */
        DeletedDocumentType: "document_deleted";
        /** @description A provider that is gone. */
        DeletedProvider: {
            id: string;
            type: components["schemas"]["DeletedProviderType"];
        };
        /**
         * @description What kind of thing it was.
         * @enum {string}
         */
        DeletedProviderType: "provider_deleted";
        /** @description A session that was deleted. */
        DeletedSession: {
            id: string;
            type: components["schemas"]["DeletedType"];
        };
        /** @description A tool that is gone. */
        DeletedTool: {
            id: string;
            type: components["schemas"]["DeletedToolType"];
        };
        /**
         * @description What kind of thing it was.
         * @enum {string}
         */
        DeletedToolType: "tool_deleted";
        /**
         * @description What kind of thing it is.
         * @enum {string}
         */
        DeletedType: "session_deleted";
        /** @description A webhook that is gone. */
        DeletedWebhook: {
            id: string;
            type: components["schemas"]["DeletedWebhookType"];
        };
        /**
         * @description What kind of thing it was.
         * @enum {string}
         */
        DeletedWebhookType: "webhook_deleted";
        /**
         * @description Where a delivery stands.
         * @enum {string}
         */
        DeliveryStatus: "waiting" | "delivered" | "given_up";
        /**
         * @description What kind of thing it is.
         * @enum {string}
         */
        DeliveryType: "webhook_delivery";
        /** @description Something that was sent to a webhook, or is to be. */
        DeliveryView: {
            /** @description What `webhook-id` says, the same with each attempt. */
            id: string;
            type: components["schemas"]["DeliveryType"];
            webhook_id: string;
            event_type: string;
            status: components["schemas"]["DeliveryStatus"];
            /**
             * Format: int32
             * @description How often it was sent since it was queued.
             */
            attempts: number;
            /**
             * Format: date-time
             * @description When it is sent next.
             */
            next_attempt_at?: string | null;
            last_attempt?: components["schemas"]["AttemptView"] | null;
            /** @description What is sent. */
            payload: Record<string, never>;
            /** Format: date-time */
            created_at: string;
        };
        /**
         * @description An event that can be told of while it is in the making.
         * @enum {string}
         */
        DeltaKind: "agent.message" | "agent.thinking";
        /**
         * @description What kind of thing it is.
         * @enum {string}
         */
        DeploymentRunType: "deployment_run";
        /** @description A time that a deployment began something, or tried to. */
        DeploymentRunView: {
            id: string;
            type: components["schemas"]["DeploymentRunType"];
            deployment_id: string;
            /** @description The session that was begun, or in which a rollout is watched. */
            session_id?: string | null;
            /** @description The run in it. Ours. */
            run_id?: string | null;
            /** @description Whether nothing was begun because the message did not pass the filter. Ours. */
            filtered: boolean;
            error?: components["schemas"]["RunErrorView"] | null;
            trigger_context: components["schemas"]["TriggerContext"];
            /** Format: date-time */
            created_at: string;
        };
        /**
         * @description Whether it begins by itself.
         * @enum {string}
         */
        DeploymentStatus: "active" | "paused";
        /**
         * @description What kind of thing it is.
         * @enum {string}
         */
        DeploymentType: "deployment";
        /** @description A deployment. */
        DeploymentView: {
            id: string;
            type: components["schemas"]["DeploymentType"];
            name: string;
            agent: components["schemas"]["AgentRefView"];
            environment_id: string;
            status: components["schemas"]["DeploymentStatus"];
            paused_reason?: components["schemas"]["PausedReason"] | null;
            initial_events: components["schemas"]["InitialEventView"][];
            schedule?: components["schemas"]["ScheduleView"] | null;
            /** @description What begins its runs. Ours. */
            trigger: components["schemas"]["TriggerView"];
            budget?: components["schemas"]["BudgetView"] | null;
            resources: Record<string, never>[];
            vault_ids: string[];
            metadata: {
                [key: string]: string;
            };
            /** Format: date-time */
            last_run_at?: string | null;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            updated_at: string;
            /** Format: date-time */
            archived_at?: string | null;
        };
        /** @description What an agent is; all that a session shows of its own. */
        DescribedAgent: {
            id: string;
            type: components["schemas"]["AgentType"];
            /** Format: int32 */
            version: number;
            name: string;
            description?: string | null;
            model: components["schemas"]["ModelConfig"];
            system?: string | null;
            tools: components["schemas"]["ToolView"][];
            mcp_servers: Record<string, never>[];
            skills: Record<string, never>[];
            multiagent?: Record<string, never> | null;
            execution_identity: Record<string, never>;
            /** @description JSON Schema that its answers fit; null is plain text. Ours. */
            output_schema?: Record<string, never> | null;
        };
        /** @description Where a document is. */
        DocumentSource: {
            media_type: string;
            data: string;
            /** @enum {string} */
            type: "base64";
        } | {
            media_type: components["schemas"]["PlainText"];
            data: string;
            /** @enum {string} */
            type: "text";
        } | {
            url: string;
            /** @enum {string} */
            type: "url";
        } | {
            file_id: string;
            /** @enum {string} */
            type: "file";
        };
        /**
         * @description What kind of thing it is.
         * @enum {string}
         */
        DocumentType: "document";
        /** @description A document, without its text. */
        DocumentView: {
            id: string;
            type: components["schemas"]["DocumentType"];
            /** @description The agent that reads it; null is every agent of the organization. */
            agent_id?: string | null;
            name: string;
            /** @description `txt`, `md`, `csv`, `json`, `pdf` or `docx`. */
            format: string;
            /**
             * Format: int64
             * @description UTF-8 bytes of its text.
             */
            text_bytes: number;
            /** Format: date-time */
            created_at: string;
            /**
             * Format: date-time
             * @description When it is removed by itself.
             */
            expires_at?: string | null;
        };
        /**
         * @description What a call does to the world.
         * @enum {string}
         */
        EffectParam: "read" | "idempotent" | "unsafe";
        /** @description How hard a model thinks. Also taken as a plain text. */
        Effort: {
            type: components["schemas"]["EffortLevel"];
        };
        /** @enum {string} */
        EffortLevel: "low" | "medium" | "high" | "xhigh" | "max";
        /** @description A chat on a page. */
        EmbedParam: {
            /** @description The sites that may show it: `scheme://host[:port]`, `https://*.example.org`; at most 50. */
            allowed_origins?: string[] | null;
            /** @description Whether a visitor needs a token that the site's back end asked for. */
            secure?: boolean;
            /** @description `light`, `dark` or `auto`. */
            theme?: string | null;
            /** @description The colour of what can be pressed, as `#rrggbb`. */
            color?: string | null;
            /** @description The corner that its button floats in: `right` or `left`. */
            position?: string | null;
            /** @description What stands there before anything is said. */
            greeting?: string | null;
            /** @description What a visitor might begin with; at most 10. */
            starters?: string[] | null;
        };
        /** @description A chat on a page. */
        EmbedView: {
            allowed_origins: string[];
            secure: boolean;
            theme?: string | null;
            color?: string | null;
            position?: string | null;
            greeting?: string | null;
            starters: string[];
        };
        /** @description How far a log-out goes. */
        EndLogin: {
            /** @description Every browser's login of the same person too. */
            everywhere?: boolean;
        };
        /** @enum {string} */
        EnvelopeType: "error";
        /** @description What went wrong. */
        ErrorBody: {
            type: components["schemas"]["ErrorType"];
            message: string;
            details?: components["schemas"]["ErrorDetails"] | null;
        };
        /** @description More about a wrong field. */
        ErrorDetails: {
            /** @description A word that programs can act on. */
            error_code: string;
            /** @description Where. */
            param?: string | null;
        };
        /** @description The body of every error. */
        ErrorEnvelope: {
            type: components["schemas"]["EnvelopeType"];
            error: components["schemas"]["ErrorBody"];
            /** @description The same as in the header `request-id`. */
            request_id: string;
        };
        /**
         * @description The kinds of error; clients choose their exception by it.
         * @enum {string}
         */
        ErrorType: "invalid_request_error" | "authentication_error" | "billing_error" | "permission_error" | "not_found_error" | "conflict_error" | "rate_limit_error" | "api_error" | "overloaded_error";
        /** @description By which rule a permission was judged. */
        Evaluation: {
            /** @enum {string} */
            type: "always_allow";
        } | {
            /** @enum {string} */
            type: "always_ask";
        } | {
            /** @enum {string} */
            type: "auto";
        };
        /** @description An event from the client. */
        EventParam: {
            /** @description At least one block. */
            content: components["schemas"]["ContentBlock"][];
            /** @enum {string} */
            type: "user.message";
        } | {
            /** @description Only null: sessions have one thread. */
            session_thread_id?: string | null;
            /** @enum {string} */
            type: "user.interrupt";
        } | {
            /** @description The tool-use event. */
            tool_use_id: string;
            /** @description The decision. */
            result: components["schemas"]["VerdictParam"];
            /** @description What the agent is told with a denial. */
            deny_message?: string | null;
            /** @description The tool's answer, as far as it is known (with `happened`). */
            content?: components["schemas"]["ContentBlock"][] | null;
            /** @enum {string} */
            type: "user.tool_confirmation";
        } | {
            /** @description The tool-use event. */
            custom_tool_use_id: string;
            /** @description The tool's answer. */
            content?: components["schemas"]["ContentBlock"][] | null;
            /** @description Whether it failed. */
            is_error?: boolean | null;
            /** @enum {string} */
            type: "user.custom_tool_result";
        } | {
            /** @enum {string} */
            type: "user.tool_result";
        } | {
            /** @description At least one block of text. */
            content: components["schemas"]["TextBlock"][];
            /** @enum {string} */
            type: "system.message";
        } | {
            /** @enum {string} */
            type: "user.define_outcome";
        };
        /** @description An event of a session. */
        EventView: components["schemas"]["BodyView"] & {
            id: string;
            /**
             * Format: date-time
             * @description When it was taken into the log; null while it waits.
             */
            processed_at?: string | null;
            /**
             * Format: int64
             * @description Its place in the session, from 1 without gaps; null while it waits. Ours.
             */
            seq?: number | null;
            /** @description The run it belongs to. Ours. */
            run_id?: string | null;
        };
        /** @description What a signal showed. */
        EvidenceView: {
            /** @description The signal's name. */
            signal: string;
            /** @description How bad it is: `none`, `no_data`, `unknown`, `medium`, `high` or `critical`. */
            level: string;
            /**
             * Format: double
             * @description The number now.
             */
            current?: number | null;
            /**
             * Format: double
             * @description The number before the rollout.
             */
            baseline?: number | null;
            /** @description What else was seen. */
            detail?: string | null;
        };
        /**
         * @description What failed.
         * @enum {string}
         */
        FaultType: "model_overloaded_error" | "model_rate_limited_error" | "model_request_failed_error" | "billing_error" | "compaction_limit_reached_error" | "unknown_error";
        /** @description A fault of a session. */
        FaultView: {
            type: components["schemas"]["FaultType"];
            message: string;
            retry_status: components["schemas"]["RetryStatusView"];
        };
        /**
         * @description Whose budget it is.
         * @enum {string}
         */
        HolderView: "session" | "agent" | "key" | "organization";
        /** @description A tool that the server calls over HTTP. */
        HttpToolParam: {
            /** @description 1–128 letters, digits, `_`, `-`. */
            name: string;
            /** @description What it does, for the model. */
            description: string;
            /** @description JSON Schema of the arguments, `type: object`; an object without properties if absent. */
            input_schema?: Record<string, never> | null;
            /** @description `GET`, `POST`, `PUT`, `PATCH`, `DELETE` or `HEAD`. */
            method: string;
            /** @description Address; `{name}` stands for the argument of that name. */
            url: string;
            /**
             * @description Headers sent with each call. Their values are kept encrypted and never shown again: a
             *     value that is sent back as it is shown stays as it is.
             */
            headers?: {
                [key: string]: string;
            } | null;
            /**
             * Format: int64
             * @description How long one call may take, in milliseconds.
             */
            timeout_ms?: number | null;
            effect?: components["schemas"]["EffectParam"] | null;
        };
        /** @description An HTTP tool as it is shown. */
        HttpToolView: {
            name: string;
            description: string;
            input_schema: Record<string, never>;
            method: string;
            url: string;
            /** @description Their names; the values are not shown. */
            headers: {
                [key: string]: string;
            };
            /** Format: int64 */
            timeout_ms: number;
            effect: components["schemas"]["EffectParam"];
        };
        /** @description Where a picture is. */
        ImageSource: {
            media_type: string;
            data: string;
            /** @enum {string} */
            type: "base64";
        } | {
            url: string;
            /** @enum {string} */
            type: "url";
        } | {
            file_id: string;
            /** @enum {string} */
            type: "file";
        };
        /** @description What a session begins with. */
        InitialEventView: {
            /** @description What is said. */
            content: components["schemas"]["ContentView"][];
            /** @enum {string} */
            type: "user.message";
        } | {
            /** @description What is said. */
            content: components["schemas"]["ContentView"][];
            /** @enum {string} */
            type: "system.message";
        };
        /** @description An issuer at which people log in. */
        IssuerView: {
            /**
             * @description A browser that is sent to `/login/oidc/{name}` logs in there; `return_to` is the path
             *     that it comes back to.
             */
            name: string;
            /** @description What people call it. */
            title: string;
        };
        /** @description A key's budget, and what was spent of it. */
        KeyBudget: {
            limit: components["schemas"]["BudgetView"];
            spent: components["schemas"]["SpentView"];
        };
        /**
         * @description What kind of thing it is.
         * @enum {string}
         */
        KeyType: "key";
        /** @description An API key, without its secret. */
        KeyView: {
            id: string;
            type: components["schemas"]["KeyType"];
            name: string;
            /** @description How the secret begins. Never enough to use it. */
            hint: string;
            maker: components["schemas"]["MakerView"];
            /** @description What it may do, as far as its maker's role holds it. */
            scopes: string[];
            /** @description The only project it reaches; null is all. */
            project_id?: string | null;
            budget?: components["schemas"]["KeyBudget"] | null;
            /** Format: date-time */
            created_at: string;
            /**
             * Format: date-time
             * @description When it stops working by itself.
             */
            expires_at?: string | null;
            /**
             * Format: date-time
             * @description To the minute.
             */
            last_used_at?: string | null;
            /** Format: date-time */
            revoked_at?: string | null;
        };
        /** @description What was said last in a session: one line, at most 200 characters. */
        LastLineView: {
            by: components["schemas"]["SpeakerView"];
            text: string;
        };
        /**
         * @description Where in its life a model is.
         * @enum {string}
         */
        Lifecycle: "active";
        /**
         * @description The kinds of link.
         * @enum {string}
         */
        LinkKindView: "invitation" | "reset" | "owner";
        /** @description The organization that a link lets in to. */
        LinkOrg: {
            name: string;
        };
        /** @description The member they are. */
        LoginMember: {
            id: string;
            name: string;
            email: string;
            role: components["schemas"]["RoleView"];
        };
        /** @description The organization they are logged in to. */
        LoginOrg: {
            id: string;
            name: string;
            /** @description IANA name: `Europe/Berlin`. */
            time_zone: string;
        };
        /** @description The person a key acts as. */
        MakerView: {
            id: string;
            name: string;
            email: string;
            role: string;
            /** @description Whether they are neither suspended nor gone: the key opens nothing otherwise. */
            active: boolean;
        };
        /** @description An MCP server reached over HTTP. */
        McpServer: {
            /** @description 1–255 characters, unique in the agent; toolsets name it. */
            name: string;
            /** @description Its address. */
            url: string;
            /** @enum {string} */
            type: "url";
        };
        /**
         * @description What kind of thing it is.
         * @enum {string}
         */
        MemberType: "member";
        /** @description A person. */
        MemberView: {
            id: string;
            type: components["schemas"]["MemberType"];
            name: string;
            email: string;
            role: components["schemas"]["RoleView"];
            /** Format: date-time */
            created_at: string;
            /**
             * Format: date-time
             * @description Since when they, and the keys they made, may do nothing for now.
             */
            suspended_at?: string | null;
        };
        /**
         * @description How it is sent.
         * @enum {string}
         */
        MethodView: "POST";
        /**
         * @description What kind of thing it is.
         * @enum {string}
         */
        ModelAliasType: "model_alias";
        /** @description Another name for a model. */
        ModelAliasView: {
            /** @description What an agent's `model` may say. */
            name: string;
            type: components["schemas"]["ModelAliasType"];
            /** @description What it means, `provider/model`. */
            model: string;
            /** @description Whose it is. An organization's own hides the operator's of that name. */
            owner: components["schemas"]["OwnerView"];
            /**
             * Format: date-time
             * @description When it was given this meaning; null for the operator's.
             */
            updated_at?: string | null;
        };
        /** @description A model and how to use it. */
        ModelConfig: {
            /** @description `provider/model`, an alias, or a bare `claude-…`. */
            id: string;
            /**
             * @description The models that stand in, in this order, when the one before does not serve: at most
             *     3. Ours.
             */
            fallbacks?: string[];
            effort?: components["schemas"]["Effort"] | null;
            speed?: components["schemas"]["Speed"] | null;
            /** @description Where the model may run, as the provider names it. */
            inference_geo?: string | null;
        };
        /** @description The models there are. */
        ModelPage: {
            data: components["schemas"]["ModelView"][];
            /** @description Whether there are more in the direction of the page. */
            has_more: boolean;
            first_id?: string | null;
            last_id?: string | null;
            /** @description Providers that did not list theirs. Ours. */
            unavailable: components["schemas"]["UnavailableProvider"][];
        };
        /** @description The name of a model, or an object with more to choose. */
        ModelParam: string | components["schemas"]["ModelConfig"];
        /**
         * @description What kind of thing it is.
         * @enum {string}
         */
        ModelType: "model";
        /** @description A model. */
        ModelView: {
            /** @description `provider/model`. */
            id: string;
            type: components["schemas"]["ModelType"];
            display_name: string;
            /**
             * Format: date-time
             * @description Not known here: the beginning of time, as the client library expects.
             */
            created_at: string;
            /** @description What a provider lists can be used. */
            lifecycle: components["schemas"]["Lifecycle"];
            /**
             * Format: int32
             * @description Tokens it can hold, if known.
             */
            max_input_tokens?: number | null;
            /**
             * Format: int32
             * @description Tokens it can write in one answer, if known.
             */
            max_tokens?: number | null;
            /** @description Other names that mean this model. Ours. */
            aliases: string[];
            /** @description What it costs; left out if the operator has set no price. Ours. */
            prices?: components["schemas"]["PricesView"];
        };
        /** @description An amount of money. */
        Money: {
            /** @description Whole minor units (cents). */
            amount: string;
            currency: string;
            /** @description The amount to a millionth of the currency's unit. Ours. */
            amount_micros: string;
        };
        /** @description An amount of money, as clients write it. */
        MoneyParam: {
            /** @description Minor units (cents), as a whole number in a text. */
            amount: string;
            /** @description Three capital letters. */
            currency: string;
        };
        /** @description A status, and when the rollout moved to it. */
        MoveView: {
            status: string;
            /** Format: date-time */
            at: string;
        };
        /**
         * @description What a tool call waits for.
         * @enum {string}
         */
        NeedView: "approval" | "resolution" | "client_result";
        /** @description A key with its secret. */
        NewKeyView: components["schemas"]["KeyView"] & {
            /** @description The key itself. It is shown this once. */
            key: string;
        };
        /** @description A new link. It is shown this once. */
        NewLinkView: {
            /** @description What to send to the person: whoever has it comes in as them, once. */
            url: string;
            /** Format: date-time */
            expires_at: string;
        };
        /** @description A model that a provider offers. */
        OfferedModel: {
            /** @description Its name at the provider. */
            name: string;
            /**
             * Format: int32
             * @description Tokens it can hold, prompt and answer together.
             */
            context_tokens?: number | null;
            /**
             * Format: int32
             * @description Tokens it can write in one answer.
             */
            output_tokens?: number | null;
        };
        /** @description Whom an agent is to be open to. */
        OpenAgent: {
            /** @description Ids of people; null or absent is everybody in the organization. */
            members?: string[] | null;
        };
        /** @description What a link is for. */
        OpenLink: {
            kind: components["schemas"]["LinkKindView"];
            org: components["schemas"]["LinkOrg"];
            /** @description The address that they will log in with. */
            email: string;
            /** @description As they are called so far. */
            name: string;
            /**
             * @description Whether somebody logs in with this address already. Then an invitation asks for the
             *     password they have.
             */
            has_account: boolean;
        };
        /**
         * @description What kind of thing it is.
         * @enum {string}
         */
        OrgType: "organization";
        /** @description The organization. */
        OrgView: {
            id: string;
            type: components["schemas"]["OrgType"];
            name: string;
            /** @description IANA name, such as `Europe/Berlin`. */
            time_zone: string;
            rollouts: components["schemas"]["RolloutSettingsView"];
            /** Format: date-time */
            created_at: string;
        };
        /**
         * @description What began a session: one of the APIs, or the deploy monitor of itself. `deployment_id` says
         *     whether a schedule, a webhook or a page stands behind it.
         * @enum {string}
         */
        OriginView: "native" | "make" | "cassidy" | "cased" | "monitor";
        /** @description How a run ended. */
        OutcomeView: {
            /** @enum {string} */
            type: "done";
        } | {
            /** @enum {string} */
            type: "refused";
        } | {
            unit: components["schemas"]["UnitView"];
            budget?: components["schemas"]["HolderView"] | null;
            /** @enum {string} */
            type: "limit_reached";
        } | {
            /** @enum {string} */
            type: "interrupted";
        } | {
            message: string;
            /** @enum {string} */
            type: "model_failed";
        } | {
            message: string;
            /** @enum {string} */
            type: "unrunnable";
        };
        /** @description A log at a glance. */
        OverviewView: {
            /** @description Equal parts of the log, the oldest first; each but the last has as many events. */
            data: components["schemas"]["StretchView"][];
        };
        /**
         * @description Whose something is.
         * @enum {string}
         */
        OwnerView: "operator" | "organization";
        /** @description One page of a list. */
        Page_AgentView: {
            data: (components["schemas"]["DescribedAgent"] & {
                metadata: {
                    [key: string]: string;
                };
                budget?: components["schemas"]["BudgetView"] | null;
                /**
                 * @description The people it is open to, besides whoever made it and those who administer the
                 *     organization; null is everybody. Ours.
                 */
                members?: string[] | null;
                /** @description The project that owns it. Ours. */
                project_id: string;
                /** Format: date-time */
                created_at: string;
                /** Format: date-time */
                updated_at: string;
                /** Format: date-time */
                archived_at?: string | null;
            })[];
            /** @description To be sent as `page` for what follows; null on the last page. */
            next_page?: string | null;
        };
        /** @description One page of a list. */
        Page_ApprovalRuleView: {
            data: {
                id: string;
                type: components["schemas"]["ApprovalRuleType"];
                name: string;
                /** @description Of this project only; null is all. */
                project_id?: string | null;
                /** @description Rollouts that change one of these paths only; empty is any. */
                paths: string[];
                /** @description Of one of these branches only; empty is any. */
                branches: string[];
                window?: components["schemas"]["WindowView"] | null;
                approvers: components["schemas"]["ApproversView"];
                /**
                 * Format: int32
                 * @description How many of them must approve.
                 */
                min_count: number;
                /** @description Whether they may decide about what they reported themselves. */
                allow_own: boolean;
                /**
                 * Format: int32
                 * @description Seconds after which a rollout that nobody decided about is rejected.
                 */
                expires_after_seconds: number;
                /** Format: date-time */
                created_at: string;
                /** Format: date-time */
                updated_at: string;
            }[];
            /** @description To be sent as `page` for what follows; null on the last page. */
            next_page?: string | null;
        };
        /** @description One page of a list. */
        Page_AskingView: {
            data: ((components["schemas"]["AskingCallView"] & {
                /** @enum {string} */
                type: "tool_call";
            }) | (components["schemas"]["AskingRolloutView"] & {
                /** @enum {string} */
                type: "rollout";
            }))[];
            /** @description To be sent as `page` for what follows; null on the last page. */
            next_page?: string | null;
        };
        /** @description One page of a list. */
        Page_AuditView: {
            data: {
                id: string;
                type: components["schemas"]["AuditType"];
                /** Format: date-time */
                at: string;
                actor: components["schemas"]["ActorView"];
                /** @description What was done: `rollout.approved`, `key.created`, … */
                action: string;
                /** @description To what: an id, or a name where there is none. */
                subject: string;
                /** @description More about it. Never a secret. */
                details: Record<string, never>;
            }[];
            /** @description To be sent as `page` for what follows; null on the last page. */
            next_page?: string | null;
        };
        /** @description One page of a list. */
        Page_DeliveryView: {
            data: {
                /** @description What `webhook-id` says, the same with each attempt. */
                id: string;
                type: components["schemas"]["DeliveryType"];
                webhook_id: string;
                event_type: string;
                status: components["schemas"]["DeliveryStatus"];
                /**
                 * Format: int32
                 * @description How often it was sent since it was queued.
                 */
                attempts: number;
                /**
                 * Format: date-time
                 * @description When it is sent next.
                 */
                next_attempt_at?: string | null;
                last_attempt?: components["schemas"]["AttemptView"] | null;
                /** @description What is sent. */
                payload: Record<string, never>;
                /** Format: date-time */
                created_at: string;
            }[];
            /** @description To be sent as `page` for what follows; null on the last page. */
            next_page?: string | null;
        };
        /** @description One page of a list. */
        Page_DeploymentRunView: {
            data: {
                id: string;
                type: components["schemas"]["DeploymentRunType"];
                deployment_id: string;
                /** @description The session that was begun, or in which a rollout is watched. */
                session_id?: string | null;
                /** @description The run in it. Ours. */
                run_id?: string | null;
                /** @description Whether nothing was begun because the message did not pass the filter. Ours. */
                filtered: boolean;
                error?: components["schemas"]["RunErrorView"] | null;
                trigger_context: components["schemas"]["TriggerContext"];
                /** Format: date-time */
                created_at: string;
            }[];
            /** @description To be sent as `page` for what follows; null on the last page. */
            next_page?: string | null;
        };
        /** @description One page of a list. */
        Page_DeploymentView: {
            data: {
                id: string;
                type: components["schemas"]["DeploymentType"];
                name: string;
                agent: components["schemas"]["AgentRefView"];
                environment_id: string;
                status: components["schemas"]["DeploymentStatus"];
                paused_reason?: components["schemas"]["PausedReason"] | null;
                initial_events: components["schemas"]["InitialEventView"][];
                schedule?: components["schemas"]["ScheduleView"] | null;
                /** @description What begins its runs. Ours. */
                trigger: components["schemas"]["TriggerView"];
                budget?: components["schemas"]["BudgetView"] | null;
                resources: Record<string, never>[];
                vault_ids: string[];
                metadata: {
                    [key: string]: string;
                };
                /** Format: date-time */
                last_run_at?: string | null;
                /** Format: date-time */
                created_at: string;
                /** Format: date-time */
                updated_at: string;
                /** Format: date-time */
                archived_at?: string | null;
            }[];
            /** @description To be sent as `page` for what follows; null on the last page. */
            next_page?: string | null;
        };
        /** @description One page of a list. */
        Page_DocumentView: {
            data: {
                id: string;
                type: components["schemas"]["DocumentType"];
                /** @description The agent that reads it; null is every agent of the organization. */
                agent_id?: string | null;
                name: string;
                /** @description `txt`, `md`, `csv`, `json`, `pdf` or `docx`. */
                format: string;
                /**
                 * Format: int64
                 * @description UTF-8 bytes of its text.
                 */
                text_bytes: number;
                /** Format: date-time */
                created_at: string;
                /**
                 * Format: date-time
                 * @description When it is removed by itself.
                 */
                expires_at?: string | null;
            }[];
            /** @description To be sent as `page` for what follows; null on the last page. */
            next_page?: string | null;
        };
        /** @description One page of a list. */
        Page_EventView: {
            data: (components["schemas"]["BodyView"] & {
                id: string;
                /**
                 * Format: date-time
                 * @description When it was taken into the log; null while it waits.
                 */
                processed_at?: string | null;
                /**
                 * Format: int64
                 * @description Its place in the session, from 1 without gaps; null while it waits. Ours.
                 */
                seq?: number | null;
                /** @description The run it belongs to. Ours. */
                run_id?: string | null;
            })[];
            /** @description To be sent as `page` for what follows; null on the last page. */
            next_page?: string | null;
        };
        /** @description One page of a list. */
        Page_KeyView: {
            data: {
                id: string;
                type: components["schemas"]["KeyType"];
                name: string;
                /** @description How the secret begins. Never enough to use it. */
                hint: string;
                maker: components["schemas"]["MakerView"];
                /** @description What it may do, as far as its maker's role holds it. */
                scopes: string[];
                /** @description The only project it reaches; null is all. */
                project_id?: string | null;
                budget?: components["schemas"]["KeyBudget"] | null;
                /** Format: date-time */
                created_at: string;
                /**
                 * Format: date-time
                 * @description When it stops working by itself.
                 */
                expires_at?: string | null;
                /**
                 * Format: date-time
                 * @description To the minute.
                 */
                last_used_at?: string | null;
                /** Format: date-time */
                revoked_at?: string | null;
            }[];
            /** @description To be sent as `page` for what follows; null on the last page. */
            next_page?: string | null;
        };
        /** @description One page of a list. */
        Page_MemberView: {
            data: {
                id: string;
                type: components["schemas"]["MemberType"];
                name: string;
                email: string;
                role: components["schemas"]["RoleView"];
                /** Format: date-time */
                created_at: string;
                /**
                 * Format: date-time
                 * @description Since when they, and the keys they made, may do nothing for now.
                 */
                suspended_at?: string | null;
            }[];
            /** @description To be sent as `page` for what follows; null on the last page. */
            next_page?: string | null;
        };
        /** @description One page of a list. */
        Page_ModelAliasView: {
            data: {
                /** @description What an agent's `model` may say. */
                name: string;
                type: components["schemas"]["ModelAliasType"];
                /** @description What it means, `provider/model`. */
                model: string;
                /** @description Whose it is. An organization's own hides the operator's of that name. */
                owner: components["schemas"]["OwnerView"];
                /**
                 * Format: date-time
                 * @description When it was given this meaning; null for the operator's.
                 */
                updated_at?: string | null;
            }[];
            /** @description To be sent as `page` for what follows; null on the last page. */
            next_page?: string | null;
        };
        /** @description One page of a list. */
        Page_ProjectToolView: {
            data: (components["schemas"]["HttpToolView"] & {
                id: string;
                type: components["schemas"]["ProjectToolType"];
                /**
                 * Format: int64
                 * @description Its number, by which agents name it.
                 */
                number: number;
                project_id: string;
                /** Format: date-time */
                created_at: string;
            })[];
            /** @description To be sent as `page` for what follows; null on the last page. */
            next_page?: string | null;
        };
        /** @description One page of a list. */
        Page_ProjectView: {
            data: {
                id: string;
                type: components["schemas"]["ProjectType"];
                /**
                 * Format: int64
                 * @description Its number, which the Make-compatible API calls a team's id.
                 */
                number: number;
                name: string;
                /** @description `owner/name`: whose rollouts are this project's. */
                repository?: string | null;
                /** Format: date-time */
                created_at: string;
            }[];
            /** @description To be sent as `page` for what follows; null on the last page. */
            next_page?: string | null;
        };
        /** @description One page of a list. */
        Page_ProviderView: {
            data: {
                /** @description Null for the operator's, which are named by their names. */
                id?: string | null;
                type: components["schemas"]["ProviderType"];
                /** @description What stands before the slash of a model's name. */
                name: string;
                /** @description How it is spoken to: `openai`, `anthropic`, `local` or `scripted`. */
                provider: string;
                /** @description Whose it is. An organization's own hides the operator's of that name. */
                owner: components["schemas"]["OwnerView"];
                /** @description Where it is, if it is the organization's own and was told. */
                base_url?: string | null;
                /** @description Dots if a key is stored; the key itself is never shown. */
                api_key?: string | null;
                /** @description The models it offers, if they were told; else it is asked. */
                models?: components["schemas"]["OfferedModel"][] | null;
                /** Format: date-time */
                created_at?: string | null;
                /** Format: date-time */
                updated_at?: string | null;
            }[];
            /** @description To be sent as `page` for what follows; null on the last page. */
            next_page?: string | null;
        };
        /** @description One page of a list. */
        Page_RolloutView: {
            data: {
                id: string;
                type: components["schemas"]["RolloutType"];
                /** @description Its id in the Cased-compatible API. */
                alias: string;
                project_id: string;
                /** @description `owner/name`. */
                repository?: string | null;
                /** @description Where it is watched and told of. */
                session_id: string;
                /** @description What its pipeline last said: `pending`, `running`, `success`, `failure` or `cancelled`. */
                status: string;
                /**
                 * @description While it is pending and rules ask about it, `pending_approval`, `approved`, `rejected` or
                 *     `void`; otherwise its status.
                 */
                state: string;
                /** @description What is rolled out, in the pipeline's words. */
                request: string;
                commit?: string | null;
                commit_message?: string | null;
                ref?: string | null;
                external_url?: string | null;
                run_id?: string | null;
                run_url?: string | null;
                workflow_id?: string | null;
                metadata: Record<string, never>;
                /** @description What it changes, by `changed_paths` or `files` of its metadata; null if those do not say. */
                changed_paths?: string[] | null;
                approval?: components["schemas"]["ApprovalView"] | null;
                /**
                 * @description How bad the last look at it was: `none`, `no_data`, `unknown`, `medium`, `high` or
                 *     `critical`; null before the first.
                 */
                level?: string | null;
                /**
                 * @description What its watch found when it had run its course: `healthy`, `anomalies_remain`,
                 *     `not_verified` or `deployment_failed`; null until then, and of one that was stopped.
                 */
                finding?: string | null;
                /** @description Whose keys reported it. */
                reported_by: components["schemas"]["ReporterView"][];
                /** @description Each status it moved to, oldest first. */
                history: components["schemas"]["MoveView"][];
                /** Format: date-time */
                created_at: string;
                /** Format: date-time */
                updated_at: string;
            }[];
            /** @description To be sent as `page` for what follows; null on the last page. */
            next_page?: string | null;
        };
        /** @description One page of a list. */
        Page_RunView: {
            data: {
                id: string;
                type: components["schemas"]["RunType"];
                session_id: string;
                agent_id: string;
                /** Format: int32 */
                agent_version?: number | null;
                status: components["schemas"]["RunStatusView"];
                outcome?: components["schemas"]["OutcomeView"] | null;
                /** @description Tool calls that wait for someone. */
                waiting_for: components["schemas"]["WaitingView"][];
                /**
                 * Format: int32
                 * @description Model calls begun.
                 */
                steps: number;
                /**
                 * Format: int32
                 * @description Tool calls begun.
                 */
                tool_calls: number;
                usage: components["schemas"]["CallUsage"];
                list_cost?: components["schemas"]["Money"] | null;
                /**
                 * Format: double
                 * @description Seconds in which a worker held it.
                 */
                active_seconds: number;
                /** Format: date-time */
                queued_at: string;
                /** Format: date-time */
                started_at?: string | null;
                /** Format: date-time */
                ended_at?: string | null;
                /**
                 * Format: date-time
                 * @description When it ends, finished or not.
                 */
                deadline?: string | null;
            }[];
            /** @description To be sent as `page` for what follows; null on the last page. */
            next_page?: string | null;
        };
        /** @description One page of a list. */
        Page_WebhookView: {
            data: {
                id: string;
                type: components["schemas"]["WebhookType"];
                url: string;
                /** @description Of what it is told; `*` is everything. */
                event_types: string[];
                /** @description The only project whose events it is told; null is all. */
                project_id?: string | null;
                description?: string | null;
                /** @description Whether nothing is sent to it. */
                disabled: boolean;
                /** Format: date-time */
                disabled_at?: string | null;
                /** @description `by_hand`, `gone`, `failing`, `too_far_behind` or `imported`. */
                disabled_reason?: string | null;
                /** @description The same for people. */
                notice?: string | null;
                /**
                 * Format: date-time
                 * @description Since when its receiver has taken nothing; null if it took what was sent last.
                 */
                failing_since?: string | null;
                /**
                 * Format: date-time
                 * @description Until when the secret before the present one signs too.
                 */
                previous_secret_until?: string | null;
                /** Format: date-time */
                created_at: string;
                /** Format: date-time */
                updated_at: string;
            }[];
            /** @description To be sent as `page` for what follows; null on the last page. */
            next_page?: string | null;
        };
        /**
         * @description Why it is paused.
         * @enum {string}
         */
        PausedReason: "manual";
        /**
         * @description What became of the question whether a tool may be called.
         * @enum {string}
         */
        PermissionView: "allow" | "ask" | "deny";
        /**
         * @description The one media type of a document that is sent as text.
         * @enum {string}
         */
        PlainText: "text/plain";
        /** @description Whether a tool may be called. */
        Policy: {
            /** @enum {string} */
            type: "always_allow";
        } | {
            /** @enum {string} */
            type: "always_ask";
        } | {
            /** @enum {string} */
            type: "auto";
        } | {
            /** @enum {string} */
            type: "always_deny";
        };
        /** @description What a million tokens cost, as decimal numbers of the currency's unit. */
        PricesView: {
            /** @description As by ISO 4217. */
            currency: string;
            /** @description Tokens read. */
            input: string;
            /** @description Tokens written. */
            output: string;
            /** @description Tokens read from the provider's cache. */
            cache_read: string;
            /** @description Tokens written to the provider's cache. */
            cache_write: string;
        };
        /**
         * @description What kind of thing it is.
         * @enum {string}
         */
        ProjectToolType: "tool";
        /** @description A tool of a project. */
        ProjectToolView: components["schemas"]["HttpToolView"] & {
            id: string;
            type: components["schemas"]["ProjectToolType"];
            /**
             * Format: int64
             * @description Its number, by which agents name it.
             */
            number: number;
            project_id: string;
            /** Format: date-time */
            created_at: string;
        };
        /**
         * @description What kind of thing it is.
         * @enum {string}
         */
        ProjectType: "project";
        /** @description A part of the organization that owns agents. */
        ProjectView: {
            id: string;
            type: components["schemas"]["ProjectType"];
            /**
             * Format: int64
             * @description Its number, which the Make-compatible API calls a team's id.
             */
            number: number;
            name: string;
            /** @description `owner/name`: whose rollouts are this project's. */
            repository?: string | null;
            /** Format: date-time */
            created_at: string;
        };
        /** @description Why a provider cannot be used. */
        ProviderFault: {
            /** @description `unauthorized`, `unreachable`, `silent`, `rejected`, … */
            type: string;
            message: string;
        };
        /** @description What came of trying a provider out. */
        ProviderTest: {
            type: components["schemas"]["ProviderTestType"];
            /** @description Whether it answered and knows us. */
            ok: boolean;
            error?: components["schemas"]["ProviderFault"] | null;
        };
        /**
         * @description What kind of thing it is.
         * @enum {string}
         */
        ProviderTestType: "provider_test";
        /**
         * @description What kind of thing it is.
         * @enum {string}
         */
        ProviderType: "provider";
        /** @description A provider of models. */
        ProviderView: {
            /** @description Null for the operator's, which are named by their names. */
            id?: string | null;
            type: components["schemas"]["ProviderType"];
            /** @description What stands before the slash of a model's name. */
            name: string;
            /** @description How it is spoken to: `openai`, `anthropic`, `local` or `scripted`. */
            provider: string;
            /** @description Whose it is. An organization's own hides the operator's of that name. */
            owner: components["schemas"]["OwnerView"];
            /** @description Where it is, if it is the organization's own and was told. */
            base_url?: string | null;
            /** @description Dots if a key is stored; the key itself is never shown. */
            api_key?: string | null;
            /** @description The models it offers, if they were told; else it is asked. */
            models?: components["schemas"]["OfferedModel"][] | null;
            /** Format: date-time */
            created_at?: string | null;
            /** Format: date-time */
            updated_at?: string | null;
        };
        /** @description What a name is to mean. */
        PutAlias: {
            /** @description The model's full name, `provider/model`. */
            model: string;
        };
        /** @description An organization they can log in to. */
        ReachableOrg: {
            id: string;
            name: string;
            /** @description Theirs in it. */
            role: components["schemas"]["RoleView"];
        };
        /** @description A person who left. */
        RemovedMember: {
            id: string;
            type: components["schemas"]["RemovedMemberType"];
        };
        /**
         * @description What kind of thing it was.
         * @enum {string}
         */
        RemovedMemberType: "member_removed";
        /** @description Somebody whose key reported a rollout. */
        ReporterView: {
            member_id: string;
            /** @description Null of somebody who was removed. */
            name?: string | null;
        };
        /** @description A request to be sent with the caller's own key. */
        RequestView: {
            method: components["schemas"]["MethodView"];
            path: string;
            body: Record<string, never>;
        };
        /** @description Whether a call whose outcome was lost took effect. */
        ResolveRun: {
            /** @description It did: the agent goes on with `content`. It did not: the call is made. */
            happened: boolean;
            /** @description The call's answer, as far as it is known. */
            content?: components["schemas"]["ContentBlock"][] | null;
        };
        /** @description A session that was waited for. */
        RestingSession: {
            id: string;
            status: components["schemas"]["StatusView"];
        };
        /** @description What is done about a fault. */
        RetryStatusView: {
            /** @enum {string} */
            type: "retrying";
        } | {
            /** @enum {string} */
            type: "exhausted";
        } | {
            /** @enum {string} */
            type: "terminal";
        };
        /** @description A key that opens nothing any more. */
        RevokedKey: {
            id: string;
            type: components["schemas"]["RevokedKeyType"];
            /** Format: date-time */
            revoked_at?: string | null;
        };
        /**
         * @description What kind of thing it was.
         * @enum {string}
         */
        RevokedKeyType: "key_revoked";
        /**
         * @description What a person may do.
         * @enum {string}
         */
        RoleView: "owner" | "admin" | "member" | "viewer";
        /** @description A monitor of rollouts. */
        RolloutMonitorParam: {
            /** @description Whose rollouts; those of all projects that have no monitor of their own if absent. */
            project_id?: string | null;
            /**
             * @description When they are looked at, and what at, as the page on rollouts describes it; the usual
             *     schedule and no signals if absent.
             */
            monitor?: Record<string, never> | null;
        };
        /** @description A monitor of rollouts. */
        RolloutMonitorView: {
            /** @description Whose rollouts; null is those of all projects that have no monitor of their own. */
            project_id?: string | null;
            /** @description When they are looked at, and what at. */
            monitor: Record<string, never>;
        };
        /** @description What becomes of rollouts that are reported. */
        RolloutSettingsView: {
            /** @description Whether a report of a repository that no project has makes a project. */
            make_projects: boolean;
        };
        /**
         * @description What kind of thing it is.
         * @enum {string}
         */
        RolloutType: "rollout";
        /** @description A software deployment that a pipeline reported. */
        RolloutView: {
            id: string;
            type: components["schemas"]["RolloutType"];
            /** @description Its id in the Cased-compatible API. */
            alias: string;
            project_id: string;
            /** @description `owner/name`. */
            repository?: string | null;
            /** @description Where it is watched and told of. */
            session_id: string;
            /** @description What its pipeline last said: `pending`, `running`, `success`, `failure` or `cancelled`. */
            status: string;
            /**
             * @description While it is pending and rules ask about it, `pending_approval`, `approved`, `rejected` or
             *     `void`; otherwise its status.
             */
            state: string;
            /** @description What is rolled out, in the pipeline's words. */
            request: string;
            commit?: string | null;
            commit_message?: string | null;
            ref?: string | null;
            external_url?: string | null;
            run_id?: string | null;
            run_url?: string | null;
            workflow_id?: string | null;
            metadata: Record<string, never>;
            /** @description What it changes, by `changed_paths` or `files` of its metadata; null if those do not say. */
            changed_paths?: string[] | null;
            approval?: components["schemas"]["ApprovalView"] | null;
            /**
             * @description How bad the last look at it was: `none`, `no_data`, `unknown`, `medium`, `high` or
             *     `critical`; null before the first.
             */
            level?: string | null;
            /**
             * @description What its watch found when it had run its course: `healthy`, `anomalies_remain`,
             *     `not_verified` or `deployment_failed`; null until then, and of one that was stopped.
             */
            finding?: string | null;
            /** @description Whose keys reported it. */
            reported_by: components["schemas"]["ReporterView"][];
            /** @description Each status it moved to, oldest first. */
            history: components["schemas"]["MoveView"][];
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            updated_at: string;
        };
        /** @description Why nothing was begun. */
        RunErrorView: {
            type: string;
            message: string;
        };
        /**
         * @description Where a run stands.
         * @enum {string}
         */
        RunStatusView: "queued" | "running" | "waiting" | "completed" | "failed" | "cancelled";
        /**
         * @description What kind of thing it is.
         * @enum {string}
         */
        RunType: "run";
        /** @description One activation of an agent. */
        RunView: {
            id: string;
            type: components["schemas"]["RunType"];
            session_id: string;
            agent_id: string;
            /** Format: int32 */
            agent_version?: number | null;
            status: components["schemas"]["RunStatusView"];
            outcome?: components["schemas"]["OutcomeView"] | null;
            /** @description Tool calls that wait for someone. */
            waiting_for: components["schemas"]["WaitingView"][];
            /**
             * Format: int32
             * @description Model calls begun.
             */
            steps: number;
            /**
             * Format: int32
             * @description Tool calls begun.
             */
            tool_calls: number;
            usage: components["schemas"]["CallUsage"];
            list_cost?: components["schemas"]["Money"] | null;
            /**
             * Format: double
             * @description Seconds in which a worker held it.
             */
            active_seconds: number;
            /** Format: date-time */
            queued_at: string;
            /** Format: date-time */
            started_at?: string | null;
            /** Format: date-time */
            ended_at?: string | null;
            /**
             * Format: date-time
             * @description When it ends, finished or not.
             */
            deadline?: string | null;
        };
        /** @enum {string} */
        ScheduleKind: "cron";
        /** @description A clock. */
        ScheduleParam: {
            type: components["schemas"]["ScheduleType"];
            /** @description Minute, hour, day of the month, month, day of the week. */
            expression: string;
            /** @description IANA name of the time zone; `UTC` if absent. */
            timezone?: string | null;
        };
        /**
         * @description How a clock is written.
         * @enum {string}
         */
        ScheduleType: "cron";
        /** @description A clock. */
        ScheduleView: {
            type: components["schemas"]["ScheduleKind"];
            expression: string;
            timezone: string;
            /** @description The next times, at most 5; none while it is paused. */
            upcoming_runs_at: string[];
        };
        /**
         * @description Whose way of signing.
         * @enum {string}
         */
        SchemeParam: "standard_webhooks" | "github";
        /** @description Something that a search found. */
        SearchResult: {
            /** @description Where it was found. */
            source: string;
            /** @description Its title. */
            title: string;
            /** @description What it says. */
            content: components["schemas"]["TextBlock"][];
            /** @description Whether the model is asked to cite it. */
            citations?: components["schemas"]["Citations"];
        };
        /** @description Events to be taken, all or none. */
        SendEvents: {
            /** @description 1 to 50. */
            events: components["schemas"]["EventParam"][];
        };
        /** @description The events as they were taken; with `wait`, what came of them. */
        SentEvents: {
            data: components["schemas"]["EventView"][];
            /** @description What was stored since, at most the first 1,000 events. Ours. */
            events?: components["schemas"]["EventView"][] | null;
            /** @description Whether more was stored than `events` holds; it follows `cursor`. Ours. */
            has_more?: boolean | null;
            session?: components["schemas"]["RestingSession"] | null;
            stop_reason?: components["schemas"]["StopReasonView"] | null;
            /** @description Whether the time was over before the session was idle; its turn goes on. Ours. */
            timed_out?: boolean | null;
            /** @description To be sent as `after` for what follows. Ours. */
            cursor?: string | null;
        };
        /** @description Calls of tools that the provider runs. */
        ServerToolUse: {
            /** Format: int64 */
            web_search_requests: number;
            /** Format: int64 */
            web_fetch_requests: number;
        };
        /**
         * @description A commit has changed a session. It is shown as it is when the event is sent, which may be
         *     later than the commit.
         */
        SessionChanged: {
            type: components["schemas"]["SessionChangedType"];
            session_id: string;
            agent_id: string;
            status: components["schemas"]["StatusView"];
            /** @description Where it stands, in one word: `waiting` is for a person. */
            state: components["schemas"]["StandingView"];
            stop_reason?: components["schemas"]["StopReasonView"] | null;
            /**
             * Format: int64
             * @description `seq` of the last event; 0 before the first.
             */
            seq: number;
            title?: string | null;
            /** @description The tool-use events that wait for somebody. */
            waiting_for: string[];
            usage: components["schemas"]["UsageView"];
            /**
             * Format: int64
             * @description Model calls begun.
             */
            steps: number;
            /**
             * Format: date-time
             * @description When its last event was stored.
             */
            updated_at: string;
        };
        /**
         * @description What kind of event it is.
         * @enum {string}
         */
        SessionChangedType: "session.changed";
        /** @description A page of sessions, with ways in both directions. */
        SessionPage: {
            data: components["schemas"]["SessionView"][];
            /** @description To be sent as `page` for what follows. */
            next_page?: string | null;
            /** @description To be sent as `page` for what comes before. */
            prev_page?: string | null;
        };
        /**
         * @description What kind of thing it is.
         * @enum {string}
         */
        SessionType: "session";
        /** @description A session. */
        SessionView: {
            id: string;
            type: components["schemas"]["SessionType"];
            status: components["schemas"]["StatusView"];
            /** @description Where it stands, in one word: `waiting` is for a person. Ours. */
            state: components["schemas"]["StandingView"];
            stop_reason?: components["schemas"]["StopReasonView"] | null;
            /** @description What began it. Ours. */
            origin: components["schemas"]["OriginView"];
            /** @description The agent as this session has it. */
            agent: components["schemas"]["DescribedAgent"];
            environment_id: string;
            title?: string | null;
            metadata: {
                [key: string]: string;
            };
            vault_ids: string[];
            resources: Record<string, never>[];
            budget?: components["schemas"]["BudgetView"] | null;
            deployment_id?: string | null;
            outcome_evaluations: Record<string, never>[];
            stats: components["schemas"]["StatsView"];
            usage: components["schemas"]["UsageView"];
            /**
             * Format: int64
             * @description Model calls begun. Ours.
             */
            steps: number;
            last_line?: components["schemas"]["LastLineView"] | null;
            /** @description The run that has the session. Ours. */
            active_run_id?: string | null;
            /**
             * Format: int64
             * @description `seq` of the last event; 0 before the first. Ours.
             */
            last_seq: number;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            updated_at: string;
            /** Format: date-time */
            archived_at?: string | null;
        };
        /** @description How people log in, and whether anybody can yet. */
        Setup: {
            /**
             * @description No owner of the first organization can: the link that `sortie serve` printed, or that
             *     `sortie members reset --owner` prints, lets them in.
             */
            owner_needed: boolean;
            /** @description Whether with a password. */
            passwords: boolean;
            /** @description Who vouches for people elsewhere. */
            issuers: components["schemas"]["IssuerView"][];
        };
        /** @description How a sender proves who they are. */
        SignatureParam: {
            scheme: components["schemas"]["SchemeParam"];
            /** @description Never shown again. */
            secret: string;
        };
        /** @description How a sender proves who they are. */
        SignatureView: {
            scheme: components["schemas"]["SchemeParam"];
            /** @description Stands for the secret, which is not shown. */
            secret: string;
        };
        /** @description A webhook with its new secret. */
        SignedWebhookView: components["schemas"]["WebhookView"] & {
            /** @description What receivers verify with: `whsec_…`. It is shown this once. */
            secret: string;
        };
        /** @description A skill, by its id. */
        Skill: {
            type: components["schemas"]["SkillKind"];
            skill_id: string;
            version?: string | null;
        };
        /**
         * @description Where a skill comes from.
         * @enum {string}
         */
        SkillKind: "anthropic" | "custom";
        /** @description A document that an answer may cite. */
        SourceView: {
            document_id: string;
            /** @description Its name when the answer was written. */
            name: string;
        };
        /**
         * @description Who said it.
         * @enum {string}
         */
        SpeakerView: "agent" | "user" | "system";
        /**
         * @description How fast a model answers.
         * @enum {string}
         */
        Speed: "standard" | "fast";
        /** @description What was spent since the budget was set. */
        SpentView: {
            list_cost?: components["schemas"]["Money"] | null;
            /** Format: int64 */
            tokens: number;
            /** Format: int64 */
            steps: number;
            /** Format: int64 */
            tool_calls: number;
            /** Format: double */
            active_seconds: number;
        };
        /**
         * @description Where a session stands.
         * @enum {string}
         */
        StandingView: "waiting" | "running" | "idle" | "ended";
        /** @description Times of a session. */
        StatsView: {
            /**
             * Format: double
             * @description Seconds in which it was running.
             */
            active_seconds: number;
            /**
             * Format: double
             * @description Seconds since it was made.
             */
            duration_seconds: number;
        };
        /**
         * @description Whether a session works.
         * @enum {string}
         */
        StatusView: "idle" | "running" | "rescheduling" | "terminated";
        /** @description More about a refusal. */
        StopDetails: {
            category?: string | null;
            explanation?: string | null;
            /** @enum {string} */
            type: "refusal";
        };
        /** @description Why a session is idle. */
        StopReasonView: {
            /** @enum {string} */
            type: "end_turn";
        } | {
            /** @description The tool-use events. */
            event_ids: string[];
            /** @enum {string} */
            type: "requires_action";
        } | {
            /** @enum {string} */
            type: "retries_exhausted";
        } | {
            /** @description Which. Ours. */
            unit: components["schemas"]["UnitView"];
            budget?: components["schemas"]["HolderView"] | null;
            /** @enum {string} */
            type: "budget_reached";
        } | {
            /** @enum {string} */
            type: "refusal";
        };
        /** @description A part of a log. */
        StretchView: {
            /**
             * Format: int64
             * @description `seq` of its first event.
             */
            first_seq: number;
            /**
             * Format: int64
             * @description `seq` of its last event.
             */
            last_seq: number;
            /**
             * Format: date-time
             * @description When the first was taken into the log.
             */
            from: string;
            /**
             * Format: date-time
             * @description When the last was.
             */
            to: string;
            /**
             * Format: int64
             * @description Milliseconds of that in which the session was idle.
             */
            rested_ms: number;
            /**
             * Format: int32
             * @description Model calls that began.
             */
            model_calls: number;
            /**
             * Format: int32
             * @description Tool calls that were asked for.
             */
            tool_calls: number;
            /**
             * Format: int32
             * @description Decisions and results that had been waited for.
             */
            waits: number;
            /**
             * Format: int32
             * @description How often a fault interrupted a turn that went on.
             */
            retries: number;
            /**
             * Format: int32
             * @description Events of the type `session.error`.
             */
            errors: number;
        };
        /** @description Where to go. */
        SwitchOrg: {
            org: string;
        };
        /** @description A block of text; where nothing else may stand. */
        TextBlock: {
            /** @description The text. */
            text: string;
            /** @enum {string} */
            type: "text";
        };
        /** @description For one tool of a set. */
        ToolConfigParam: Record<string, never> & {
            name: string;
            enabled?: boolean | null;
            permission_policy?: components["schemas"]["Policy"] | null;
        };
        /** @description For one tool of a set. */
        ToolConfigView: Record<string, never> & {
            name: string;
            enabled: boolean;
            permission_policy: components["schemas"]["Policy"];
        };
        /** @description A tool as a client describes it. */
        ToolParam: (components["schemas"]["CustomTool"] & {
            /** @enum {string} */
            type: "custom";
        }) | (components["schemas"]["ToolsetParam"] & {
            /** @enum {string} */
            type: "agent_toolset_20260401";
        }) | (components["schemas"]["ToolsetParam"] & {
            /** @description The name of one of the agent's `mcp_servers`. */
            mcp_server_name: string;
        } & {
            /** @enum {string} */
            type: "mcp_toolset";
        }) | (components["schemas"]["HttpToolParam"] & {
            permission_policy?: components["schemas"]["Policy"] | null;
        } & {
            /** @enum {string} */
            type: "http";
        }) | {
            /**
             * Format: int64
             * @description The tool's number.
             */
            number: number;
            permission_policy?: components["schemas"]["Policy"] | null;
            /** @enum {string} */
            type: "project_tool";
        } | {
            permission_policy?: components["schemas"]["Policy"] | null;
            /** @enum {string} */
            type: "signals";
        };
        /** @description A tool as it is shown. */
        ToolView: (components["schemas"]["CustomTool"] & {
            /** @enum {string} */
            type: "custom";
        }) | (components["schemas"]["ToolsetView"] & {
            /** @enum {string} */
            type: "agent_toolset_20260401";
        }) | (components["schemas"]["ToolsetView"] & {
            mcp_server_name: string;
        } & {
            /** @enum {string} */
            type: "mcp_toolset";
        }) | (components["schemas"]["HttpToolView"] & {
            permission_policy: components["schemas"]["Policy"];
        } & {
            /** @enum {string} */
            type: "http";
        }) | {
            /** Format: int64 */
            number: number;
            permission_policy: components["schemas"]["Policy"];
            /** @enum {string} */
            type: "project_tool";
        } | {
            permission_policy: components["schemas"]["Policy"];
            /** @enum {string} */
            type: "signals";
        };
        /** @description Which tools of a set may be called, and how. */
        ToolsetParam: {
            default_config?: components["schemas"]["DefaultConfigParam"] | null;
            /** @description For single tools. */
            configs?: components["schemas"]["ToolConfigParam"][] | null;
        };
        /**
         * @description A set of tools with nothing left to be assumed. Shown and stored in this form, so that
         *     sending back what was shown changes nothing.
         */
        ToolsetView: {
            configs: components["schemas"]["ToolConfigView"][];
            default_config: components["schemas"]["DefaultConfigView"];
        };
        /** @description What began it. */
        TriggerContext: {
            type: components["schemas"]["TriggerType"];
            /**
             * Format: date-time
             * @description When it was due, by the clock.
             */
            scheduled_at?: string | null;
            /** @description The rollout that was reported, if one was. Ours. */
            rollout_id?: string;
        };
        /** @description What begins the runs. */
        TriggerParam: {
            /** @description Minute, hour, day of the month, month, day of the week. */
            expression: string;
            /** @description IANA name of the time zone; `UTC` if absent. */
            timezone?: string | null;
            /** @enum {string} */
            type: "schedule";
        } | (components["schemas"]["WebhookParam"] & {
            /** @enum {string} */
            type: "webhook";
        }) | (components["schemas"]["EmbedParam"] & {
            /** @enum {string} */
            type: "embed";
        }) | (components["schemas"]["RolloutMonitorParam"] & {
            /** @enum {string} */
            type: "rollout_monitor";
        });
        /**
         * @description What may begin a run.
         * @enum {string}
         */
        TriggerType: "schedule" | "manual" | "webhook" | "visitor" | "rollout";
        /** @description What begins the runs. */
        TriggerView: {
            /** @description Minute, hour, day of the month, month, day of the week. */
            expression: string;
            /** @description IANA name of the time zone. */
            timezone: string;
            /** @enum {string} */
            type: "schedule";
        } | (components["schemas"]["WebhookTriggerView"] & {
            /** @enum {string} */
            type: "webhook";
        }) | (components["schemas"]["EmbedView"] & {
            /** @enum {string} */
            type: "embed";
        }) | (components["schemas"]["RolloutMonitorView"] & {
            /** @enum {string} */
            type: "rollout_monitor";
        });
        /** @description What is tried out. */
        TryProvider: {
            /**
             * @description A model as the provider calls it (`gpt-5`): it is asked for a word, which costs its few
             *     tokens. Without it the provider is asked for its list of models, which costs nothing.
             */
            model?: string | null;
        };
        /** @description An object of some `type`; its other keys are kept as sent. */
        Typed: Record<string, never> & {
            type: string;
        };
        /** @description A provider that did not list its models. */
        UnavailableProvider: {
            provider: string;
            message: string;
        };
        /**
         * @description What a limit counts.
         * @enum {string}
         */
        UnitView: "tokens" | "steps" | "tool_calls" | "time" | "money";
        /** @description A change of an agent. What is left out stays. */
        UpdateAgent: {
            /**
             * Format: int32
             * @description The version the change was made from; any if left out.
             */
            version?: number | null;
            name?: string | null;
            model?: components["schemas"]["ModelParam"] | null;
            description?: string | null;
            system?: string | null;
            tools?: components["schemas"]["ToolParam"][] | null;
            mcp_servers?: components["schemas"]["McpServer"][] | null;
            /** @description A text sets the key, null removes it; other keys stay. */
            metadata?: {
                [key: string]: string | null;
            } | null;
            skills?: components["schemas"]["Skill"][] | null;
            multiagent?: components["schemas"]["Typed"] | null;
            execution_identity?: components["schemas"]["Typed"] | null;
            budget?: components["schemas"]["BudgetParam"] | null;
            /** @description Null is plain text from the next version on. Ours. */
            output_schema?: Record<string, never> | null;
        };
        /** @description A change of a rule. What is left out stays; lists replace those there were. */
        UpdateApprovalRule: {
            name?: string | null;
            /** @description Null is all projects. */
            project_id?: string | null;
            paths?: string[] | null;
            branches?: string[] | null;
            window?: components["schemas"]["WindowView"] | null;
            approvers?: components["schemas"]["ApproversView"] | null;
            /** Format: int32 */
            min_count?: number | null;
            allow_own?: boolean | null;
            /** Format: int32 */
            expires_after_seconds?: number | null;
        };
        /** @description A change of a deployment. What is left out stays. */
        UpdateDeployment: {
            /** @description 1–256 characters. */
            name?: string | null;
            agent?: components["schemas"]["AgentRef"] | null;
            /** @description Replaces all of them. */
            initial_events?: components["schemas"]["EventParam"][] | null;
            schedule?: components["schemas"]["ScheduleParam"] | null;
            trigger?: components["schemas"]["TriggerParam"] | null;
            budget?: components["schemas"]["BudgetParam"] | null;
            /** @description A text sets the key, null removes it; other keys stay. */
            metadata?: {
                [key: string]: string | null;
            } | null;
        };
        /** @description A change of a person. What is left out stays. */
        UpdateMember: {
            name?: string | null;
            email?: string | null;
            role?: components["schemas"]["RoleView"] | null;
        };
        /** @description A change of the organization. What is left out stays. */
        UpdateOrg: {
            name?: string | null;
            time_zone?: string | null;
            rollouts?: components["schemas"]["RolloutSettingsView"] | null;
        };
        /** @description A change of a project. What is left out stays. */
        UpdateProject: {
            name?: string | null;
            /** @description Null is none. */
            repository?: string | null;
        };
        /** @description A change of a provider. What is left out stays. */
        UpdateProvider: {
            name?: string | null;
            /** @description Null goes back to where providers of this kind are. */
            base_url?: string | null;
            /** @description Has to be given again with an address at another place. Null removes it. */
            api_key?: string | null;
            models?: components["schemas"]["OfferedModel"][] | null;
        };
        /** @description A change of a session. What is left out stays. */
        UpdateSession: {
            /** @description At most 512 characters. */
            title?: string | null;
            /** @description A text sets the key, null removes it; other keys stay. */
            metadata?: {
                [key: string]: string | null;
            } | null;
            agent?: components["schemas"]["AgentUpdate"] | null;
            /** @description Not available in this release: left out. */
            vault_ids?: string[] | null;
            budget?: components["schemas"]["BudgetParam"] | null;
        };
        /** @description A change of a webhook. What is left out stays. */
        UpdateWebhook: {
            url?: string | null;
            /** @description Null is everything. */
            event_types?: string[] | null;
            /** @description Stays what it was: another one is refused. */
            project_id?: string | null;
            description?: string | null;
            /** @description Switches it off, or on again. */
            disabled?: boolean | null;
        };
        /** @description A document by its file. */
        UploadFile: {
            /** @description The agent that reads it. */
            agent_id: string;
            /**
             * Format: binary
             * @description TXT, MD, CSV, JSON, PDF or DOCX, at most 20 MiB; it is called as the file is.
             */
            file: string;
        };
        /** @description A document by its text. */
        UploadText: {
            /** @description The agent that reads it; every agent of the organization if absent. */
            agent_id?: string | null;
            /**
             * @description What it is called; its ending (`.md`, `.csv`, `.json`) tells its format. For an agent's:
             *     1 to 120 letters, digits, spaces, `-`, `_`, `.`, `(` or `)`.
             */
            name: string;
            /** @description At most 20 MiB; 102,400 characters if every agent is to read it. */
            content: string;
            /** @description Whether an agent's is removed after a day. */
            temporary?: boolean;
        };
        /**
         * @description What kind of thing it is.
         * @enum {string}
         */
        UsageReportType: "usage_report";
        /** @description What was used in some days, by the organization's clock. */
        UsageReportView: {
            type: components["schemas"]["UsageReportType"];
            by: components["schemas"]["ByParam"];
            /**
             * Format: date
             * @description The first day.
             */
            from: string;
            /**
             * Format: date
             * @description The last day.
             */
            to: string;
            time_zone: string;
            /** @description Each day in its order; anything else by cost, then tokens, the largest first. */
            data: components["schemas"]["UsageRowView"][];
            /** @description Whether rows were left out: there are at most 1,000. */
            truncated: boolean;
            /** @description All together, what was left out included. */
            total: components["schemas"]["UsedView"];
        };
        /** @description Whose usage it is, and how much. Of the ids the one that `by` names is there. */
        UsageRowView: components["schemas"]["UsedView"] & {
            agent_id?: string | null;
            /** @description Null of runs that no key began, or a key that the caller does not see. */
            key_id?: string | null;
            /** @description Null of runs that asked none. */
            model?: string | null;
            /** Format: date */
            day?: string | null;
            project_id?: string | null;
            /** @description What the agent, the key or the project is called. */
            name?: string | null;
        };
        /** @description What a session has used. */
        UsageView: {
            /** Format: int64 */
            input_tokens: number;
            /** Format: int64 */
            output_tokens: number;
            /** Format: int64 */
            cache_read_input_tokens: number;
            cache_creation: components["schemas"]["CacheCreation"];
            server_tool_use?: components["schemas"]["ServerToolUse"] | null;
            list_cost?: components["schemas"]["Money"] | null;
            /**
             * Format: double
             * @description Seconds in which the session was running.
             */
            active_seconds: number;
        };
        /** @description What was used. */
        UsedView: {
            /**
             * Format: int64
             * @description Runs. One that asked several models counts with each of them.
             */
            runs: number;
            /** Format: int64 */
            model_calls: number;
            /**
             * Format: int64
             * @description 0 by model: a tool call is no model's.
             */
            tool_calls: number;
            /** Format: int64 */
            input_tokens: number;
            /** Format: int64 */
            output_tokens: number;
            /** Format: int64 */
            cache_read_input_tokens: number;
            /** Format: int64 */
            cache_creation_input_tokens: number;
            list_cost?: components["schemas"]["Money"] | null;
            /**
             * Format: double
             * @description Seconds of work; 0 by model.
             */
            active_seconds: number;
        };
        /**
         * @description A decision about a tool call.
         * @enum {string}
         */
        VerdictParam: "allow" | "deny" | "happened" | "did_not_happen";
        /**
         * @description A decision about a tool call.
         * @enum {string}
         */
        VerdictView: "allow" | "deny" | "happened" | "did_not_happen";
        /** @description Somebody approved. */
        VoteView: {
            member_id: string;
            name: string;
            reason?: string | null;
            /** Format: date-time */
            at: string;
        };
        /** @description A tool call that waits. */
        WaitingView: {
            tool_use_id: string;
            need: components["schemas"]["NeedView"];
        };
        /** @description A message from outside. */
        WebhookParam: {
            /**
             * @description What the agent is told: text in which `{{name}}` stands for a field. The whole message
             *     if absent.
             */
            template?: string | null;
            /** @description Where the fields of the template stand in the message, as JSON pointers. */
            fields?: {
                [key: string]: string;
            } | null;
            /** @description What a message must be like; another begins nothing. */
            filter?: components["schemas"]["ConditionParam"][] | null;
            /**
             * @description Where the name of a message stands in it, as a JSON pointer: one name begins one run
             *     within a day.
             */
            dedupe?: string | null;
            signature?: components["schemas"]["SignatureParam"] | null;
            /** @description Whether a sender needs an API key. */
            requires_key?: boolean;
            /** @description Whether the answer waits for the end of the run. */
            returns_results?: boolean;
        };
        /** @description A message from outside. */
        WebhookTriggerView: {
            /** @description Where messages are to be sent, below this server's address. */
            path: string;
            template?: string | null;
            fields: {
                [key: string]: string;
            };
            filter: components["schemas"]["ConditionParam"][];
            dedupe?: string | null;
            signature?: components["schemas"]["SignatureView"] | null;
            requires_key: boolean;
            returns_results: boolean;
            /** @description The fields of the first message that came, as JSON pointers; null before it. */
            known_fields?: string[] | null;
        };
        /**
         * @description What kind of thing it is.
         * @enum {string}
         */
        WebhookType: "webhook";
        /** @description An address that is told what happens. */
        WebhookView: {
            id: string;
            type: components["schemas"]["WebhookType"];
            url: string;
            /** @description Of what it is told; `*` is everything. */
            event_types: string[];
            /** @description The only project whose events it is told; null is all. */
            project_id?: string | null;
            description?: string | null;
            /** @description Whether nothing is sent to it. */
            disabled: boolean;
            /** Format: date-time */
            disabled_at?: string | null;
            /** @description `by_hand`, `gone`, `failing`, `too_far_behind` or `imported`. */
            disabled_reason?: string | null;
            /** @description The same for people. */
            notice?: string | null;
            /**
             * Format: date-time
             * @description Since when its receiver has taken nothing; null if it took what was sent last.
             */
            failing_since?: string | null;
            /**
             * Format: date-time
             * @description Until when the secret before the present one signs too.
             */
            previous_secret_until?: string | null;
            /** Format: date-time */
            created_at: string;
            /** Format: date-time */
            updated_at: string;
        };
        /**
         * @description Why a tool call waits for a person.
         * @enum {string}
         */
        WhyView: "approval" | "resolution";
        /** @description Hours of some days, by the clock of the organization. */
        WindowView: {
            /** @description The days on which it begins; empty is every day. */
            days?: components["schemas"]["DayView"][];
            /**
             * @description When it begins.
             * @example 18:00
             */
            from: string;
            /**
             * @description When it ends. At or before `from`, it ends on the next day.
             * @example 08:00
             */
            until: string;
        };
        /**
         * @description How a provider is spoken to.
         * @enum {string}
         */
        WireParam: "openai" | "anthropic";
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
