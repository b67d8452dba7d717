// Written by npm run client:types from the shipped route table. For openapi-fetch: see docs/api/README.md.
export interface paths {
  '/': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** The board */
    get: operations['page.board.get'];
    put?: never;
    /** The board: its forms */
    post: operations['page.board.post'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/auth/login.php': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Sign in for a session
     * @description For pages: sets the session cookie. Needs the CSRF token of the login page, as `X-CSRF-Token` or in the field `csrf_token`. Mobile clients take `/api/auth/token` instead.
     */
    post: operations['auth.login'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/auth/logout.php': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /** End the session */
    post: operations['auth.logout'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/auth/revoke': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * End a token
     * @description Exactly one of: `{token}`, of one’s own, access or refresh; `{subject}`, for administrators: all tokens of a person.
     */
    post: operations['auth.revoke'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/auth/token': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Get an access token
     * @description Exactly one way: `{email, password}`, `{refresh_token}`, or nothing beside the session cookie of the PHP application. A refresh token works once: keep the one that comes back. One that comes a second time ends its whole family. `email` and `password` go together.
     */
    post: operations['auth.token'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/chatbot_settings.php': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Read the chatbot's settings
     * @description The defaults, and over them what the caller has set.
     */
    get: operations['settings.get'];
    /**
     * Change the chatbot's settings
     * @description What is not named stays as it is; groups are merged member by member. POST and PUT do the same.
     */
    put: operations['settings.set.put'];
    /**
     * Change the chatbot's settings
     * @description What is not named stays as it is; groups are merged member by member. POST and PUT do the same.
     */
    post: operations['settings.set.post'];
    /** Reset the chatbot's settings */
    delete: operations['settings.reset'];
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/conversations.php': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * List the conversations of the caller
     * @description The latest first. May be up to ten seconds old where nothing was written through the gateway.
     */
    get: operations['conversations.list'];
    /**
     * Change a conversation
     * @description At least one of title, status and metadata.
     */
    put: operations['conversations.update'];
    /** Begin a conversation */
    post: operations['conversations.create'];
    /**
     * Remove a conversation
     * @description The id stands in the query; in a JSON body it is taken as well.
     */
    delete: operations['conversations.delete'];
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/donna_logic.php': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Say something to Donna
     * @description Works without signing in; the turns of somebody who is signed in are kept with his conversations. May take up to a minute.
     */
    post: operations['donna.chat'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/health': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * How the gateway is
     * @description Starts nothing by being asked.
     */
    get: operations['health'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/health.php': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** How the PHP application is */
    get: operations['health.php'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/marketing.php': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Read the inbox
     * @description By `action`:
     *
     *     - without an action: Read the inbox
     *     - `inbox`: Read the inbox
     *     - `read_inbox`: Read the inbox
     *     - `classify`: Read the inbox, each mail with its category
     *     - `stats`: Count the inbox
     */
    get: operations['marketing.get'];
    put?: never;
    /**
     * Send or draft mail, or record a voice event
     * @description By `action`:
     *
     *     - `voice_event`: Record a voice event
     *     - `send`, `send_email`: Send a mail
     *     - `reply_to_email`: Answer a mail of the inbox, or with to and subject another
     *     - `draft_ai_reply`: Let Donna write a reply. Nothing is sent.
     */
    post: operations['marketing.post'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/realtime-websocket.php': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Retired: see /api/realtime/token
     * @deprecated
     */
    get: operations['realtime.retired.get'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/realtime/token': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Get a client secret by a browser’s address line
     * @description In development only: elsewhere it answers 405.
     */
    get: operations['realtime.token.show'];
    put?: never;
    /**
     * Get a client secret for live talk
     * @description For a direct connection of the client to the provider, good for minutes. A caller with a session cookie must send an `Origin` that is allowed; without one an access token is needed.
     */
    post: operations['realtime.token'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/sales/overview.php': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Read contacts, leads and their numbers */
    get: operations['sales.overview'];
    put?: never;
    /**
     * Change the sales board, or write to a customer
     * @description By `action`:
     *
     *     - `add_contact`: Add a contact
     *     - `update_lead`: Change a lead. At least one of status, temperature, score and notes.
     *     - `send_email`: Send a mail, or a text message to a telephone
     *     - `send_text`: Send a mail, or a text message to a telephone
     *     - `voice_event`: Record a voice event
     */
    post: operations['sales'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/secretary/dashboard.php': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Read the tasks and meetings
     * @description By `action`:
     *
     *     - without an action: Read the tasks and meetings
     *     - `get_tasks`: Read the tasks and meetings
     */
    get: operations['secretary.get'];
    put?: never;
    /**
     * Read or add tasks, or record a voice event
     * @description By `action`:
     *
     *     - `voice_event`: Record a voice event
     *     - `get_tasks`: Read the tasks and meetings
     *     - `add_task`: Add a task
     */
    post: operations['secretary.post'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/telnyx/webhook.php': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Take a webhook of Telnyx
     * @description Signed over the raw bytes: Ed25519 of `timestamp|body`. A changed byte, an old timestamp or a repetition is refused, and without a public key nothing is taken.
     */
    post: operations['telnyx.webhook'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/voice-chat.php': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Speak, listen, and steer telephone calls
     * @description By `action`:
     *
     *     - `get_voices`: List the voices
     *     - `text_to_speech`, `synthesize`: Turn text into speech
     *     - `speech_to_speech`: Say what was said in another voice. Sound in, sound out: a file in the field audio, or base64 in audio_data.
     *     - `upload_audio`: Turn a recording into text
     *     - `test_connection`: Ask whether the voice provider answers
     *     - `initiate_call`: Steer a telephone call. A call is named by call_control_id, or by call_id: what initiate_call has answered as call_id.
     *     - `answer_call`, `hangup_call`, `get_call_status`, `record_call`: Steer a telephone call. A call is named by call_control_id, or by call_id: what initiate_call has answered as call_id.
     *     - `transfer_call`: Steer a telephone call. A call is named by call_control_id, or by call_id: what initiate_call has answered as call_id.
     */
    post: operations['voice'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/voice/events': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Report what happens in a voice session
     * @description Recorded, and told to the boards in the background.
     */
    post: operations['voice.events'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/api/voice/fanout': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    get?: never;
    put?: never;
    /**
     * Tell the boards of a voice event
     * @description Marketing, sales and secretary at once, with the result of each. With `Idempotency-Key` (or `id`) the same event is delivered once. When nobody takes it: 502.
     */
    post: operations['voice.fanout'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/chatbot.php': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** The chatbot */
    get: operations['page.chatbot.get'];
    put?: never;
    /** The chatbot: its forms */
    post: operations['page.chatbot.post'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/docs': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** This documentation as a page */
    get: operations['docs'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/livez': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Whether the process runs */
    get: operations['health.live'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/login.php': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** The login page */
    get: operations['page.login'];
    put?: never;
    /** Sign in by the form */
    post: operations['page.login.submit'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/logout.php': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Sign out: the question */
    get: operations['page.logout.get'];
    put?: never;
    /** Sign out */
    post: operations['page.logout.post'];
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/openapi.json': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * This documentation as OpenAPI 3.1
     * @description Administrators read of their own routes and of stages besides. Has an ETag.
     */
    get: operations['docs.openapi'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/readyz': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Whether the gateway takes traffic */
    get: operations['health.ready'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/realtime': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /**
     * Open the WebSocket for live talk
     * @description The fallback where a direct connection is impossible; only with `ENABLE_WS_PROXY`. Frames are JSON text with `type`.
     *
     *     Before the upgrade: 403 for an `Origin` that is not allowed, 429 for too many sockets of one address, 503 when it is switched off.
     *
     *     1. The first frame is `{"type":"authenticate","token":"<access token>"}` within `AUTH_TIMEOUT_MS`. Good: `{"type":"auth_success"}`.
     *        Bad: `{"type":"auth_error"}` and close **4003**. None in time, or another frame first: close **4001**. A token that expires ends the
     *        session with 4003.
     *     2. `{"type":"connect_realtime"}` opens the provider's session.
     *     3. Then frames pass both ways, in the provider's own protocol. Close codes: 1009 frame too large, 1008 too many messages, 4008 idle too
     *        long, 1001 shutdown. Loss of the provider is told as `{"type":"upstream_closed","code":…}`.
     *
     *     Reconnect with exponential backoff and full jitter; not on 1000 and 4001, and on 4003 once, with a fresh token.
     */
    get: operations['realtime.socket'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/realtime/capture-worklet.js': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** The AudioWorklet that captures sound */
    get: operations['realtime.assets.capture-worklet-js'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/realtime/config.json': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** Read what a browser must know for live talk */
    get: operations['realtime.assets.config-json'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/realtime/donna-realtime.js': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** The browser’s library for live talk */
    get: operations['realtime.assets.donna-realtime-js'];
    put?: never;
    post?: never;
    delete?: never;
    options?: never;
    head?: never;
    patch?: never;
    trace?: never;
  };
  '/receptionist.php': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    /** The receptionist */
    get: operations['page.receptionist.get'];
    put?: never;
    /** The receptionist: its forms */
    post: operations['page.receptionist.post'];
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
    ChatbotSettings: {
      /** @description tone, responseDelayMs, typingIndicator, maxHistory, handoffEnabled */
      behavior: {
        [key: string]: unknown;
      };
      greeting: string;
      /** @description email, calendar, telephony */
      integrations: {
        [key: string]: unknown;
      };
      /** @description companyName, businessHours, faq, sources */
      knowledge: {
        [key: string]: unknown;
      };
      language: string;
      position: string;
      /** @description A name, or a group */
      profile:
        | string
        | {
            [key: string]: unknown;
          };
      /** @enum {string} */
      theme: 'light' | 'dark' | 'auto';
      themeColor: string;
    };
    Contact: {
      company: string | null;
      /** Format: date-time */
      created_at: string;
      email: string | null;
      id: string;
      name: string;
      phone: string | null;
    };
    Conversation: {
      /** Format: date-time */
      created_at: string;
      id: string;
      last_message_at: string | null;
      last_message_preview: string | null;
      message_count: number;
      metadata: {
        [key: string]: unknown;
      };
      /** @enum {string} */
      status: 'active' | 'archived' | 'closed';
      title: string;
      /** Format: date-time */
      updated_at: string;
    };
    Delivery: {
      /** @description Milliseconds */
      ms: number;
      status: number;
      target: string;
    };
    Error400: {
      /** @description Short, and safe to show */
      error: string;
      /** @enum {string} */
      errorCode: 'BAD_REQUEST';
      /** @constant */
      success: false;
      /** @description Names this request in every log */
      traceId: string;
    };
    Error401: {
      /** @description Short, and safe to show */
      error: string;
      /** @enum {string} */
      errorCode: 'UNAUTHENTICATED';
      /** @constant */
      success: false;
      /** @description Names this request in every log */
      traceId: string;
    };
    Error403: {
      /** @description Short, and safe to show */
      error: string;
      /** @enum {string} */
      errorCode: 'FORBIDDEN' | 'ORIGIN_DENIED' | 'CSRF_FAILED';
      /** @constant */
      success: false;
      /** @description Names this request in every log */
      traceId: string;
    };
    Error404: {
      /** @description Short, and safe to show */
      error: string;
      /** @enum {string} */
      errorCode: 'NOT_FOUND';
      /** @constant */
      success: false;
      /** @description Names this request in every log */
      traceId: string;
    };
    Error405: {
      /** @description Short, and safe to show */
      error: string;
      /** @enum {string} */
      errorCode: 'METHOD_NOT_ALLOWED';
      /** @constant */
      success: false;
      /** @description Names this request in every log */
      traceId: string;
    };
    Error410: {
      /** @description Short, and safe to show */
      error: string;
      /** @enum {string} */
      errorCode: 'GONE';
      /** @constant */
      success: false;
      /** @description Names this request in every log */
      traceId: string;
    };
    Error413: {
      /** @description Short, and safe to show */
      error: string;
      /** @enum {string} */
      errorCode: 'PAYLOAD_TOO_LARGE';
      /** @constant */
      success: false;
      /** @description Names this request in every log */
      traceId: string;
    };
    Error415: {
      /** @description Short, and safe to show */
      error: string;
      /** @enum {string} */
      errorCode: 'UNSUPPORTED_MEDIA_TYPE';
      /** @constant */
      success: false;
      /** @description Names this request in every log */
      traceId: string;
    };
    Error422: {
      /** @description Short, and safe to show */
      error: string;
      /** @enum {string} */
      errorCode: 'VALIDATION_FAILED';
      /** @constant */
      success: false;
      /** @description Names this request in every log */
      traceId: string;
      /** @description What is wrong, by field */
      validationErrors?: {
        [key: string]: string;
      };
    };
    Error426: {
      /** @description Short, and safe to show */
      error: string;
      /** @enum {string} */
      errorCode: 'BAD_REQUEST';
      /** @constant */
      success: false;
      /** @description Names this request in every log */
      traceId: string;
    };
    Error429: {
      /** @description Short, and safe to show */
      error: string;
      /** @enum {string} */
      errorCode: 'RATE_LIMITED';
      /** @constant */
      success: false;
      /** @description Names this request in every log */
      traceId: string;
    };
    Error500: {
      /** @description Short, and safe to show */
      error: string;
      /** @enum {string} */
      errorCode: 'INTERNAL';
      /** @constant */
      success: false;
      /** @description Names this request in every log */
      traceId: string;
    };
    Error502: {
      /** @description Short, and safe to show */
      error: string;
      /** @enum {string} */
      errorCode: 'UPSTREAM_BAD_ANSWER' | 'UPSTREAM_UNAVAILABLE';
      /** @constant */
      success: false;
      /** @description Names this request in every log */
      traceId: string;
    };
    Error503: {
      /** @description Short, and safe to show */
      error: string;
      /** @enum {string} */
      errorCode: 'UPSTREAM_UNAVAILABLE' | 'MAIL_NOT_CONFIGURED' | 'REALTIME_DISABLED' | 'FANOUT_DISABLED';
      /** @constant */
      success: false;
      /** @description Names this request in every log */
      traceId: string;
    };
    Error504: {
      /** @description Short, and safe to show */
      error: string;
      /** @enum {string} */
      errorCode: 'UPSTREAM_TIMEOUT';
      /** @constant */
      success: false;
      /** @description Names this request in every log */
      traceId: string;
    };
    Lead: {
      id: string;
      score: number;
      /** @enum {string} */
      status: 'new' | 'contacted' | 'qualified' | 'won' | 'lost';
      /** @enum {string} */
      temperature: 'hot' | 'warm' | 'cold';
    };
    Mail: {
      answered: boolean;
      body: string;
      /** @enum {string} */
      category: 'lead' | 'client' | 'marketing' | 'spam';
      /** @description With the action classify */
      classification?: {
        /** @enum {string} */
        category: 'lead' | 'client' | 'marketing' | 'spam';
        confidence: number;
      };
      from: string;
      from_name: string;
      id: string;
      /** Format: date-time */
      received_at: string;
      starred: boolean;
      subject: string;
      unread: boolean;
    };
    Mailbox: {
      count: number;
      emails: components['schemas']['Mail'][];
      stats: {
        categories: {
          [key: string]: number;
        };
        starred: number;
        unread: number;
      };
    };
    MarketingDraftRequest: {
      /**
       * @description discriminator enum property added by openapi-typescript
       * @enum {string}
       */
      action: 'draft_ai_reply';
      body?: string;
      email_id?: string;
      subject?: string;
      /** Format: email */
      to?: string;
    };
    MarketingReplyRequest: {
      /** @enum {string} */
      action: 'reply_to_email';
      body: string;
      email_id?: string;
      subject?: string;
      /** Format: email */
      to?: string;
    } & (unknown &
      unknown & {
        /**
         * @description discriminator enum property added by openapi-typescript
         * @enum {string}
         */
        action: 'reply_to_email';
      });
    MarketingSendRequest: {
      /**
       * @description discriminator enum property added by openapi-typescript
       * @enum {string}
       */
      action: 'send' | 'send_email';
      body: string;
      subject: string;
      /** Format: email */
      to: string;
    };
    MarketingVoiceEventRequest: {
      /**
       * @description discriminator enum property added by openapi-typescript
       * @enum {string}
       */
      action: 'voice_event';
      at?: string | number;
      /** @description At most 8192 bytes as JSON */
      data?: {
        [key: string]: unknown;
      };
      kind?: string;
      /** @description At most 8192 bytes as JSON */
      payload?: {
        [key: string]: unknown;
      };
      session_id?: string;
      text?: string;
      type?: string;
    };
    NewConversation: {
      /** Format: date-time */
      created_at: string;
      id: string;
      message_count: number;
      /** @enum {string} */
      status: 'active' | 'archived' | 'closed';
      title: string;
    };
    /** @description RFC 9457, for who asks for it by `Accept` */
    Problem: {
      /** @enum {string} */
      errorCode:
        | 'BAD_REQUEST'
        | 'UNAUTHENTICATED'
        | 'FORBIDDEN'
        | 'ORIGIN_DENIED'
        | 'CSRF_FAILED'
        | 'NOT_FOUND'
        | 'METHOD_NOT_ALLOWED'
        | 'REQUEST_TIMEOUT'
        | 'GONE'
        | 'PAYLOAD_TOO_LARGE'
        | 'URI_TOO_LONG'
        | 'UNSUPPORTED_MEDIA_TYPE'
        | 'VALIDATION_FAILED'
        | 'RATE_LIMITED'
        | 'HEADERS_TOO_LARGE'
        | 'INTERNAL'
        | 'UPSTREAM_BAD_ANSWER'
        | 'UPSTREAM_UNAVAILABLE'
        | 'MAIL_NOT_CONFIGURED'
        | 'REALTIME_DISABLED'
        | 'FANOUT_DISABLED'
        | 'UPSTREAM_TIMEOUT';
      status: number;
      /** @constant */
      success: false;
      /** @description Short, and safe to show */
      title: string;
      /** @description Names this request in every log */
      traceId: string;
      type: string;
      validationErrors?: {
        [key: string]: string;
      };
    };
    ReplyMetadata: {
      abuse_detected: boolean;
      authenticated: boolean;
      /** @description Send it with the next message */
      chat_id: string;
      /** @enum {string} */
      profile: 'general' | 'sales' | 'receptionist' | 'marketing';
    };
    SalesAddContactRequest: {
      /**
       * @description discriminator enum property added by openapi-typescript
       * @enum {string}
       */
      action: 'add_contact';
      company?: string;
      /** Format: email */
      email?: string;
      name: string;
      /** @description E.164, such as +15550100123 */
      phone?: string;
    };
    SalesMessageSendEmailRequest: {
      /**
       * @description discriminator enum property added by openapi-typescript
       * @enum {string}
       */
      action: 'send_email';
      body: string;
      subject: string;
      /** Format: email */
      to: string;
    };
    SalesMessageSendTextRequest: {
      /**
       * @description discriminator enum property added by openapi-typescript
       * @enum {string}
       */
      action: 'send_text';
      message?: string;
      text?: string;
      /** @description E.164, such as +15550100123 */
      to: string;
    };
    SalesStats: {
      conversion_rate: number;
      hot_leads: number;
      total_contacts: number;
    };
    SalesUpdateLeadRequest: {
      /** @enum {string} */
      action: 'update_lead';
      id?: string;
      lead_id?: string;
      notes?: string;
      score?: number;
      /** @enum {string} */
      status?: 'new' | 'contacted' | 'qualified' | 'won' | 'lost';
      /** @enum {string} */
      temperature?: 'hot' | 'warm' | 'cold';
    } & (unknown &
      unknown & {
        /**
         * @description discriminator enum property added by openapi-typescript
         * @enum {string}
         */
        action: 'update_lead';
      });
    SalesVoiceEventRequest: {
      /**
       * @description discriminator enum property added by openapi-typescript
       * @enum {string}
       */
      action: 'voice_event';
      at?: string | number;
      /** @description At most 8192 bytes as JSON */
      data?: {
        [key: string]: unknown;
      };
      kind?: string;
      /** @description At most 8192 bytes as JSON */
      payload?: {
        [key: string]: unknown;
      };
      session_id?: string;
      text?: string;
      type?: string;
    };
    Schedule: {
      meetings: {
        /** Format: date-time */
        ends_at: string;
        id: string;
        place: string;
        /** Format: date-time */
        starts_at: string;
        title: string;
        with: string;
      }[];
    };
    SecretaryAddTaskRequest: {
      /**
       * @description discriminator enum property added by openapi-typescript
       * @enum {string}
       */
      action: 'add_task';
      /** Format: date */
      due?: string;
      notes?: string;
      /** @enum {string} */
      priority?: 'low' | 'normal' | 'high';
      title: string;
    };
    SecretaryTasksRequest: {
      /**
       * @description discriminator enum property added by openapi-typescript
       * @enum {string}
       */
      action: 'get_tasks';
    };
    SecretaryVoiceEventRequest: {
      /**
       * @description discriminator enum property added by openapi-typescript
       * @enum {string}
       */
      action: 'voice_event';
      at?: string | number;
      /** @description At most 8192 bytes as JSON */
      data?: {
        [key: string]: unknown;
      };
      kind?: string;
      /** @description At most 8192 bytes as JSON */
      payload?: {
        [key: string]: unknown;
      };
      session_id?: string;
      text?: string;
      type?: string;
    };
    Task: {
      /** Format: date-time */
      created_at: string;
      due: string | null;
      id: string;
      notes: string;
      /** @enum {string} */
      priority: 'low' | 'normal' | 'high';
      status: string;
      title: string;
    };
    VoiceCallsAnswerCallRequest: {
      /**
       * @description discriminator enum property added by openapi-typescript
       * @enum {string}
       */
      action: 'answer_call' | 'hangup_call' | 'get_call_status' | 'record_call';
      call_control_id?: string;
      call_id?: string;
    };
    VoiceCallsInitiateCallRequest: {
      /**
       * @description discriminator enum property added by openapi-typescript
       * @enum {string}
       */
      action: 'initiate_call';
      /** @description E.164, such as +15550100123 */
      from?: string;
      /** @description E.164, such as +15550100123 */
      to: string;
    };
    VoiceCallsTransferCallRequest: {
      /**
       * @description discriminator enum property added by openapi-typescript
       * @enum {string}
       */
      action: 'transfer_call';
      call_control_id?: string;
      call_id?: string;
      /** @description E.164, such as +15550100123 */
      to: string;
    };
    VoiceConverseRequest: {
      /**
       * @description discriminator enum property added by openapi-typescript
       * @enum {string}
       */
      action: 'speech_to_speech';
      audio_data: string;
      voice_id?: string;
    };
    VoiceConverseRequestForm: {
      /**
       * @description discriminator enum property added by openapi-typescript
       * @enum {string}
       */
      action: 'speech_to_speech';
      /**
       * Format: binary
       * @description wav, mp3, ogg, webm, m4a, flac or aac; at most 10 MB
       */
      audio?: Blob;
      audio_data?: string;
      voice_id?: string;
    };
    VoiceOption: {
      category: string | null;
      name: string;
      preview_url: string | null;
      voice_id: string;
    };
    VoiceSpeakRequest: {
      /**
       * @description discriminator enum property added by openapi-typescript
       * @enum {string}
       */
      action: 'text_to_speech' | 'synthesize';
      text: string;
      voice_id?: string;
    };
    VoiceTestConnectionRequest: {
      /**
       * @description discriminator enum property added by openapi-typescript
       * @enum {string}
       */
      action: 'test_connection';
    };
    VoiceUploadRequestForm: {
      /**
       * @description discriminator enum property added by openapi-typescript
       * @enum {string}
       */
      action: 'upload_audio';
      /**
       * Format: binary
       * @description wav, mp3, ogg, webm, m4a, flac or aac; at most 10 MB
       */
      audio: Blob;
    };
    VoiceVoicesRequest: {
      /**
       * @description discriminator enum property added by openapi-typescript
       * @enum {string}
       */
      action: 'get_voices';
    };
  };
  responses: {
    /** @description BAD_REQUEST: The request is malformed. */
    Error400: {
      headers: {
        'X-Trace-Id': components['headers']['X-Trace-Id'];
        [name: string]: unknown;
      };
      content: {
        'application/json': components['schemas']['Error400'];
        'application/problem+json': components['schemas']['Problem'];
      };
    };
    /** @description UNAUTHENTICATED: Sign in or send a valid access token. */
    Error401: {
      headers: {
        'X-Trace-Id': components['headers']['X-Trace-Id'];
        [name: string]: unknown;
      };
      content: {
        'application/json': components['schemas']['Error401'];
        'application/problem+json': components['schemas']['Problem'];
      };
    };
    /** @description FORBIDDEN: You are not allowed to do this. — ORIGIN_DENIED: Requests from this origin are not allowed. — CSRF_FAILED: The request carries no proof that it comes from this site. */
    Error403: {
      headers: {
        'X-Trace-Id': components['headers']['X-Trace-Id'];
        [name: string]: unknown;
      };
      content: {
        'application/json': components['schemas']['Error403'];
        'application/problem+json': components['schemas']['Problem'];
      };
    };
    /** @description NOT_FOUND: There is nothing at this address. */
    Error404: {
      headers: {
        'X-Trace-Id': components['headers']['X-Trace-Id'];
        [name: string]: unknown;
      };
      content: {
        'application/json': components['schemas']['Error404'];
        'application/problem+json': components['schemas']['Problem'];
      };
    };
    /** @description METHOD_NOT_ALLOWED: This address does not accept this method. */
    Error405: {
      headers: {
        'X-Trace-Id': components['headers']['X-Trace-Id'];
        [name: string]: unknown;
      };
      content: {
        'application/json': components['schemas']['Error405'];
        'application/problem+json': components['schemas']['Problem'];
      };
    };
    /** @description GONE: This address has been retired. */
    Error410: {
      headers: {
        'X-Trace-Id': components['headers']['X-Trace-Id'];
        [name: string]: unknown;
      };
      content: {
        'application/json': components['schemas']['Error410'];
        'application/problem+json': components['schemas']['Problem'];
      };
    };
    /** @description PAYLOAD_TOO_LARGE: The body is larger than this address accepts. */
    Error413: {
      headers: {
        'X-Trace-Id': components['headers']['X-Trace-Id'];
        [name: string]: unknown;
      };
      content: {
        'application/json': components['schemas']['Error413'];
        'application/problem+json': components['schemas']['Problem'];
      };
    };
    /** @description UNSUPPORTED_MEDIA_TYPE: This address does not accept this type of body. */
    Error415: {
      headers: {
        'X-Trace-Id': components['headers']['X-Trace-Id'];
        [name: string]: unknown;
      };
      content: {
        'application/json': components['schemas']['Error415'];
        'application/problem+json': components['schemas']['Problem'];
      };
    };
    /** @description VALIDATION_FAILED: Some fields are not valid. */
    Error422: {
      headers: {
        'X-Trace-Id': components['headers']['X-Trace-Id'];
        [name: string]: unknown;
      };
      content: {
        'application/json': components['schemas']['Error422'];
        'application/problem+json': components['schemas']['Problem'];
      };
    };
    /** @description BAD_REQUEST: The request is malformed. */
    Error426: {
      headers: {
        'X-Trace-Id': components['headers']['X-Trace-Id'];
        [name: string]: unknown;
      };
      content: {
        'application/json': components['schemas']['Error426'];
        'application/problem+json': components['schemas']['Problem'];
      };
    };
    /** @description RATE_LIMITED: Too many requests. Try again later. */
    Error429: {
      headers: {
        RateLimit: components['headers']['RateLimit'];
        'RateLimit-Policy': components['headers']['RateLimit-Policy'];
        'Retry-After': components['headers']['Retry-After'];
        'X-Trace-Id': components['headers']['X-Trace-Id'];
        [name: string]: unknown;
      };
      content: {
        'application/json': components['schemas']['Error429'];
        'application/problem+json': components['schemas']['Problem'];
      };
    };
    /** @description INTERNAL: Something went wrong on our side. */
    Error500: {
      headers: {
        'X-Trace-Id': components['headers']['X-Trace-Id'];
        [name: string]: unknown;
      };
      content: {
        'application/json': components['schemas']['Error500'];
        'application/problem+json': components['schemas']['Problem'];
      };
    };
    /** @description UPSTREAM_BAD_ANSWER: The application gave no usable answer. — UPSTREAM_UNAVAILABLE: The application is not available at the moment. */
    Error502: {
      headers: {
        'Retry-After': components['headers']['Retry-After'];
        'X-Trace-Id': components['headers']['X-Trace-Id'];
        [name: string]: unknown;
      };
      content: {
        'application/json': components['schemas']['Error502'];
        'application/problem+json': components['schemas']['Problem'];
      };
    };
    /** @description UPSTREAM_UNAVAILABLE: The application is not available at the moment. — MAIL_NOT_CONFIGURED: Sending mail is not configured. — REALTIME_DISABLED: Realtime is switched off. — FANOUT_DISABLED: The fan-out is switched off. */
    Error503: {
      headers: {
        'Retry-After': components['headers']['Retry-After'];
        'X-Trace-Id': components['headers']['X-Trace-Id'];
        [name: string]: unknown;
      };
      content: {
        'application/json': components['schemas']['Error503'];
        'application/problem+json': components['schemas']['Problem'];
      };
    };
    /** @description UPSTREAM_TIMEOUT: The application took too long to answer. */
    Error504: {
      headers: {
        'Retry-After': components['headers']['Retry-After'];
        'X-Trace-Id': components['headers']['X-Trace-Id'];
        [name: string]: unknown;
      };
      content: {
        'application/json': components['schemas']['Error504'];
        'application/problem+json': components['schemas']['Problem'];
      };
    };
  };
  parameters: never;
  requestBodies: never;
  headers: {
    /** @description Where the caller stands with each: `"name";r=left;t=seconds` */
    RateLimit: string;
    /** @description The limits that were counted: `"name";q=limit;w=seconds` */
    'RateLimit-Policy': string;
    /** @description Seconds after which another try is worth while */
    'Retry-After': number;
    /** @description The same as `traceId` */
    'X-Trace-Id': string;
  };
  pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
  'page.board.get': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description HTML */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit'];
          'RateLimit-Policy': components['headers']['RateLimit-Policy'];
          'X-Trace-Id': components['headers']['X-Trace-Id'];
          [name: string]: unknown;
        };
        content: {
          'text/html': string;
        };
      };
      /** @description Elsewhere: to the login, or from it */
      302: {
        headers: {
          RateLimit: components['headers']['RateLimit'];
          'RateLimit-Policy': components['headers']['RateLimit-Policy'];
          'X-Trace-Id': components['headers']['X-Trace-Id'];
          [name: string]: unknown;
        };
        content?: never;
      };
      400: components['responses']['Error400'];
      403: components['responses']['Error403'];
      429: components['responses']['Error429'];
      500: components['responses']['Error500'];
      502: components['responses']['Error502'];
      503: components['responses']['Error503'];
      504: components['responses']['Error504'];
    };
  };
  'page.board.post': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/x-www-form-urlencoded': Record<string, never>;
      };
    };
    responses: {
      /** @description HTML */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit'];
          'RateLimit-Policy': components['headers']['RateLimit-Policy'];
          'X-Trace-Id': components['headers']['X-Trace-Id'];
          [name: string]: unknown;
        };
        content: {
          'text/html': string;
        };
      };
      /** @description Elsewhere: to the login, or from it */
      302: {
        headers: {
          RateLimit: components['headers']['RateLimit'];
          'RateLimit-Policy': components['headers']['RateLimit-Policy'];
          'X-Trace-Id': components['headers']['X-Trace-Id'];
          [name: string]: unknown;
        };
        content?: never;
      };
      400: components['responses']['Error400'];
      403: components['responses']['Error403'];
      413: components['responses']['Error413'];
      429: components['responses']['Error429'];
      500: components['responses']['Error500'];
      502: components['responses']['Error502'];
      503: components['responses']['Error503'];
      504: components['responses']['Error504'];
    };
  };
  'auth.login': {
    parameters: {
      query?: never;
      header?: {
        'X-CSRF-Token'?: string;
      };
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          /** Format: email */
          email: string;
          /** Format: password */
          password: string;
        };
      };
    };
    responses: {
      /** @description The session is open */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit'];
          'RateLimit-Policy': components['headers']['RateLimit-Policy'];
          'X-Trace-Id': components['headers']['X-Trace-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            data: {
              csrf_token: string;
              user: {
                email: string;
                id: string;
                name: string;
                roles: string[];
              };
            };
            message: string;
            success: boolean;
            /** @description Names this request in every log */
            traceId: string;
          };
        };
      };
      400: components['responses']['Error400'];
      401: components['responses']['Error401'];
      403: components['responses']['Error403'];
      413: components['responses']['Error413'];
      415: components['responses']['Error415'];
      422: components['responses']['Error422'];
      429: components['responses']['Error429'];
      500: components['responses']['Error500'];
      502: components['responses']['Error502'];
      503: components['responses']['Error503'];
      504: components['responses']['Error504'];
    };
  };
  'auth.logout': {
    parameters: {
      query?: never;
      header?: {
        'X-CSRF-Token'?: string;
      };
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description It is ended */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit'];
          'RateLimit-Policy': components['headers']['RateLimit-Policy'];
          'X-Trace-Id': components['headers']['X-Trace-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            message: string;
            success: boolean;
            /** @description Names this request in every log */
            traceId: string;
          };
        };
      };
      400: components['responses']['Error400'];
      403: components['responses']['Error403'];
      413: components['responses']['Error413'];
      429: components['responses']['Error429'];
      500: components['responses']['Error500'];
      502: components['responses']['Error502'];
      503: components['responses']['Error503'];
      504: components['responses']['Error504'];
    };
  };
  'auth.revoke': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: {
      content: {
        'application/json': {
          subject?: string;
          token?: string;
        };
      };
    };
    responses: {
      /** @description It is ended, if it was one */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit'];
          'RateLimit-Policy': components['headers']['RateLimit-Policy'];
          'X-Trace-Id': components['headers']['X-Trace-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            revoked: boolean;
            success: boolean;
            /** @description Names this request in every log */
            traceId: string;
          };
        };
      };
      400: components['responses']['Error400'];
      401: components['responses']['Error401'];
      403: components['responses']['Error403'];
      413: components['responses']['Error413'];
      415: components['responses']['Error415'];
      422: components['responses']['Error422'];
      429: components['responses']['Error429'];
      500: components['responses']['Error500'];
      503: components['responses']['Error503'];
    };
  };
  'auth.token': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: {
      content: {
        'application/json': {
          email?: string;
          password?: string;
          refresh_token?: string;
        };
      };
    };
    responses: {
      /** @description The tokens */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit'];
          'RateLimit-Policy': components['headers']['RateLimit-Policy'];
          'X-Trace-Id': components['headers']['X-Trace-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            /** @description A JWT, for `Authorization: Bearer` */
            access_token: string;
            /** @description Seconds */
            expires_in: number;
            refresh_token: string;
            success: boolean;
            /** @enum {string} */
            token_type: 'Bearer';
            /** @description Names this request in every log */
            traceId: string;
          };
        };
      };
      400: components['responses']['Error400'];
      401: components['responses']['Error401'];
      403: components['responses']['Error403'];
      413: components['responses']['Error413'];
      415: components['responses']['Error415'];
      422: components['responses']['Error422'];
      429: components['responses']['Error429'];
      500: components['responses']['Error500'];
      503: components['responses']['Error503'];
    };
  };
  'settings.get': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The settings in effect */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit'];
          'RateLimit-Policy': components['headers']['RateLimit-Policy'];
          'X-Trace-Id': components['headers']['X-Trace-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            data: components['schemas']['ChatbotSettings'];
            success: boolean;
            /** @description Names this request in every log */
            traceId: string;
          };
        };
      };
      400: components['responses']['Error400'];
      401: components['responses']['Error401'];
      403: components['responses']['Error403'];
      429: components['responses']['Error429'];
      500: components['responses']['Error500'];
      502: components['responses']['Error502'];
      503: components['responses']['Error503'];
      504: components['responses']['Error504'];
    };
  };
  'settings.set.put': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          /** @description At most 4 levels deep and 16384 bytes as JSON */
          behavior?: {
            handoffEnabled?: boolean;
            maxHistory?: number;
            responseDelayMs?: number;
            themeColor?: string;
            tone?: string;
            typingIndicator?: boolean;
          } & {
            [key: string]: unknown;
          };
          greeting?: string;
          /** @description At most 4 levels deep and 16384 bytes as JSON */
          integrations?: {
            calendar?: boolean;
            email?: boolean;
            telephony?: boolean;
            themeColor?: string;
          } & {
            [key: string]: unknown;
          };
          /** @description At most 4 levels deep and 16384 bytes as JSON */
          knowledge?: {
            businessHours?: string;
            companyName?: string;
            faq?: unknown[];
            sources?: unknown[];
            themeColor?: string;
          } & {
            [key: string]: unknown;
          };
          language?: string;
          /** @enum {string} */
          position?: 'bottom-right' | 'bottom-left' | 'top-right' | 'top-left';
          profile?:
            | ('general' | 'sales' | 'receptionist' | 'marketing')
            | ({
                name?: string;
                role?: string;
                themeColor?: string;
              } & {
                [key: string]: unknown;
              });
          /** @enum {string} */
          theme?: 'light' | 'dark' | 'auto';
          themeColor?: string;
        };
      };
    };
    responses: {
      /** @description The settings in effect */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit'];
          'RateLimit-Policy': components['headers']['RateLimit-Policy'];
          'X-Trace-Id': components['headers']['X-Trace-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            data: components['schemas']['ChatbotSettings'];
            message: string;
            success: boolean;
            /** @description Names this request in every log */
            traceId: string;
          };
        };
      };
      400: components['responses']['Error400'];
      401: components['responses']['Error401'];
      403: components['responses']['Error403'];
      413: components['responses']['Error413'];
      415: components['responses']['Error415'];
      422: components['responses']['Error422'];
      429: components['responses']['Error429'];
      500: components['responses']['Error500'];
      502: components['responses']['Error502'];
      503: components['responses']['Error503'];
      504: components['responses']['Error504'];
    };
  };
  'settings.set.post': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          /** @description At most 4 levels deep and 16384 bytes as JSON */
          behavior?: {
            handoffEnabled?: boolean;
            maxHistory?: number;
            responseDelayMs?: number;
            themeColor?: string;
            tone?: string;
            typingIndicator?: boolean;
          } & {
            [key: string]: unknown;
          };
          greeting?: string;
          /** @description At most 4 levels deep and 16384 bytes as JSON */
          integrations?: {
            calendar?: boolean;
            email?: boolean;
            telephony?: boolean;
            themeColor?: string;
          } & {
            [key: string]: unknown;
          };
          /** @description At most 4 levels deep and 16384 bytes as JSON */
          knowledge?: {
            businessHours?: string;
            companyName?: string;
            faq?: unknown[];
            sources?: unknown[];
            themeColor?: string;
          } & {
            [key: string]: unknown;
          };
          language?: string;
          /** @enum {string} */
          position?: 'bottom-right' | 'bottom-left' | 'top-right' | 'top-left';
          profile?:
            | ('general' | 'sales' | 'receptionist' | 'marketing')
            | ({
                name?: string;
                role?: string;
                themeColor?: string;
              } & {
                [key: string]: unknown;
              });
          /** @enum {string} */
          theme?: 'light' | 'dark' | 'auto';
          themeColor?: string;
        };
      };
    };
    responses: {
      /** @description The settings in effect */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit'];
          'RateLimit-Policy': components['headers']['RateLimit-Policy'];
          'X-Trace-Id': components['headers']['X-Trace-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            data: components['schemas']['ChatbotSettings'];
            message: string;
            success: boolean;
            /** @description Names this request in every log */
            traceId: string;
          };
        };
      };
      400: components['responses']['Error400'];
      401: components['responses']['Error401'];
      403: components['responses']['Error403'];
      413: components['responses']['Error413'];
      415: components['responses']['Error415'];
      422: components['responses']['Error422'];
      429: components['responses']['Error429'];
      500: components['responses']['Error500'];
      502: components['responses']['Error502'];
      503: components['responses']['Error503'];
      504: components['responses']['Error504'];
    };
  };
  'settings.reset': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The settings in effect */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit'];
          'RateLimit-Policy': components['headers']['RateLimit-Policy'];
          'X-Trace-Id': components['headers']['X-Trace-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            data: components['schemas']['ChatbotSettings'];
            message: string;
            success: boolean;
            /** @description Names this request in every log */
            traceId: string;
          };
        };
      };
      400: components['responses']['Error400'];
      401: components['responses']['Error401'];
      403: components['responses']['Error403'];
      413: components['responses']['Error413'];
      415: components['responses']['Error415'];
      422: components['responses']['Error422'];
      429: components['responses']['Error429'];
      500: components['responses']['Error500'];
      502: components['responses']['Error502'];
      503: components['responses']['Error503'];
      504: components['responses']['Error504'];
    };
  };
  'conversations.list': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The conversations */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit'];
          'RateLimit-Policy': components['headers']['RateLimit-Policy'];
          'X-Trace-Id': components['headers']['X-Trace-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            count: number;
            data: components['schemas']['Conversation'][];
            success: boolean;
            /** @description Names this request in every log */
            traceId: string;
            user_id: string;
          };
        };
      };
      400: components['responses']['Error400'];
      401: components['responses']['Error401'];
      403: components['responses']['Error403'];
      429: components['responses']['Error429'];
      500: components['responses']['Error500'];
      502: components['responses']['Error502'];
      503: components['responses']['Error503'];
      504: components['responses']['Error504'];
    };
  };
  'conversations.update': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          id: string;
          /** @description At most 8192 bytes as JSON */
          metadata?: {
            [key: string]: unknown;
          };
          /** @enum {string} */
          status?: 'active' | 'archived' | 'closed';
          title?: string;
        };
      };
    };
    responses: {
      /** @description The conversation as it is now */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit'];
          'RateLimit-Policy': components['headers']['RateLimit-Policy'];
          'X-Trace-Id': components['headers']['X-Trace-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            data: components['schemas']['Conversation'];
            message: string;
            success: boolean;
            /** @description Names this request in every log */
            traceId: string;
          };
        };
      };
      400: components['responses']['Error400'];
      401: components['responses']['Error401'];
      403: components['responses']['Error403'];
      404: components['responses']['Error404'];
      413: components['responses']['Error413'];
      415: components['responses']['Error415'];
      422: components['responses']['Error422'];
      429: components['responses']['Error429'];
      500: components['responses']['Error500'];
      502: components['responses']['Error502'];
      503: components['responses']['Error503'];
      504: components['responses']['Error504'];
    };
  };
  'conversations.create': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: {
      content: {
        'application/json': {
          /** @description At most 8192 bytes as JSON */
          metadata?: {
            [key: string]: unknown;
          };
          /** @enum {string} */
          profile?: 'general' | 'sales' | 'receptionist' | 'marketing';
          title?: string;
        };
      };
    };
    responses: {
      /** @description The conversation */
      201: {
        headers: {
          RateLimit: components['headers']['RateLimit'];
          'RateLimit-Policy': components['headers']['RateLimit-Policy'];
          'X-Trace-Id': components['headers']['X-Trace-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            data: components['schemas']['NewConversation'];
            message: string;
            success: boolean;
            /** @description Names this request in every log */
            traceId: string;
          };
        };
      };
      400: components['responses']['Error400'];
      401: components['responses']['Error401'];
      403: components['responses']['Error403'];
      413: components['responses']['Error413'];
      415: components['responses']['Error415'];
      422: components['responses']['Error422'];
      429: components['responses']['Error429'];
      500: components['responses']['Error500'];
      502: components['responses']['Error502'];
      503: components['responses']['Error503'];
      504: components['responses']['Error504'];
    };
  };
  'conversations.delete': {
    parameters: {
      query: {
        id: string;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description It is gone */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit'];
          'RateLimit-Policy': components['headers']['RateLimit-Policy'];
          'X-Trace-Id': components['headers']['X-Trace-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            data: {
              id: string;
            };
            message: string;
            success: boolean;
            /** @description Names this request in every log */
            traceId: string;
          };
        };
      };
      400: components['responses']['Error400'];
      401: components['responses']['Error401'];
      403: components['responses']['Error403'];
      404: components['responses']['Error404'];
      413: components['responses']['Error413'];
      415: components['responses']['Error415'];
      422: components['responses']['Error422'];
      429: components['responses']['Error429'];
      500: components['responses']['Error500'];
      502: components['responses']['Error502'];
      503: components['responses']['Error503'];
      504: components['responses']['Error504'];
    };
  };
  'donna.chat': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          chat_history?: {
            content: string;
            /** @enum {string} */
            role: 'user' | 'assistant' | 'bot' | 'donna';
          }[];
          chat_id?: string;
          message: string;
          /** Format: email */
          user_email?: string;
          user_id?: string | number;
          /** @description At most 8192 bytes as JSON */
          user_memory?: {
            [key: string]: unknown;
          };
          /** @enum {string} */
          user_profile?: 'general' | 'sales' | 'receptionist' | 'marketing';
        };
      };
    };
    responses: {
      /** @description What she says */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit'];
          'RateLimit-Policy': components['headers']['RateLimit-Policy'];
          'X-Trace-Id': components['headers']['X-Trace-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            /** @description chat, email_sent, classify_lead, … */
            action: string;
            metadata: components['schemas']['ReplyMetadata'];
            reply: string;
            success: boolean;
            /** @description Names this request in every log */
            traceId: string;
          };
        };
      };
      400: components['responses']['Error400'];
      401: components['responses']['Error401'];
      403: components['responses']['Error403'];
      413: components['responses']['Error413'];
      415: components['responses']['Error415'];
      422: components['responses']['Error422'];
      429: components['responses']['Error429'];
      500: components['responses']['Error500'];
      502: components['responses']['Error502'];
      503: components['responses']['Error503'];
      504: components['responses']['Error504'];
    };
  };
  health: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description How it is */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit'];
          'RateLimit-Policy': components['headers']['RateLimit-Policy'];
          'X-Trace-Id': components['headers']['X-Trace-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            checks: {
              /** @enum {string} */
              database: 'up' | 'down' | 'off';
              /** @enum {string} */
              php: 'up' | 'down' | 'off';
              /** @enum {string} */
              realtime: 'up' | 'down' | 'off';
              /** @enum {string} */
              redis: 'up' | 'down' | 'off';
            };
            /** @enum {string} */
            status: 'healthy' | 'degraded';
            success: boolean;
            /** @description Names this request in every log */
            traceId: string;
            version: string;
          };
        };
      };
      400: components['responses']['Error400'];
      403: components['responses']['Error403'];
      429: components['responses']['Error429'];
      500: components['responses']['Error500'];
    };
  };
  'health.php': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description It answers */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit'];
          'RateLimit-Policy': components['headers']['RateLimit-Policy'];
          'X-Trace-Id': components['headers']['X-Trace-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            /** @constant */
            ok: true;
            /** @enum {string} */
            service: 'donna-api';
            success: boolean;
            /** @description Unix time in seconds */
            time: number;
            /** @description Names this request in every log */
            traceId: string;
            version: string;
          };
        };
      };
      400: components['responses']['Error400'];
      403: components['responses']['Error403'];
      429: components['responses']['Error429'];
      500: components['responses']['Error500'];
      502: components['responses']['Error502'];
      503: components['responses']['Error503'];
      504: components['responses']['Error504'];
    };
  };
  'marketing.get': {
    parameters: {
      query?: {
        action?: 'inbox' | 'read_inbox' | 'classify' | 'stats';
        category?: 'lead' | 'client' | 'marketing' | 'spam';
        limit?: number;
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The mails and their numbers */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit'];
          'RateLimit-Policy': components['headers']['RateLimit-Policy'];
          'X-Trace-Id': components['headers']['X-Trace-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            data: components['schemas']['Mailbox'];
            success: boolean;
            /** @description Names this request in every log */
            traceId: string;
          };
        };
      };
      400: components['responses']['Error400'];
      401: components['responses']['Error401'];
      403: components['responses']['Error403'];
      422: components['responses']['Error422'];
      429: components['responses']['Error429'];
      500: components['responses']['Error500'];
      502: components['responses']['Error502'];
      503: components['responses']['Error503'];
      504: components['responses']['Error504'];
    };
  };
  'marketing.post': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json':
          | components['schemas']['MarketingVoiceEventRequest']
          | components['schemas']['MarketingSendRequest']
          | components['schemas']['MarketingReplyRequest']
          | components['schemas']['MarketingDraftRequest'];
      };
    };
    responses: {
      /** @description The event is recorded, or: The mail is taken, and will be sent, or: The draft */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit'];
          'RateLimit-Policy': components['headers']['RateLimit-Policy'];
          'X-Trace-Id': components['headers']['X-Trace-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/json':
            | {
                data: {
                  board: string;
                  id: string;
                  kind: string;
                  /** Format: date-time */
                  recorded_at: string;
                };
                message: string;
                success: boolean;
                /** @description Names this request in every log */
                traceId: string;
              }
            | {
                message: string;
                message_id: string;
                /** @description queued */
                status: string;
                success: boolean;
                /** @description Names this request in every log */
                traceId: string;
              }
            | {
                data: {
                  body: string;
                  subject: string;
                  to: string | null;
                };
                draft: string;
                message_id: null;
                /** @enum {string} */
                status: 'draft';
                success: boolean;
                /** @description Names this request in every log */
                traceId: string;
              };
        };
      };
      400: components['responses']['Error400'];
      401: components['responses']['Error401'];
      403: components['responses']['Error403'];
      404: components['responses']['Error404'];
      413: components['responses']['Error413'];
      415: components['responses']['Error415'];
      422: components['responses']['Error422'];
      429: components['responses']['Error429'];
      500: components['responses']['Error500'];
      502: components['responses']['Error502'];
      503: components['responses']['Error503'];
      504: components['responses']['Error504'];
    };
  };
  'realtime.retired.get': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      400: components['responses']['Error400'];
      403: components['responses']['Error403'];
      410: components['responses']['Error410'];
      429: components['responses']['Error429'];
      500: components['responses']['Error500'];
      502: components['responses']['Error502'];
      503: components['responses']['Error503'];
      504: components['responses']['Error504'];
    };
  };
  'realtime.token.show': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The client secret */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit'];
          'RateLimit-Policy': components['headers']['RateLimit-Policy'];
          'X-Trace-Id': components['headers']['X-Trace-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            client_secret: {
              /** @description Unix time in seconds */
              expires_at: number;
              value: string;
            };
            /** @description Unix time in seconds */
            expires_at: number;
            /** @description The session as the provider has made it */
            session: {
              [key: string]: unknown;
            };
            success: boolean;
            /** @description Names this request in every log */
            traceId: string;
            /** @description The same value again */
            value: string;
          };
        };
      };
      400: components['responses']['Error400'];
      401: components['responses']['Error401'];
      403: components['responses']['Error403'];
      405: components['responses']['Error405'];
      429: components['responses']['Error429'];
      500: components['responses']['Error500'];
      502: components['responses']['Error502'];
      503: components['responses']['Error503'];
      504: components['responses']['Error504'];
    };
  };
  'realtime.token': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: {
      content: {
        'application/json': {
          instructions?: string;
          model?: string;
          /** @enum {string} */
          voice?: 'alloy' | 'ash' | 'ballad' | 'cedar' | 'coral' | 'echo' | 'marin' | 'sage' | 'shimmer' | 'verse';
        };
      };
    };
    responses: {
      /** @description The client secret */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit'];
          'RateLimit-Policy': components['headers']['RateLimit-Policy'];
          'X-Trace-Id': components['headers']['X-Trace-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            client_secret: {
              /** @description Unix time in seconds */
              expires_at: number;
              value: string;
            };
            /** @description Unix time in seconds */
            expires_at: number;
            /** @description The session as the provider has made it */
            session: {
              [key: string]: unknown;
            };
            success: boolean;
            /** @description Names this request in every log */
            traceId: string;
            /** @description The same value again */
            value: string;
          };
        };
      };
      400: components['responses']['Error400'];
      401: components['responses']['Error401'];
      403: components['responses']['Error403'];
      413: components['responses']['Error413'];
      415: components['responses']['Error415'];
      422: components['responses']['Error422'];
      429: components['responses']['Error429'];
      500: components['responses']['Error500'];
      502: components['responses']['Error502'];
      503: components['responses']['Error503'];
      504: components['responses']['Error504'];
    };
  };
  'sales.overview': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The board */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit'];
          'RateLimit-Policy': components['headers']['RateLimit-Policy'];
          'X-Trace-Id': components['headers']['X-Trace-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            data: {
              contacts: components['schemas']['Contact'][];
              leads: components['schemas']['Lead'][];
              stats: components['schemas']['SalesStats'];
            };
            success: boolean;
            /** @description Names this request in every log */
            traceId: string;
          };
        };
      };
      400: components['responses']['Error400'];
      401: components['responses']['Error401'];
      403: components['responses']['Error403'];
      429: components['responses']['Error429'];
      500: components['responses']['Error500'];
      502: components['responses']['Error502'];
      503: components['responses']['Error503'];
      504: components['responses']['Error504'];
    };
  };
  sales: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json':
          | components['schemas']['SalesAddContactRequest']
          | components['schemas']['SalesUpdateLeadRequest']
          | components['schemas']['SalesMessageSendEmailRequest']
          | components['schemas']['SalesMessageSendTextRequest']
          | components['schemas']['SalesVoiceEventRequest'];
      };
    };
    responses: {
      /** @description The contact, or: The lead, or: It is taken, and will be sent, or: The event is recorded */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit'];
          'RateLimit-Policy': components['headers']['RateLimit-Policy'];
          'X-Trace-Id': components['headers']['X-Trace-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/json':
            | {
                data: {
                  contact: components['schemas']['Contact'];
                  stats: components['schemas']['SalesStats'];
                };
                message: string;
                success: boolean;
                /** @description Names this request in every log */
                traceId: string;
              }
            | {
                data: {
                  lead: components['schemas']['Lead'];
                  stats: components['schemas']['SalesStats'];
                };
                message: string;
                success: boolean;
                /** @description Names this request in every log */
                traceId: string;
              }
            | {
                message: string;
                message_id: string;
                /** @description queued */
                status: string;
                success: boolean;
                /** @description Names this request in every log */
                traceId: string;
              }
            | {
                data: {
                  board: string;
                  id: string;
                  kind: string;
                  /** Format: date-time */
                  recorded_at: string;
                };
                message: string;
                success: boolean;
                /** @description Names this request in every log */
                traceId: string;
              };
        };
      };
      400: components['responses']['Error400'];
      401: components['responses']['Error401'];
      403: components['responses']['Error403'];
      404: components['responses']['Error404'];
      413: components['responses']['Error413'];
      415: components['responses']['Error415'];
      422: components['responses']['Error422'];
      429: components['responses']['Error429'];
      500: components['responses']['Error500'];
      502: components['responses']['Error502'];
      503: components['responses']['Error503'];
      504: components['responses']['Error504'];
    };
  };
  'secretary.get': {
    parameters: {
      query?: {
        action?: 'get_tasks';
      };
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Tasks and meetings */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit'];
          'RateLimit-Policy': components['headers']['RateLimit-Policy'];
          'X-Trace-Id': components['headers']['X-Trace-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            data: {
              schedule: components['schemas']['Schedule'];
              tasks: components['schemas']['Task'][];
            };
            success: boolean;
            /** @description Names this request in every log */
            traceId: string;
          };
        };
      };
      400: components['responses']['Error400'];
      401: components['responses']['Error401'];
      403: components['responses']['Error403'];
      422: components['responses']['Error422'];
      429: components['responses']['Error429'];
      500: components['responses']['Error500'];
      502: components['responses']['Error502'];
      503: components['responses']['Error503'];
      504: components['responses']['Error504'];
    };
  };
  'secretary.post': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json':
          | components['schemas']['SecretaryVoiceEventRequest']
          | components['schemas']['SecretaryTasksRequest']
          | components['schemas']['SecretaryAddTaskRequest'];
      };
    };
    responses: {
      /** @description The event is recorded, or: Tasks and meetings, or: The task, and all of them */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit'];
          'RateLimit-Policy': components['headers']['RateLimit-Policy'];
          'X-Trace-Id': components['headers']['X-Trace-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/json':
            | {
                data: {
                  board: string;
                  id: string;
                  kind: string;
                  /** Format: date-time */
                  recorded_at: string;
                };
                message: string;
                success: boolean;
                /** @description Names this request in every log */
                traceId: string;
              }
            | {
                data: {
                  schedule: components['schemas']['Schedule'];
                  tasks: components['schemas']['Task'][];
                };
                success: boolean;
                /** @description Names this request in every log */
                traceId: string;
              }
            | {
                data: {
                  schedule: components['schemas']['Schedule'];
                  task: components['schemas']['Task'];
                  tasks: components['schemas']['Task'][];
                };
                message: string;
                success: boolean;
                /** @description Names this request in every log */
                traceId: string;
              };
        };
      };
      400: components['responses']['Error400'];
      401: components['responses']['Error401'];
      403: components['responses']['Error403'];
      413: components['responses']['Error413'];
      415: components['responses']['Error415'];
      422: components['responses']['Error422'];
      429: components['responses']['Error429'];
      500: components['responses']['Error500'];
      502: components['responses']['Error502'];
      503: components['responses']['Error503'];
      504: components['responses']['Error504'];
    };
  };
  'telnyx.webhook': {
    parameters: {
      query?: never;
      header?: {
        'telnyx-signature-ed25519'?: string;
        'telnyx-timestamp'?: string;
      };
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          data?: {
            event_type?: string;
            id?: string;
          };
        };
      };
    };
    responses: {
      /** @description It is recorded */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit'];
          'RateLimit-Policy': components['headers']['RateLimit-Policy'];
          'X-Trace-Id': components['headers']['X-Trace-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            status: string;
            success: boolean;
            /** @description Names this request in every log */
            traceId: string;
          };
        };
      };
      400: components['responses']['Error400'];
      401: components['responses']['Error401'];
      403: components['responses']['Error403'];
      413: components['responses']['Error413'];
      429: components['responses']['Error429'];
      500: components['responses']['Error500'];
      502: components['responses']['Error502'];
      503: components['responses']['Error503'];
      504: components['responses']['Error504'];
    };
  };
  voice: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json':
          | components['schemas']['VoiceVoicesRequest']
          | components['schemas']['VoiceSpeakRequest']
          | components['schemas']['VoiceConverseRequest']
          | components['schemas']['VoiceTestConnectionRequest']
          | components['schemas']['VoiceCallsInitiateCallRequest']
          | components['schemas']['VoiceCallsAnswerCallRequest']
          | components['schemas']['VoiceCallsTransferCallRequest'];
        'multipart/form-data':
          components['schemas']['VoiceConverseRequestForm'] | components['schemas']['VoiceUploadRequestForm'];
      };
    };
    responses: {
      /** @description The voices, or: The sound, or: What was said, or: It does, or: How the call stands */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit'];
          'RateLimit-Policy': components['headers']['RateLimit-Policy'];
          'X-Trace-Id': components['headers']['X-Trace-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/json':
            | {
                count: number;
                success: boolean;
                /** @description Names this request in every log */
                traceId: string;
                voices: components['schemas']['VoiceOption'][];
              }
            | {
                /** @description The sound as base64 */
                audio_data: string;
                content_type: string;
                duration: number | null;
                success: boolean;
                /** @description Names this request in every log */
                traceId: string;
                voice_id: string;
              }
            | {
                content_type: string;
                duration: number | null;
                /** @description Bytes */
                size: number;
                success: boolean;
                /** @description Names this request in every log */
                traceId: string;
                transcript: string;
              }
            | {
                connected: boolean;
                /** @description Milliseconds */
                latency_ms: number;
                message: string;
                success: boolean;
                /** @description Names this request in every log */
                traceId: string;
                voice_count: number;
              }
            | {
                call_id: string;
                call_session_id: string | null;
                status: string;
                success: boolean;
                /** @description Names this request in every log */
                traceId: string;
              };
        };
      };
      400: components['responses']['Error400'];
      401: components['responses']['Error401'];
      403: components['responses']['Error403'];
      413: components['responses']['Error413'];
      415: components['responses']['Error415'];
      422: components['responses']['Error422'];
      429: components['responses']['Error429'];
      500: components['responses']['Error500'];
      502: components['responses']['Error502'];
      503: components['responses']['Error503'];
      504: components['responses']['Error504'];
    };
  };
  'voice.events': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          at: string | number;
          /** @description With type latency {name, ms}: one of token, connect, first_audio, first_transcript, and 0 to 600000. At most 8192 bytes as JSON */
          data?: {
            [key: string]: unknown;
          };
          session_id: string;
          /** @enum {string} */
          type:
            | 'session_started'
            | 'session_ended'
            | 'turn'
            | 'transcript'
            | 'latency'
            | 'reconnect'
            | 'fallback'
            | 'error';
        };
      };
    };
    responses: {
      /** @description Taken */
      202: {
        headers: {
          RateLimit: components['headers']['RateLimit'];
          'RateLimit-Policy': components['headers']['RateLimit-Policy'];
          'X-Trace-Id': components['headers']['X-Trace-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            accepted: boolean;
            id: string;
            success: boolean;
            /** @description Names this request in every log */
            traceId: string;
          };
        };
      };
      400: components['responses']['Error400'];
      401: components['responses']['Error401'];
      403: components['responses']['Error403'];
      413: components['responses']['Error413'];
      415: components['responses']['Error415'];
      422: components['responses']['Error422'];
      429: components['responses']['Error429'];
      500: components['responses']['Error500'];
      503: components['responses']['Error503'];
    };
  };
  'voice.fanout': {
    parameters: {
      query?: never;
      header?: {
        'Idempotency-Key'?: string;
      };
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/json': {
          at?: string | number;
          id?: string;
          kind: string;
          /** @description At most 8192 bytes as JSON */
          payload?: {
            [key: string]: unknown;
          };
          text?: string;
        };
      };
    };
    responses: {
      /** @description Who has it */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit'];
          'RateLimit-Policy': components['headers']['RateLimit-Policy'];
          'X-Trace-Id': components['headers']['X-Trace-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            delivered: components['schemas']['Delivery'][];
            failed: components['schemas']['Delivery'][];
            success: boolean;
            /** @description Names this request in every log */
            traceId: string;
          };
        };
      };
      400: components['responses']['Error400'];
      401: components['responses']['Error401'];
      403: components['responses']['Error403'];
      413: components['responses']['Error413'];
      415: components['responses']['Error415'];
      422: components['responses']['Error422'];
      429: components['responses']['Error429'];
      500: components['responses']['Error500'];
      502: components['responses']['Error502'];
      503: components['responses']['Error503'];
    };
  };
  'page.chatbot.get': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description HTML */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit'];
          'RateLimit-Policy': components['headers']['RateLimit-Policy'];
          'X-Trace-Id': components['headers']['X-Trace-Id'];
          [name: string]: unknown;
        };
        content: {
          'text/html': string;
        };
      };
      /** @description Elsewhere: to the login, or from it */
      302: {
        headers: {
          RateLimit: components['headers']['RateLimit'];
          'RateLimit-Policy': components['headers']['RateLimit-Policy'];
          'X-Trace-Id': components['headers']['X-Trace-Id'];
          [name: string]: unknown;
        };
        content?: never;
      };
      400: components['responses']['Error400'];
      403: components['responses']['Error403'];
      429: components['responses']['Error429'];
      500: components['responses']['Error500'];
      502: components['responses']['Error502'];
      503: components['responses']['Error503'];
      504: components['responses']['Error504'];
    };
  };
  'page.chatbot.post': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/x-www-form-urlencoded': Record<string, never>;
      };
    };
    responses: {
      /** @description HTML */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit'];
          'RateLimit-Policy': components['headers']['RateLimit-Policy'];
          'X-Trace-Id': components['headers']['X-Trace-Id'];
          [name: string]: unknown;
        };
        content: {
          'text/html': string;
        };
      };
      /** @description Elsewhere: to the login, or from it */
      302: {
        headers: {
          RateLimit: components['headers']['RateLimit'];
          'RateLimit-Policy': components['headers']['RateLimit-Policy'];
          'X-Trace-Id': components['headers']['X-Trace-Id'];
          [name: string]: unknown;
        };
        content?: never;
      };
      400: components['responses']['Error400'];
      403: components['responses']['Error403'];
      413: components['responses']['Error413'];
      429: components['responses']['Error429'];
      500: components['responses']['Error500'];
      502: components['responses']['Error502'];
      503: components['responses']['Error503'];
      504: components['responses']['Error504'];
    };
  };
  docs: {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description HTML */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit'];
          'RateLimit-Policy': components['headers']['RateLimit-Policy'];
          'X-Trace-Id': components['headers']['X-Trace-Id'];
          [name: string]: unknown;
        };
        content: {
          'text/html': string;
        };
      };
      400: components['responses']['Error400'];
      403: components['responses']['Error403'];
      429: components['responses']['Error429'];
      500: components['responses']['Error500'];
    };
  };
  'health.live': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description It does */
      200: {
        headers: {
          'X-Trace-Id': components['headers']['X-Trace-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            /** @enum {string} */
            status: 'live';
            success: boolean;
            /** @description Names this request in every log */
            traceId: string;
          };
        };
      };
      400: components['responses']['Error400'];
      403: components['responses']['Error403'];
      429: components['responses']['Error429'];
      500: components['responses']['Error500'];
    };
  };
  'page.login': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description HTML */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit'];
          'RateLimit-Policy': components['headers']['RateLimit-Policy'];
          'X-Trace-Id': components['headers']['X-Trace-Id'];
          [name: string]: unknown;
        };
        content: {
          'text/html': string;
        };
      };
      /** @description Elsewhere: to the login, or from it */
      302: {
        headers: {
          RateLimit: components['headers']['RateLimit'];
          'RateLimit-Policy': components['headers']['RateLimit-Policy'];
          'X-Trace-Id': components['headers']['X-Trace-Id'];
          [name: string]: unknown;
        };
        content?: never;
      };
      400: components['responses']['Error400'];
      403: components['responses']['Error403'];
      429: components['responses']['Error429'];
      500: components['responses']['Error500'];
      502: components['responses']['Error502'];
      503: components['responses']['Error503'];
      504: components['responses']['Error504'];
    };
  };
  'page.login.submit': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/x-www-form-urlencoded': Record<string, never>;
      };
    };
    responses: {
      /** @description HTML */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit'];
          'RateLimit-Policy': components['headers']['RateLimit-Policy'];
          'X-Trace-Id': components['headers']['X-Trace-Id'];
          [name: string]: unknown;
        };
        content: {
          'text/html': string;
        };
      };
      /** @description Elsewhere: to the login, or from it */
      302: {
        headers: {
          RateLimit: components['headers']['RateLimit'];
          'RateLimit-Policy': components['headers']['RateLimit-Policy'];
          'X-Trace-Id': components['headers']['X-Trace-Id'];
          [name: string]: unknown;
        };
        content?: never;
      };
      400: components['responses']['Error400'];
      403: components['responses']['Error403'];
      413: components['responses']['Error413'];
      429: components['responses']['Error429'];
      500: components['responses']['Error500'];
      502: components['responses']['Error502'];
      503: components['responses']['Error503'];
      504: components['responses']['Error504'];
    };
  };
  'page.logout.get': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description HTML */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit'];
          'RateLimit-Policy': components['headers']['RateLimit-Policy'];
          'X-Trace-Id': components['headers']['X-Trace-Id'];
          [name: string]: unknown;
        };
        content: {
          'text/html': string;
        };
      };
      /** @description Elsewhere: to the login, or from it */
      302: {
        headers: {
          RateLimit: components['headers']['RateLimit'];
          'RateLimit-Policy': components['headers']['RateLimit-Policy'];
          'X-Trace-Id': components['headers']['X-Trace-Id'];
          [name: string]: unknown;
        };
        content?: never;
      };
      400: components['responses']['Error400'];
      403: components['responses']['Error403'];
      429: components['responses']['Error429'];
      500: components['responses']['Error500'];
      502: components['responses']['Error502'];
      503: components['responses']['Error503'];
      504: components['responses']['Error504'];
    };
  };
  'page.logout.post': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/x-www-form-urlencoded': Record<string, never>;
      };
    };
    responses: {
      /** @description HTML */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit'];
          'RateLimit-Policy': components['headers']['RateLimit-Policy'];
          'X-Trace-Id': components['headers']['X-Trace-Id'];
          [name: string]: unknown;
        };
        content: {
          'text/html': string;
        };
      };
      /** @description Elsewhere: to the login, or from it */
      302: {
        headers: {
          RateLimit: components['headers']['RateLimit'];
          'RateLimit-Policy': components['headers']['RateLimit-Policy'];
          'X-Trace-Id': components['headers']['X-Trace-Id'];
          [name: string]: unknown;
        };
        content?: never;
      };
      400: components['responses']['Error400'];
      403: components['responses']['Error403'];
      413: components['responses']['Error413'];
      429: components['responses']['Error429'];
      500: components['responses']['Error500'];
      502: components['responses']['Error502'];
      503: components['responses']['Error503'];
      504: components['responses']['Error504'];
    };
  };
  'docs.openapi': {
    parameters: {
      query?: never;
      header?: {
        'If-None-Match'?: string;
      };
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The document */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit'];
          'RateLimit-Policy': components['headers']['RateLimit-Policy'];
          'X-Trace-Id': components['headers']['X-Trace-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            [key: string]: unknown;
          };
        };
      };
      /** @description It has not changed */
      304: {
        headers: {
          RateLimit: components['headers']['RateLimit'];
          'RateLimit-Policy': components['headers']['RateLimit-Policy'];
          'X-Trace-Id': components['headers']['X-Trace-Id'];
          [name: string]: unknown;
        };
        content?: never;
      };
      400: components['responses']['Error400'];
      401: components['responses']['Error401'];
      403: components['responses']['Error403'];
      429: components['responses']['Error429'];
      500: components['responses']['Error500'];
    };
  };
  'health.ready': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description It does */
      200: {
        headers: {
          'X-Trace-Id': components['headers']['X-Trace-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            /** @enum {string} */
            status: 'ready';
            success: boolean;
            /** @description Names this request in every log */
            traceId: string;
          };
        };
      };
      400: components['responses']['Error400'];
      403: components['responses']['Error403'];
      429: components['responses']['Error429'];
      500: components['responses']['Error500'];
      503: components['responses']['Error503'];
    };
  };
  'realtime.socket': {
    parameters: {
      query?: never;
      header?: {
        Upgrade?: 'websocket';
      };
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description The connection is a WebSocket from here on */
      101: {
        headers: {
          'X-Trace-Id': components['headers']['X-Trace-Id'];
          [name: string]: unknown;
        };
        content?: never;
      };
      400: components['responses']['Error400'];
      403: components['responses']['Error403'];
      426: components['responses']['Error426'];
      429: components['responses']['Error429'];
      500: components['responses']['Error500'];
      503: components['responses']['Error503'];
    };
  };
  'realtime.assets.capture-worklet-js': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description A script */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit'];
          'RateLimit-Policy': components['headers']['RateLimit-Policy'];
          'X-Trace-Id': components['headers']['X-Trace-Id'];
          [name: string]: unknown;
        };
        content: {
          'text/javascript': string;
        };
      };
      400: components['responses']['Error400'];
      403: components['responses']['Error403'];
      404: components['responses']['Error404'];
      429: components['responses']['Error429'];
      500: components['responses']['Error500'];
      503: components['responses']['Error503'];
    };
  };
  'realtime.assets.config-json': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description Paths, model and how to reconnect; no secret */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit'];
          'RateLimit-Policy': components['headers']['RateLimit-Policy'];
          'X-Trace-Id': components['headers']['X-Trace-Id'];
          [name: string]: unknown;
        };
        content: {
          'application/json': {
            data: {
              accessTokenUrl: string;
              audio: {
                sampleRate: number;
              };
              bufferMs: number;
              eventsUrl: string;
              model: string;
              providerUrl: string;
              reconnect: {
                baseMs: number;
                capMs: number;
                enabled: boolean;
                maxAttempts: number;
              };
              serverVad: boolean;
              socketUrl: string | null;
              tokenUrl: string;
            };
            success: boolean;
            /** @description Names this request in every log */
            traceId: string;
          };
        };
      };
      400: components['responses']['Error400'];
      403: components['responses']['Error403'];
      404: components['responses']['Error404'];
      429: components['responses']['Error429'];
      500: components['responses']['Error500'];
      503: components['responses']['Error503'];
    };
  };
  'realtime.assets.donna-realtime-js': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description A script */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit'];
          'RateLimit-Policy': components['headers']['RateLimit-Policy'];
          'X-Trace-Id': components['headers']['X-Trace-Id'];
          [name: string]: unknown;
        };
        content: {
          'text/javascript': string;
        };
      };
      400: components['responses']['Error400'];
      403: components['responses']['Error403'];
      404: components['responses']['Error404'];
      429: components['responses']['Error429'];
      500: components['responses']['Error500'];
      503: components['responses']['Error503'];
    };
  };
  'page.receptionist.get': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody?: never;
    responses: {
      /** @description HTML */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit'];
          'RateLimit-Policy': components['headers']['RateLimit-Policy'];
          'X-Trace-Id': components['headers']['X-Trace-Id'];
          [name: string]: unknown;
        };
        content: {
          'text/html': string;
        };
      };
      /** @description Elsewhere: to the login, or from it */
      302: {
        headers: {
          RateLimit: components['headers']['RateLimit'];
          'RateLimit-Policy': components['headers']['RateLimit-Policy'];
          'X-Trace-Id': components['headers']['X-Trace-Id'];
          [name: string]: unknown;
        };
        content?: never;
      };
      400: components['responses']['Error400'];
      403: components['responses']['Error403'];
      429: components['responses']['Error429'];
      500: components['responses']['Error500'];
      502: components['responses']['Error502'];
      503: components['responses']['Error503'];
      504: components['responses']['Error504'];
    };
  };
  'page.receptionist.post': {
    parameters: {
      query?: never;
      header?: never;
      path?: never;
      cookie?: never;
    };
    requestBody: {
      content: {
        'application/x-www-form-urlencoded': Record<string, never>;
      };
    };
    responses: {
      /** @description HTML */
      200: {
        headers: {
          RateLimit: components['headers']['RateLimit'];
          'RateLimit-Policy': components['headers']['RateLimit-Policy'];
          'X-Trace-Id': components['headers']['X-Trace-Id'];
          [name: string]: unknown;
        };
        content: {
          'text/html': string;
        };
      };
      /** @description Elsewhere: to the login, or from it */
      302: {
        headers: {
          RateLimit: components['headers']['RateLimit'];
          'RateLimit-Policy': components['headers']['RateLimit-Policy'];
          'X-Trace-Id': components['headers']['X-Trace-Id'];
          [name: string]: unknown;
        };
        content?: never;
      };
      400: components['responses']['Error400'];
      403: components['responses']['Error403'];
      413: components['responses']['Error413'];
      429: components['responses']['Error429'];
      500: components['responses']['Error500'];
      502: components['responses']['Error502'];
      503: components['responses']['Error503'];
      504: components['responses']['Error504'];
    };
  };
}
