/** The areas of the API, in the order in which they are shown. */
export const TAGS = {
  Tokens: 'Signing in: access and refresh tokens for clients that keep no cookies, and the session of the PHP pages.',
  Chat: 'Talking to Donna by text.',
  Conversations: "The caller's own conversations.",
  Settings: "The caller's chatbot.",
  Voice: 'Speech, recordings and telephone calls.',
  Realtime: 'Live talk: client secrets for direct connections, and the WebSocket of the gateway.',
  Marketing: 'The inbox, and mail.',
  Sales: 'Contacts and leads.',
  Secretary: 'Tasks and meetings.',
  System: 'Health, and facts about the gateway.',
  Webhooks: 'What other services call.',
  Pages: 'HTML pages of the application and of the gateway.',
  Administration: 'For administrators alone.',
  Other: 'Routes that nobody has described yet: their paths, methods and policies.',
} as const;

export type Tag = keyof typeof TAGS;
